import { createHash } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import type { Denial } from '../policies/denials.ts'
import type { Exchange } from './exchange.ts'
import { guard } from './guard.ts'
import type { Outlet } from './outlet.ts'
import type { Refuse } from './refuse.ts'
import type { Seal } from './seal.ts'

/** What a signed answer goes through: `maxBytes` is how long it may be. */
export interface SignedOutletOptions { readonly exchange: Exchange, readonly seal: Seal, readonly maxBytes: number, readonly refuse: Refuse }

/** Takes an answer in whole and passes it on with its digest and the producer's signature (signed answers): nothing of it goes out before. */
export class SignedOutlet implements Outlet {
  readonly #options: SignedOutletOptions
  readonly #hash = createHash('sha256')
  readonly #chunks: Buffer[] = []
  #bytes = 0
  #status = 0
  #headers: IncomingHttpHeaders = {}
  #setHeaders: () => void = () => undefined
  begun = false

  constructor (options: SignedOutletOptions) {
    this.#options = options
  }

  begin (status: number, headers: IncomingHttpHeaders, setHeaders: () => void): Denial | undefined {
    [this.#status, this.#headers, this.#setHeaders] = [status, headers, setHeaders]
    return this.#hasBody() && Number(headers['content-length'] ?? 0) > this.#options.maxBytes ? this.#tooLong() : undefined
  }

  write (chunk: Buffer): 'more' | Denial {
    this.#bytes += chunk.length
    if (this.#bytes > this.#options.maxBytes) return this.#tooLong()
    this.#chunks.push(chunk)
    this.#hash.update(chunk)
    return 'more'
  }

  end (): void {
    const { exchange, refuse } = this.#options
    guard(exchange, refuse, async () => this.#send())
  }

  async #send (): Promise<void> {
    const { exchange, seal } = this.#options
    const { response } = exchange
    const [contentType, contentEncoding] = [this.#headers['content-type'], this.#headers['content-encoding']]
    const signature = await seal(exchange, { status: this.#status, digest: this.#hash.digest('base64'), contentType, contentEncoding }, this.#bytes)
    if (response.destroyed) return
    this.#setHeaders()
    for (const [name, value] of Object.entries(signature)) response.setHeader(name, value)
    if (this.#hasBody()) response.setHeader('Content-Length', this.#bytes)
    this.begun = true
    exchange.bytesSent = this.#bytes
    response.writeHead(this.#status)
    response.end(Buffer.concat(this.#chunks))
  }

  #hasBody (): boolean {
    return this.#options.exchange.request.method !== 'HEAD' && this.#status !== 204 && this.#status !== 304
  }

  #tooLong (): Denial {
    return { denial: 'upstream-invalid', check: 'upstream', reason: `the upstream's answer is longer than the ${this.#options.maxBytes} bytes (limits.signedAnswerBytes) to which answers are signed` }
  }
}
