import type { IncomingHttpHeaders } from 'node:http'
import type { Denial } from '../policies/denials.ts'
import type { AnswerCheck } from './answer-check.ts'
import type { AnswerHead } from './answer-head.ts'
import type { Exchange } from './exchange.ts'
import { KeptCopy, longestKept } from './kept-copy.ts'
import type { Outlet } from './outlet.ts'

/** Passes an answer on as it comes, and checks it against its contract when it is gone: not a byte is changed or waits. */
export class ObservedOutlet implements Outlet {
  readonly #exchange: Exchange
  readonly #check: AnswerCheck
  readonly #outlet: Outlet
  #copy: KeptCopy | undefined

  constructor (exchange: Exchange, check: AnswerCheck, outlet: Outlet) {
    this.#exchange = exchange
    this.#check = check
    this.#outlet = outlet
  }

  get begun (): boolean { return this.#outlet.begun }

  see (status: number, headers: IncomingHttpHeaders): undefined {
    this.#check.head(status, headers)
    if (this.#check.body?.needs !== 'whole') return
    if (Number(headers['content-length'] ?? 0) > longestKept) this.#check.giveUp('too-long')
    else this.#copy = new KeptCopy()
  }

  begin (status: number, headers: IncomingHttpHeaders, compose: () => AnswerHead): Denial | undefined {
    if (this.#copy) this.#exchange.response.once('close', () => { this.#copy?.drop() })
    return this.#outlet.begin(status, headers, compose)
  }

  write (chunk: Buffer): 'more' | 'wait' | Denial {
    if (this.#check.body && chunk.length > 0) this.#observe(chunk)
    return this.#outlet.write(chunk)
  }

  end (): void {
    this.#outlet.end()
    if (!this.#copy || !this.#check.body) return
    const copy = this.#copy
    this.#copy = undefined
    // What was just written goes out before anything is read here.
    setImmediate(() => { void this.#check.judge(copy.bytes(), longestKept).finally(() => { copy.drop() }) })
  }

  #observe (chunk: Buffer): void {
    if (!this.#copy) {
      const finding = this.#check.body?.check(chunk)
      this.#check.body = undefined
      if (finding) this.#check.note(finding)
      return
    }
    const full = this.#copy.add(chunk)
    if (full) this.#check.giveUp(full)
  }
}
