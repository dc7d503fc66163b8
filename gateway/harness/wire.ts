import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { connect as connectSecurely } from 'node:tls'
import type { ConnectionOptions } from 'node:tls'

/** One answer as it came over the wire. `headers` by lower-case name, repeated ones joined; `whole` is false when it broke off. */
export interface WireAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly bytes: Buffer
  readonly whole: boolean
  readonly json: any
}

const patienceMs = 30_000
const empty: WireAnswer = { status: 0, headers: {}, body: '', bytes: Buffer.alloc(0), whole: false, json: undefined }

/** A raw connection, over TLS where its options are given: exactly the bytes that a test writes go out (strings as Latin-1), and what comes back is taken apart without mercy. */
export class Wire {
  readonly socket: Socket
  readonly closed: Promise<void>
  isClosed = false
  #received: Buffer = Buffer.alloc(0)
  #onChange: () => void = () => undefined
  readonly #methods: string[] = []

  constructor (port: number, tls?: ConnectionOptions) {
    this.socket = (tls ? connectSecurely({ port, host: '127.0.0.1', ...tls }) : connect({ port, host: '127.0.0.1', allowHalfOpen: true })).setNoDelay()
    this.socket.on('data', (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk])
      this.#onChange()
    })
    this.closed = new Promise((resolve) => {
      const close = (): void => {
        this.isClosed = true
        this.socket.destroy()
        this.#onChange()
        resolve()
      }
      this.socket.on('end', close).on('error', close).on('close', close)
    })
  }

  write (bytes: string | Buffer): void {
    const buffer = typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes
    this.#methods.push(/^[A-Za-z]+/.exec(buffer.toString('latin1', 0, 10))?.[0] ?? '')
    if (this.socket.writable) this.socket.write(buffer)
  }

  /** The bytes that came and belong to no answer yet. */
  get received (): string { return this.#received.toString('latin1') }

  /** The next final answer, or what came of it before the connection closed. Interim answers (1xx) are left out. */
  async answer (): Promise<WireAnswer> {
    const method = this.#methods.shift() ?? ''
    for (;;) {
      const read = readAnswer(this.#received, method, this.isClosed)
      if (read && read.answer.status >= 100 && read.answer.status < 200) this.#received = this.#received.subarray(read.length)
      else if (read) {
        this.#received = this.#received.subarray(read.length)
        return read.answer
      } else if (this.isClosed) return empty
      else await this.#change()
    }
  }

  destroy (): void { this.socket.destroy() }

  async #change (): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => { reject(new Error(`no answer within ${patienceMs} ms; so far: ${this.received.slice(0, 300)}`)) }, patienceMs)
      this.#onChange = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}

function readAnswer (received: Buffer, method: string, ended: boolean): { answer: WireAnswer, length: number } | undefined {
  const end = received.indexOf('\r\n\r\n')
  if (end === -1) return undefined
  const [start = '', ...lines] = received.toString('latin1', 0, end).split('\r\n')
  const headers: Record<string, string> = {}
  for (const line of lines) {
    const name = line.slice(0, line.indexOf(':')).toLowerCase()
    const value = line.slice(line.indexOf(':') + 1).trim()
    headers[name] = headers[name] === undefined ? value : `${headers[name]}, ${value}`
  }
  const status = Number(start.split(' ')[1])
  const content = received.subarray(end + 4)
  const body = method === 'HEAD' || status < 200 || status === 204 || status === 304 ? { bytes: content.subarray(0, 0), length: 0, whole: true } : readBody(content, headers, ended)
  if (!body.whole && !ended) return undefined
  return { answer: { status, headers, bytes: body.bytes, body: body.bytes.toString(), whole: body.whole, json: parse(body.bytes) }, length: end + 4 + body.length }
}

function readBody (content: Buffer, headers: Readonly<Record<string, string>>, ended: boolean): { bytes: Buffer, length: number, whole: boolean } {
  if (headers['transfer-encoding'] === 'chunked') return readChunks(content)
  if (headers['content-length'] === undefined) return { bytes: content, length: content.length, whole: ended }
  const length = Number(headers['content-length'])
  return { bytes: content.subarray(0, length), length: Math.min(length, content.length), whole: content.length >= length }
}

function readChunks (content: Buffer): { bytes: Buffer, length: number, whole: boolean } {
  const chunks: Buffer[] = []
  for (let at = 0; ;) {
    const line = content.indexOf('\r\n', at)
    const size = line === -1 ? Number.NaN : Number.parseInt(content.toString('latin1', at, line), 16)
    const next = line + 2 + size + 2
    if (Number.isNaN(size) || next > content.length) return { bytes: Buffer.concat(chunks), length: content.length, whole: false }
    chunks.push(content.subarray(line + 2, line + 2 + size))
    at = next
    if (size === 0) return { bytes: Buffer.concat(chunks), length: at, whole: true }
  }
}

function parse (bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString()) as unknown
  } catch {
    return undefined
  }
}
