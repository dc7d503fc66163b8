/** Where a caller stands with one limit: `limit` and `remaining` in requests, `resetSeconds` until the window starts anew. */
export interface LimitState {
  readonly limit: number
  readonly remaining: number
  readonly resetSeconds: number
  readonly exceeded: boolean
}

/** Counts requests by key in windows. A request that is refused by `consume` was not admitted and does not count. */
export interface Limiter {
  consume (key: string, limit: number, windowSeconds: number): LimitState | Promise<LimitState>
  /** The state without taking anything. */
  peek (key: string, limit: number, windowSeconds: number): LimitState | Promise<LimitState>
}

/** The limit to tell a caller: the one with the least left, and of several the one that lasts longest. */
export function tightest (a: LimitState | undefined, b: LimitState | undefined): LimitState | undefined {
  if (!a || !b) return a ?? b
  return b.remaining < a.remaining || (b.remaining === a.remaining && b.resetSeconds > a.resetSeconds) ? b : a
}
