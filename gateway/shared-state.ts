import type { Limiter } from '../policies/limiter.ts'
import type { ReplayFilter } from '../policies/replay.ts'
import { memoryLimiter } from './adapters/limiter-memory.ts'
import { memoryReplay } from './adapters/replay-memory.ts'
import type { RedisConfig } from './redis-config.ts'

/** What gateways that stand side by side must know together: limits and used proofs. */
export interface SharedState {
  readonly burst: Limiter
  readonly quota: Limiter
  readonly replay: ReplayFilter
  /** Where it is now: `memory` of the one process, `redis`, or `local` while Redis is away. */
  readonly place: 'memory' | 'redis' | 'local'
  close (): Promise<void>
}

interface Surroundings { readonly now: () => number, readonly warn: (message: string) => void }

/**
 * Opens the shared state: in Redis where one is configured, in this process's memory where none is. Throws a sentence when Redis answers and cannot be
 * used; one that does not answer is waited for while the gateway works without it.
 */
export async function openSharedState (config: RedisConfig | undefined, { now, warn }: Surroundings): Promise<SharedState> {
  if (!config) return { burst: memoryLimiter(), quota: memoryLimiter(), replay: memoryReplay(), place: 'memory', close: async () => undefined }
  // Loaded only where it is used: a gateway that stands alone starts without it.
  const [{ RedisConnection }, { proveCounting, redisLimiter }, { redisReplay }] = await Promise.all([import('./adapters/redis-connection.ts'), import('./adapters/limiter-redis.ts'), import('./adapters/replay-redis.ts')])
  const { url, expectedNodes } = config
  const redis = await RedisConnection.open({ url, now, warn, prove: proveCounting })
  return {
    burst: redisLimiter(redis, { name: 'burst', expectedNodes }),
    quota: redisLimiter(redis, { name: 'quota', expectedNodes }),
    replay: redisReplay(redis, now),
    get place () { return redis.isUp ? 'redis' : 'local' },
    close: async () => redis.close()
  }
}
