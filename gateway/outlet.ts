import type { IncomingHttpHeaders } from 'node:http'
import type { Denial } from '../policies/denials.ts'
import type { AnswerHead } from './answer-head.ts'
import type { Exchange } from './exchange.ts'

/** Where an upstream's answer goes that is passed on to the caller: its head, the parts of its body, its end. */
export interface Outlet {
  /** True once something of it went to the caller: a failure can then only break it off. */
  readonly begun: boolean
  /** Told of the head of every answer first, also of one that is replaced. A denial when it must not be passed on. */
  see? (status: number, headers: IncomingHttpHeaders): Denial | undefined
  /** `compose` gives the head that is passed on. A denial when the answer is not passed on after all. */
  begin (status: number, headers: IncomingHttpHeaders, compose: () => AnswerHead): Denial | undefined
  /** `wait` when the caller cannot take more for now; a denial when it is not passed on after all. */
  write (chunk: Buffer): 'more' | 'wait' | Denial
  end (): void
}

/** Up to this an answer of known length that comes in one piece goes on in one write, with its head, in bytes. */
const longestAtOnce = 64 * 1024

/** Passes an answer on as it comes. */
export class StreamingOutlet implements Outlet {
  readonly #exchange: Exchange
  #status = 0
  #head: AnswerHead | undefined
  #length = 0
  #whole: Buffer | undefined
  begun = false

  constructor (exchange: Exchange) {
    this.#exchange = exchange
  }

  begin (status: number, headers: IncomingHttpHeaders, compose: () => AnswerHead): undefined {
    this.#status = status
    this.#head = compose()
    this.#length = Number(headers['content-length'] ?? 0)
    if (this.#length === 0 || this.#length > longestAtOnce) this.#start()
  }

  write (chunk: Buffer): 'more' | 'wait' {
    this.#exchange.bytesSent += chunk.length
    if (!this.begun && this.#whole === undefined && chunk.length === this.#length) {
      this.#whole = chunk
      return 'more'
    }
    this.#start()
    return this.#exchange.response.write(chunk) ? 'more' : 'wait'
  }

  end (): void {
    this.#start()
    this.#exchange.response.end(this.#whole)
  }

  #start (): void {
    if (this.begun) return
    this.begun = true
    this.#head?.write(this.#exchange.response, this.#status)
  }
}
