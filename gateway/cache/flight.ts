import type { Denial } from '../../policies/denials.ts'
import type { CacheOutcome } from './figures.ts'
import type { StoredAnswer } from './stored-answer.ts'

/**
 * What came of a request to the upstream for those that wait for its answer: an answer that all of them may have; that each has to go on its own; that nobody
 * knows, as whoever asked went away; or why there was no answer at all.
 */
export type Landing = { readonly stored: StoredAnswer, readonly outcome: CacheOutcome } | 'alone' | 'again' | { readonly denial: Denial }

/**
 * Whoever waits for another's call of which it is not known yet whether its answer is for all waits so long, in ms; and for the rest of an answer that is. An operation with so many answers in a row
 * that are one caller's own is then looked at once in so many calls.
 */
export const patience = { head: 100, body: 2000, own: 20 } as const

/** A request to the upstream whose answer others may have, too. It is settled once; whoever comes after that is told at once. */
export class Flight {
  #waiting: ((landing: Landing) => void)[] = []
  #landing: Landing | undefined
  #timer: NodeJS.Timeout | undefined
  readonly #over: () => void

  /** `over` is called when it is settled. */
  constructor (over: () => void) {
    this.#over = over
  }

  get waiting (): number { return this.#waiting.length }

  get isSettled (): boolean { return this.#landing !== undefined }

  /** Calls back once it is settled. */
  wait (told: (landing: Landing) => void): void {
    if (this.#landing === undefined) this.#waiting.push(told)
    else told(this.#landing)
  }

  /** From now on nobody waits for it longer than this, in ms: after that each goes on its own. */
  limit (ms: number): void {
    clearTimeout(this.#timer)
    if (!this.isSettled) this.#timer = setTimeout(() => { this.settle('alone') }, ms)
  }

  settle (landing: Landing): void {
    if (this.#landing !== undefined) return
    clearTimeout(this.#timer)
    this.#landing = landing
    this.#over()
    const waiting = this.#waiting
    this.#waiting = []
    for (const told of waiting) told(landing)
  }
}

/** The flights of a cache, by what they ask for. */
export class Flights {
  readonly #flights = new Map<string, Flight>()

  get size (): number { return this.#flights.size }

  /** How many calls wait for others. */
  get waiting (): number { return [...this.#flights.values()].reduce((sum, flight) => sum + flight.waiting, 0) }

  /** The one in which a request can take part. */
  find (key: string): Flight | undefined { return this.#flights.get(key) }

  open (key: string): Flight {
    const flight = new Flight(() => { if (this.#flights.get(key) === flight) this.#flights.delete(key) })
    this.#flights.set(key, flight)
    return flight
  }
}
