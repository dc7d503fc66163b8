import { prepareDay } from '../../policies/day.ts'
import type { Day } from '../../policies/day.ts'
import { boundsOf } from '../tracing/calendar.ts'

/** A call may be kept so long after midnight in the file of the next day; less than tracing waits for. In ms. */
const lateMs = 10 * 60 * 1000

/** The day (Europe/Rome) of the file into which records go. It goes on with their calls, and back only where the clock went back: what the clock was wrong about is in the file of its own day again. */
export class FileDay {
  readonly #now: () => number
  readonly #dayOf = prepareDay()
  #day: Day
  #earliest: number

  constructor (now: () => number) {
    this.#now = now
    this.#day = this.#dayOf(now())
    this.#earliest = boundsOf(this.#day.date).startsAt - lateMs
  }

  get date (): string { return this.#day.date }

  /** Whether the record of a call that ended at a time (epoch ms) goes into its file: one of an earlier day that is only late does. */
  has (endedAt: number): boolean {
    return endedAt < this.#day.endsAt && (endedAt >= this.#earliest || this.#now() >= this.#earliest)
  }

  /** Takes the day of a call instead where that is another one. */
  turnTo (endedAt: number): void {
    if (this.has(endedAt)) return
    this.#day = this.#dayOf(endedAt)
    this.#earliest = boundsOf(this.#day.date).startsAt - lateMs
  }
}
