/** Where progress is told: a terminal, or anything that text is written to. */
export interface Output { readonly isTTY?: boolean, readonly columns?: number, readonly write: (text: string) => unknown }

/** How far something is: `done` of `total` in any unit, what it is about just now, and what came of the step that is over. */
export interface Step { readonly done: number, readonly total: number, readonly present: string, readonly past: string }

const barWidth = 24
const clearLine = '\r\u001B[2K'

/**
 * Tells how far a run is: on a terminal by a bar that stays at the bottom, with the time that is left as it went so far; elsewhere by a plain line for each
 * step. `now` in ms.
 */
export class Progress {
  readonly #output: Output
  readonly #now: () => number
  readonly #startedAt: number
  #bar = ''

  constructor (output: Output, now: () => number) {
    this.#output = output
    this.#now = now
    this.#startedAt = now()
  }

  /** Shows a step. */
  show ({ done, total, present, past }: Step): void {
    if (this.#output.isTTY !== true) {
      this.#output.write(`${past}\n`)
      return
    }
    const share = Math.min(1, done / total)
    const full = Math.round(share * barWidth)
    const left = done === 0 || share === 1 ? '' : `  ${duration((this.#now() - this.#startedAt) * (1 / share - 1))} left`
    const line = `[${'#'.repeat(full)}${'.'.repeat(barWidth - full)}] ${Math.round(share * 100)} %${left}  ${present}`
    // A line that wraps could not be taken back.
    this.#bar = line.slice(0, (this.#output.columns ?? 80) - 1)
    this.#output.write(clearLine + this.#bar)
  }

  /** Writes a line that stays, above the bar. */
  tell (line: string): void {
    this.#output.write(this.#bar === '' ? `${line}\n` : `${clearLine}${line}\n${this.#bar}`)
  }

  /** Takes the bar away: whatever is written next begins a line. */
  end (): void {
    if (this.#bar !== '') this.#output.write(clearLine)
    this.#bar = ''
  }
}

/** A time in ms as minutes and seconds. */
function duration (ms: number): string {
  const seconds = Math.ceil(ms / 1000)
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`
}
