import { randomInt } from 'node:crypto'
import { createHistogram } from 'node:perf_hooks'
import type { RecordableHistogram } from 'node:perf_hooks'
import { setTimeout as wait } from 'node:timers/promises'
import { inLanes } from '../faults/caller.ts'
import { Callers } from './caller.ts'
import { choose, describe, isShed, shed, timed } from './kinds.ts'
import type { Vouchers } from './kinds.ts'

/** How long a caller rests after each call, in ms: what is watched is a gateway that is busy, not one that is overwhelmed. */
const restMs = 8
/** Within this time, in ms, calls are over unless their upstream is late. */
export const settlesMs = 1000
/** Into how many parts a run is divided, so that its quarters are known wherever it ends. */
const parts = 80
/** Of so many sentences about wrong answers each one is told. */
const mostSentences = 20

/** Calls of every kind, all the time, and what came of them. */
export class Traffic {
  readonly outcomes = new Map<string, number>()
  readonly #wrong = new Map<string, number>()
  readonly #times: RecordableHistogram[] = []
  readonly #expectedMs: number
  #startedAt = Infinity
  #isOver = false
  #callers: Callers | undefined
  #pause: Promise<void> | undefined

  /** `expectedMs` is how long it will be. */
  constructor (expectedMs: number) {
    this.#expectedMs = expectedMs
  }

  /** Calls a gateway on so many connections until it is stopped; `vouchers` gives those of the moment. */
  async run (url: string, connections: number, vouchers: () => Vouchers): Promise<void> {
    using callers = new Callers(url, connections)
    this.#callers = callers
    await inLanes(connections, async () => {
      const kind = choose(randomInt(2 ** 32) / 2 ** 32)
      const answer = await callers.make(await kind.make(vouchers()))
      // What is cut off by the end says nothing.
      if (this.#isOver) return false
      const name = isShed(answer) ? shed : kind.name
      this.outcomes.set(name, (this.outcomes.get(name) ?? 0) + 1)
      if (name !== shed && !kind.isRight(answer)) this.#note(describe(kind, answer))
      else if (name === timed) this.#time(answer.ms)
      await wait(restMs)
      await this.#pause
      return !this.#isOver
    })
  }

  /** No call is begun until something is done, which begins when those that take their usual time are over. */
  async pauseFor<Result> (work: () => Promise<Result>): Promise<Result> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#pause = promise
    await wait(settlesMs)
    return work().finally(resolve)
  }

  /** From now on times are told, and calls are those of the run: what was before was the warm-up. */
  begin (): void {
    this.#startedAt = performance.now()
  }

  /** Ends it at once: what is on its way is cut off. */
  stop (): void {
    this.#isOver = true
    this.#callers?.[Symbol.dispose]()
  }

  /** How many calls were made. */
  get calls (): number { return this.outcomes.values().reduce((sum, count) => sum + count, 0) }

  /** How many answers were wrong, or missing. */
  get failed (): number { return this.#wrong.values().reduce((sum, count) => sum + count, 0) }
  get wrong (): readonly string[] { return [...this.#wrong].map(([what, count]) => `${count} x ${what}`) }

  /** The 99th percentile, in ms, of the admitted calls in the first and in the last quarter; undefined where there are none. */
  get p99 (): { readonly first: number, readonly last: number } | undefined {
    const quarter = Math.floor(this.#times.length / 4)
    if (quarter === 0) return undefined
    const at = (histograms: readonly RecordableHistogram[]): number => {
      const all = createHistogram()
      for (const one of histograms) all.add(one)
      return all.percentile(99) / 1000
    }
    return { first: at(this.#times.slice(0, quarter)), last: at(this.#times.slice(-quarter)) }
  }

  #time (ms: number): void {
    const part = Math.floor((performance.now() - this.#startedAt) / this.#expectedMs * parts)
    // Before the beginning it is below zero.
    if (!(part >= 0)) return
    while (this.#times.length <= part) this.#times.push(createHistogram({ figures: 2 }))
    this.#times[part]?.record(Math.max(1, Math.round(ms * 1000)))
  }

  #note (sentence: string): void {
    const known = this.#wrong.has(sentence) || this.#wrong.size < mostSentences ? sentence : 'others'
    this.#wrong.set(known, (this.#wrong.get(known) ?? 0) + 1)
  }
}
