/** So many ms are looked back at least, and twice as many at most. */
const lookBackMs = 10_000

/** The longest of what was noted lately. */
export class Longest {
  #latest = 0
  #before = 0
  #since = 0

  /** Notes something at a time, in ms. */
  note (value: number, now: number): void {
    this.#age(now)
    this.#latest = Math.max(this.#latest, value)
  }

  /** The longest as of a time, in ms; 0 when nothing was noted lately. */
  longest (now: number): number {
    this.#age(now)
    return Math.max(this.#latest, this.#before)
  }

  #age (now: number): void {
    if (now - this.#since < lookBackMs) return
    this.#before = now - this.#since < 2 * lookBackMs ? this.#latest : 0
    this.#latest = 0
    this.#since = now
  }
}
