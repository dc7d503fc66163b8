import type { PlatformAnswer } from './platform-connection.ts'

const firstPauseMs = 1000
const longestPauseMs = 30_000
/** A source that asks for more patience than this is asked again all the same: a slip in one header must not silence it for a day. */
const longestAskedMs = 10 * 60_000

/** Pauses after failures, each twice as long as the one before, and as long as the source itself asks for. `now` in epoch ms. */
export class BackOff {
  readonly #now: () => number
  #until = -Infinity
  #pauseMs = firstPauseMs

  constructor (now: () => number) {
    this.#now = now
  }

  /** How long to wait before the source may be asked again, in ms; 0 when it may be asked now. */
  get remainingMs (): number {
    return Math.max(0, this.#until - this.#now())
  }

  /** It answered as it should: the next pause is short again. */
  succeeded (): void {
    this.#pauseMs = firstPauseMs
  }

  /** It did not answer, or not as it should. Many who asked at the same time count as one. */
  failed (): void {
    if (this.remainingMs > 0) return
    this.pauseFor(this.#pauseMs)
    this.#pauseMs = Math.min(this.#pauseMs * 2, longestPauseMs)
  }

  /** Nobody asks for so long, in ms, or longer when a longer pause is under way. */
  pauseFor (ms: number): void {
    this.#until = Math.max(this.#until, this.#now() + Math.min(ms, longestAskedMs))
  }
}

/**
 * How long an answer asks not to be asked again, in ms: Retry-After as seconds or date (RFC 9110, 10.2.3), and the platform's
 * X-Rate-Limit-Interval (ms) once X-Rate-Limit-Remaining is 0. 0 when it asks for nothing.
 */
export function askedPauseMs ({ headers }: PlatformAnswer, now: number): number {
  const used = headers['x-rate-limit-remaining'] === '0' ? millisOf(headers['x-rate-limit-interval']) : 0
  return Math.max(used, retryAfterMs(headers['retry-after'], now))
}

function retryAfterMs (value: unknown, now: number): number {
  if (typeof value !== 'string') return 0
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1000
  const date = Date.parse(value)
  return Number.isNaN(date) ? 0 : Math.max(0, date - now)
}

function millisOf (value: unknown): number {
  return typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : 0
}
