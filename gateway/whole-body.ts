import type { IncomingHttpHeaders } from 'node:http'
import type { Denial } from '../policies/denials.ts'

/** Collects the body of an answer that has to be whole before any of it is passed on, up to a length in bytes. */
export class WholeBody {
  readonly #maxBytes: number
  readonly #chunks: Buffer[] = []
  #bytes = 0

  constructor (maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** How much of it came, in bytes. */
  get length (): number { return this.#bytes }

  /** A denial when it says of itself that it will be too long. */
  announce (headers: IncomingHttpHeaders): Denial | undefined {
    return Number(headers['content-length'] ?? 0) > this.#maxBytes ? this.#tooLong() : undefined
  }

  /** A denial when it is too long now. */
  add (chunk: Buffer): Denial | undefined {
    this.#bytes += chunk.length
    if (this.#bytes > this.#maxBytes) return this.#tooLong()
    this.#chunks.push(chunk)
    return undefined
  }

  /** All that came. */
  bytes (): Buffer {
    return this.#chunks.length === 1 ? this.#chunks[0] as Buffer : Buffer.concat(this.#chunks)
  }

  #tooLong (): Denial {
    return { denial: 'upstream-invalid', check: 'upstream', reason: `the upstream's answer is longer than the ${this.#maxBytes} bytes (limits.signedAnswerBytes) up to which answers are held: to be signed, narrowed or checked` }
  }
}

/** False for answers that have no body, whatever their headers say (RFC 9110, 6.4.1). */
export function hasBody (method: string | undefined, status: number): boolean {
  return method !== 'HEAD' && status !== 204 && status !== 304
}
