import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'
import type { Limiter, LimitState } from '../../policies/limiter.ts'

/** Counts in this process's memory (rate-limiter-flexible), one counter per key; a counter disappears when its window ends. */
export function memoryLimiter (): Limiter {
  // Limits and windows differ by key, so the library only counts and the comparison is made here.
  const counter = new RateLimiterMemory({ points: Number.MAX_SAFE_INTEGER, duration: 86_400 })
  // The library takes a counter away some time after its window ended.
  const running = async (key: string): Promise<RateLimiterRes | null> => {
    const counted = await counter.get(key)
    return counted && counted.msBeforeNext > 0 ? counted : null
  }
  return {
    async consume (key, limit, windowSeconds) {
      const before = await running(key)
      // Nothing is taken beyond the limit: a refused call must not push the counter further.
      if (before && before.consumedPoints >= limit) return toState(before, limit, windowSeconds, true)
      const after = await counter.consume(key, 1, { customDuration: windowSeconds })
      return toState(after, limit, windowSeconds, after.consumedPoints > limit)
    },
    async peek (key, limit, windowSeconds) {
      return toState(await running(key), limit, windowSeconds, false)
    }
  }
}

/** What a counter of the library says of a limit; null where nothing was counted yet. */
function toState (counted: RateLimiterRes | null, limit: number, windowSeconds: number, exceeded: boolean): LimitState {
  return {
    limit,
    remaining: Math.max(0, limit - (counted?.consumedPoints ?? 0)),
    resetSeconds: counted ? Math.ceil(counted.msBeforeNext / 1000) : windowSeconds,
    exceeded
  }
}
