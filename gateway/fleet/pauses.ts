/** How long is waited before a process that ended is started again, in ms: the first time after good work not at all. */
const firstMs = 100
const longestMs = 10_000
/** A process that served for that long has done good work. */
const goodWorkMs = 60_000

/** The pauses before one process is started again and again: they double, and begin anew after good work. */
export class Pauses {
  #failures = 0

  /** The pause after a process that served for `servedMs`, 0 when it never did. */
  after (servedMs: number): number {
    if (servedMs >= goodWorkMs) this.#failures = 0
    const pause = this.#failures === 0 ? 0 : Math.min(firstMs * 2 ** (this.#failures - 1), longestMs)
    this.#failures++
    return pause
  }
}
