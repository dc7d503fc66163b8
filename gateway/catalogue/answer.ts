import { createHash } from 'node:crypto'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { FastifyReply, FastifyRequest } from 'fastify'

const compress = promisify(gzip)
const worthCompressing = 1024

/** What can be sent as often as anybody asks: its bytes, and the same compressed once. */
export class Answer {
  readonly type: string
  readonly bytes: Buffer
  readonly tag: string
  #compressed: Promise<Buffer> | undefined

  constructor (type: string, bytes: Buffer) {
    this.type = type
    this.bytes = bytes
    this.tag = createHash('sha256').update(bytes).digest('base64url').slice(0, 22)
  }

  /** Sends it, or that the caller has it already (RFC 9110, 13.1.2). `headers` are those beside its own. */
  async send (request: FastifyRequest, reply: FastifyReply, headers: Readonly<Record<string, string>>): Promise<FastifyReply> {
    const coded = this.bytes.length >= worthCompressing && !fonts.test(this.type)
    const gzipped = coded && acceptsGzip(request.headers['accept-encoding'])
    // Each form of it has a tag of its own (RFC 9110, 8.8.3.3).
    const etag = `"${this.tag}${gzipped ? '-gzip' : ''}"`
    const vary = [headers['vary'], coded && 'accept-encoding'].filter((name) => typeof name === 'string')
    void reply.headers({ ...headers, etag, ...vary.length > 0 && { vary: vary.join(', ') } })
    if (namesTag(request.headers['if-none-match'], etag)) return reply.code(304).send()
    const bytes = gzipped ? await (this.#compressed ??= compress(this.bytes)) : this.bytes
    if (gzipped) void reply.header('content-encoding', 'gzip')
    void reply.type(this.type).header('content-length', bytes.length)
    return reply.send(request.method === 'HEAD' ? undefined : bytes)
  }
}

const fonts = /^font\//

function acceptsGzip (acceptEncoding: string | string[] | undefined): boolean {
  const codings = String(acceptEncoding ?? '').slice(0, 500).toLowerCase().split(',').map((coding) => coding.trim())
  return codings.some((coding) => coding === 'gzip' || (/^gzip\s*;\s*q=/.test(coding) && !/=\s*0(?:\.0*)?$/.test(coding)))
}

function namesTag (ifNoneMatch: string | undefined, etag: string): boolean {
  return ifNoneMatch !== undefined && ifNoneMatch.split(',').some((tag) => tag.trim() === '*' || tag.trim().replace(/^W\//, '') === etag)
}
