import type { LimitState } from '../../policies/limiter.ts'
import { shareOf } from './shares.ts'

/** As many windows are kept at least before it is looked which of them have ended. */
const fewWindows = 1000

/** One key's window as this process knows it. */
export class BurstWindow {
  readonly seconds: number
  /** What Redis told last: calls of all processes; undefined when it was not asked yet. */
  known: number | undefined
  /** What this process admitted that it may not know of, and of that what it was not even told. */
  open = 0
  untold = 0
  /** It is being told, or will be in a moment. */
  isTelling = false
  isDue = false
  /** What this process admitted itself. */
  own = 0
  #endsAt: number

  constructor (seconds: number) {
    this.seconds = seconds
    this.#endsAt = clock() + seconds * 1000
  }

  get hasEnded (): boolean {
    return clock() >= this.#endsAt
  }

  /** Takes in what Redis has counted, and for how many ms yet. */
  learn (known: number, leftMs: number): void {
    this.known = known
    this.#endsAt = clock() + leftMs
  }

  /** Admits a call of which Redis is told afterwards. */
  admit (): void {
    this.open++
    this.untold++
    this.own++
  }

  state (limit: number, used: number, exceeded: boolean): LimitState {
    return { limit, remaining: Math.max(0, limit - used), resetSeconds: this.#secondsLeft(), exceeded }
  }

  /** Takes a call from this process's share of the limit. */
  takeShare (limit: number, processes: number): LimitState {
    const share = shareOf(limit, processes)
    const exceeded = this.own >= share
    if (!exceeded) this.own++
    return this.#stateOfShare(limit, share, exceeded)
  }

  peekShare (limit: number, processes: number): LimitState {
    return this.#stateOfShare(limit, shareOf(limit, processes), false)
  }

  /** The limit that is told is the one that holds for all. */
  #stateOfShare (limit: number, share: number, exceeded: boolean): LimitState {
    return { limit, remaining: Math.max(0, share - this.own), resetSeconds: this.#secondsLeft(), exceeded }
  }

  #secondsLeft (): number {
    return Math.max(0, Math.ceil((this.#endsAt - clock()) / 1000))
  }
}

/** The windows that are running, by key. */
export class BurstWindows {
  readonly #windows = new Map<string, BurstWindow>()
  #lookAt = fewWindows

  /** The window of a key: a new one where none is running. */
  of (key: string, seconds: number): BurstWindow {
    const running = this.#windows.get(key)
    if (running && !running.hasEnded) return running
    if (this.#windows.size >= this.#lookAt) this.#forgetEnded()
    const window = new BurstWindow(seconds)
    this.#windows.set(key, window)
    return window
  }

  #forgetEnded (): void {
    for (const [key, window] of this.#windows) if (window.hasEnded) this.#windows.delete(key)
    this.#lookAt = Math.max(fewWindows, this.#windows.size * 2)
  }
}

// Whole ms, of a clock that nobody sets.
function clock (): number {
  return Math.floor(performance.now())
}
