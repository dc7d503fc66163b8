import type { IncomingHttpHeaders } from 'node:http'
import type { Denial } from '../policies/denials.ts'
import type { AnswerHead } from './answer-head.ts'
import type { Exchange } from './exchange.ts'
import type { Refuse } from './refuse.ts'

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

/** Passes an answer on as it comes, but for its last bytes, which wait until its record is kept. */
export class StreamingOutlet implements Outlet {
  readonly #exchange: Exchange
  readonly #refuse: Refuse
  #status = 0
  #head: AnswerHead | undefined
  #length = 0
  #last: Buffer | undefined
  begun = false

  constructor (exchange: Exchange, refuse: Refuse) {
    this.#exchange = exchange
    this.#refuse = refuse
  }

  begin (status: number, headers: IncomingHttpHeaders, compose: () => AnswerHead): undefined {
    this.#status = status
    this.#head = compose()
    this.#length = Number(headers['content-length'] ?? 0)
  }

  write (chunk: Buffer): 'more' | 'wait' {
    const { bytesSent, response } = this.#exchange
    this.#exchange.bytesSent = bytesSent + chunk.length
    if (this.#exchange.bytesSent === this.#length) {
      this.#last = chunk
      return 'more'
    }
    this.#start()
    return response.write(chunk) ? 'more' : 'wait'
  }

  end (): void {
    const { response } = this.#exchange
    // Whoever leaves before has not got the answer.
    if (response.writableNeedDrain) response.once('drain', () => { this.#conclude() })
    else this.#conclude()
  }

  #conclude (): void {
    const { response, recorder } = this.#exchange
    recorder.conclude(this.#exchange, this.#status, () => {
      this.#start()
      response.end(this.#last)
    }, (denial) => { this.#refuse(this.#exchange, denial) })
  }

  #start (): void {
    if (this.begun) return
    this.begun = true
    this.#head?.write(this.#exchange.response, this.#status)
  }
}
