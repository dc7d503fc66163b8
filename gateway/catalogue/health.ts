import { setTimeout as wait } from 'node:timers/promises'
import type { Probe } from '../probe.ts'

/** How an e-service is: it answers, it does not, or nobody has looked yet. */
export type Health = 'well' | 'unwell' | 'unknown'

/** How long what was seen is good for, and how long the first reader waits for it, in ms. */
const goodForMs = 10_000
const patienceMs = 500

/** Tells how an e-service was when it was looked at last. However often a page is read, it is looked at every ten seconds at most, and nobody but the first waits for it. */
export class Watch {
  #health: Health = 'unknown'
  #lookedAt = -Infinity
  readonly #probe: Probe
  readonly #now: () => number

  constructor (probe: Probe, now: () => number) {
    this.#probe = probe
    this.#now = now
  }

  async read (): Promise<Health> {
    if (this.#now() - this.#lookedAt >= goodForMs) {
      const isFirst = this.#lookedAt === -Infinity
      this.#lookedAt = this.#now()
      const look = this.#look()
      if (isFirst) await Promise.race([look, wait(patienceMs, undefined, { ref: false })])
    }
    return this.#health
  }

  async #look (): Promise<void> {
    this.#health = await this.#probe() ? 'well' : 'unwell'
  }
}
