import type { Limiter } from '../../policies/limiter.ts'
import { BurstWindows } from './limiter-windows.ts'

/** Counts in this process's memory: the whole of a limit is its share. */
export function memoryLimiter (): Limiter {
  const windows = new BurstWindows()
  return {
    consume: (key, limit, windowSeconds) => windows.of(key, windowSeconds).takeShare(limit, 1),
    peek: (key, limit, windowSeconds) => windows.of(key, windowSeconds).peekShare(limit, 1)
  }
}
