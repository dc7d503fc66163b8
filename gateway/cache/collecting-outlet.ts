import type { IncomingHttpHeaders } from 'node:http'
import type { Denial } from '../../policies/denials.ts'
import type { AnswerHead } from '../answer-head.ts'
import type { Outlet } from '../outlet.ts'
import { ownCopy } from './fetch.ts'

/** Who is told of an answer as it goes to its caller: whether it is to be collected when its head is known, and the whole body when it has gone there to its end. */
export interface Collector {
  readonly mostBytes: number
  readonly head: (status: number, headers: IncomingHttpHeaders) => boolean
  readonly tooLong: () => void
  readonly whole: (body: Buffer) => void
}

/** Passes an answer on as it comes and collects what it passed on. */
export class CollectingOutlet implements Outlet {
  readonly #outlet: Outlet
  readonly #collector: Collector
  #chunks: Buffer[] | undefined
  #bytes = 0

  constructor (outlet: Outlet, collector: Collector) {
    this.#outlet = outlet
    this.#collector = collector
  }

  get begun (): boolean { return this.#outlet.begun }

  begin (status: number, headers: IncomingHttpHeaders, compose: () => AnswerHead): Denial | undefined {
    if (!this.#collector.head(status, headers)) return this.#outlet.begin(status, headers, compose)
    this.#chunks = []
    return this.#outlet.begin(status, headers, () => {
      const head = compose()
      head.add('Cache-Status', 'varco; fwd=uri-miss; stored')
      return head
    })
  }

  write (chunk: Buffer): 'more' | 'wait' | Denial {
    if (this.#chunks) {
      this.#bytes += chunk.length
      if (this.#bytes <= this.#collector.mostBytes) this.#chunks.push(chunk)
      else this.#giveUp()
    }
    return this.#outlet.write(chunk)
  }

  end (): void {
    this.#outlet.end()
    if (this.#chunks) this.#collector.whole(ownCopy(this.#chunks, this.#bytes))
  }

  #giveUp (): void {
    this.#chunks = undefined
    this.#collector.tooLong()
  }
}
