import { createHash } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import type { Denial } from '../policies/denials.ts'
import { AnswerHead } from './answer-head.ts'
import type { Exchange } from './exchange.ts'
import { guard } from './guard.ts'
import type { Outlet } from './outlet.ts'
import type { Refuse } from './refuse.ts'
import type { Seal } from './seal.ts'
import { hasBody, WholeBody } from './whole-body.ts'

/** The headers that are signed beside the digest. */
const signedHeaders = ['content-type', 'content-encoding'] as const

/** What a signed answer goes through: `maxBytes` is how long it may be. */
export interface SignedOutletOptions { readonly exchange: Exchange, readonly seal: Seal, readonly maxBytes: number, readonly refuse: Refuse }

/** Takes an answer in whole and passes it on with its digest and the producer's signature (signed answers): nothing of it goes out before. */
export class SignedOutlet implements Outlet {
  readonly #options: SignedOutletOptions
  readonly #hash = createHash('sha256')
  readonly #body: WholeBody
  #status = 0
  #headers: IncomingHttpHeaders = {}
  #compose: () => AnswerHead = () => new AnswerHead()
  begun = false

  constructor (options: SignedOutletOptions) {
    this.#options = options
    this.#body = new WholeBody(options.maxBytes)
  }

  begin (status: number, headers: IncomingHttpHeaders, compose: () => AnswerHead): Denial | undefined {
    [this.#status, this.#headers, this.#compose] = [status, headers, compose]
    const twice = signedHeaders.find((name) => Array.isArray(headers[name]))
    if (twice !== undefined) return { denial: 'upstream-invalid', check: 'upstream', reason: `the upstream answered with several ${twice}, of which one can be signed` }
    return this.#hasBody() ? this.#body.announce(headers) : undefined
  }

  write (chunk: Buffer): 'more' | Denial {
    const denial = this.#body.add(chunk)
    if (denial) return denial
    this.#hash.update(chunk)
    return 'more'
  }

  end (): void {
    const { exchange, refuse } = this.#options
    guard(exchange, refuse, async () => this.#send())
  }

  async #send (): Promise<void> {
    const { exchange, seal, refuse } = this.#options
    const { response } = exchange
    const { length } = this.#body
    // Without the blanks around them, which no receiver counts (RFC 9110, 5.5).
    const [contentType, contentEncoding] = signedHeaders.map((name) => this.#headers[name]?.trim())
    const signature = await seal(exchange, { status: this.#status, digest: this.#hash.digest('base64'), contentType, contentEncoding }, length)
    if (response.destroyed) return
    const head = this.#compose()
    for (const [name, value] of Object.entries(signature)) head.set(name, value)
    if (this.#hasBody()) head.set('Content-Length', length)
    exchange.bytesSent = length
    exchange.recorder.conclude(exchange, this.#status, () => {
      this.begun = true
      head.write(response, this.#status)
      response.end(this.#body.bytes())
    }, (denial) => { refuse(exchange, denial) })
  }

  #hasBody (): boolean {
    return hasBody(this.#options.exchange.request.method, this.#status)
  }
}
