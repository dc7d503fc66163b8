import { createHash } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { essence } from '../openapi/requests/media-type.ts'
import { pointedFields } from '../openapi/json/field-tree.ts'
import { isJsonType } from '../openapi/answers/json-answers.ts'
import { narrowJson } from '../openapi/json/narrow-json.ts'
import type { Narrowing } from '../openapi/json/narrow-json.ts'
import { problemMediaType } from '../openapi/problem.ts'
import type { Denial } from '../policies/denials.ts'
import { AnswerHead } from './answer-head.ts'
import type { Exchange } from './exchange.ts'
import { guard } from './guard.ts'
import type { Outlet } from './outlet.ts'
import type { Refuse } from './refuse.ts'
import { namesView } from './view-tags.ts'
import { hasBody, WholeBody } from './whole-body.ts'

/** What an answer goes through of which only a part may be seen. */
export interface NarrowedOutletOptions {
  readonly exchange: Exchange
  readonly narrowing: Narrowing
  /** Where what is left goes. */
  readonly outlet: Outlet
  readonly maxBytes: number
  readonly refuse: Refuse
  /** The grant and its version: the same bytes are another view under another one. */
  readonly grant: string
  /** The entity tag of a view of which this is the hash, and of which the upstream's tag is this. */
  readonly tag: (hash: string, upstreamTag: string | undefined) => string
}

/** Of a problem document what the standard and this gateway know (RFC 9457, 3.1): an e-service could write anything into other members. */
const ofProblems: Narrowing = narrowingTo(['type', 'title', 'status', 'detail', 'instance', 'code', 'correlationId', 'errors'])
/** Headers about the whole answer that say something of what is withheld. */
const ofTheWhole = ['etag', 'last-modified', 'content-length', 'content-md5', 'content-digest', 'repr-digest', 'accept-ranges']
/** What says how to read an answer, and must say one thing. */
const readOnce = ['content-type', 'content-encoding', 'etag']
/** Answers to conditions and ranges, which never reach the upstream of a view. */
const unasked: ReadonlySet<number> = new Set([206, 226, 304])

/** Takes an answer in whole, takes out of it what the caller may not see, and passes the rest on with an entity tag of its own. What cannot be narrowed is not passed on. */
export class NarrowedOutlet implements Outlet {
  readonly #options: NarrowedOutletOptions
  readonly #body: WholeBody
  #status = 0
  #headers: IncomingHttpHeaders = {}
  #compose: () => AnswerHead = () => new AnswerHead()

  constructor (options: NarrowedOutletOptions) {
    this.#options = options
    this.#body = new WholeBody(options.maxBytes)
  }

  get begun (): boolean { return this.#options.outlet.begun }

  begin (status: number, headers: IncomingHttpHeaders, compose: () => AnswerHead): Denial | undefined {
    [this.#status, this.#headers, this.#compose] = [status, headers, compose]
    const twice = readOnce.find((name) => Array.isArray(headers[name]))
    if (twice !== undefined) return invalid(`has several ${twice}`)
    if (unasked.has(status)) return invalid(`is ${status} to a call with no condition and no range`)
    return this.#hasBody() ? this.#body.announce(headers) : undefined
  }

  write (chunk: Buffer): 'more' | Denial {
    return this.#findUnreadable() ?? this.#body.add(chunk) ?? 'more'
  }

  end (): void {
    const { exchange, refuse } = this.#options
    guard(exchange, refuse, async () => {
      const denial = await this.#send()
      if (denial) refuse(exchange, denial)
    })
  }

  async #send (): Promise<Denial | undefined> {
    const { exchange: { request, response }, narrowing, outlet } = this.#options
    const narrowed = this.#body.length === 0 ? { bytes: Buffer.alloc(0) } : await narrowJson(this.#body.bytes(), this.#type() === problemMediaType ? ofProblems : narrowing)
    if ('fault' in narrowed) return invalid(`cannot be narrowed: ${narrowed.fault}`)
    if (response.destroyed) return undefined
    const { bytes } = narrowed
    const hash = this.#hashOf(bytes)
    const same = request.method === 'GET' && this.#status === 200 && namesView(request.headers['if-none-match'], hash)
    // Its last bytes are told by its own length.
    const denial = outlet.begin(same ? 304 : this.#status, { ...this.#headers, 'content-length': String(bytes.length) }, () => {
      const head = this.#compose()
      this.#adjust(head, { hash, length: bytes.length, same })
      return head
    })
    if (denial) return denial
    const refused = same || bytes.length === 0 ? undefined : outlet.write(bytes)
    if (typeof refused === 'object') return refused
    outlet.end()
    return undefined
  }

  #adjust (head: AnswerHead, { hash, length, same }: { readonly hash: string, readonly length: number, readonly same: boolean }): void {
    for (const name of ofTheWhole) head.remove(name)
    if (same) head.remove('content-type')
    else if (this.#hasBody()) head.set('Content-Length', length)
    head.set('Cache-Control', privately(String(head.get('cache-control') ?? '')))
    const upstreamTag = this.#headers.etag
    const isView = this.#hasBody() && this.#status >= 200 && this.#status < 300
    if (isView && (this.#options.exchange.request.method === 'GET' || upstreamTag !== undefined)) head.set('ETag', this.#options.tag(hash, upstreamTag))
  }

  #hashOf (bytes: Buffer): string {
    return createHash('sha256').update(`${this.#options.grant}\n${this.#headers['content-type'] ?? ''}\n`).update(bytes).digest('base64url').slice(0, 22)
  }

  /** What keeps bytes that came from being read. */
  #findUnreadable (): Denial | undefined {
    const coding = this.#headers['content-encoding']?.toLowerCase() ?? 'identity'
    if (coding !== 'identity') return invalid('came in a content coding although none was accepted')
    const charset = /;\s*charset\s*=\s*"?([^\s;"]*)/i.exec(this.#headers['content-type'] ?? '')?.[1] ?? 'utf-8'
    return isJsonType(this.#type()) && charset.toLowerCase() === 'utf-8' ? undefined : invalid('is not JSON in UTF-8, so that nothing can be taken out of it')
  }

  #type (): string {
    return essence(this.#headers['content-type'] ?? '')
  }

  #hasBody (): boolean {
    return hasBody(this.#options.exchange.request.method, this.#status)
  }
}

function invalid (what: string): Denial {
  return { denial: 'upstream-invalid', check: 'grant', reason: `the grant narrows the answer, and what the upstream sent ${what}` }
}

function narrowingTo (names: readonly string[]): Narrowing {
  return { keep: 'only', tree: pointedFields(names.map((name) => `/${name}`), [{ additionalProperties: true }], {}).tree }
}

/** A view is one caller's, whatever the upstream says of the whole (RFC 9111, 5.2.2). */
function privately (cacheControl: string): string {
  const directives = cacheControl.split(',').map((one) => one.trim()).filter((one) => one !== '' && !/^(?:public|private|s-maxage)\b/i.test(one))
  // A quoted list of header names is not taken apart.
  if (cacheControl.includes('"') || directives.some((one) => one.toLowerCase() === 'no-store')) return 'no-store'
  return ['private', ...directives].join(', ')
}
