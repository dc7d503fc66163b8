import { randomUUID } from 'node:crypto'
import { RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible'
import type { Limiter } from '../../policies/limiter.ts'
import { memoryLimiter, toState } from './limiter-memory.ts'
import type { RedisStore } from './redis-client.ts'
import type { RedisConnection } from './redis-connection.ts'
import { Unfit } from './redis-fault.ts'

// As the library's own, but that nothing is taken beyond the limit: a refused call must not push the counter further.
const takeScript = `
local taken = tonumber(redis.call('get', KEYS[1]) or '0')
local ttl = redis.call('pttl', KEYS[1])
local window = ARGV[2] * 1000
local left = ttl < 0 and window or ttl
if taken >= tonumber(ARGV[3]) then return {taken + 1, left} end
taken = redis.call('incrby', KEYS[1], ARGV[1])
if ttl < 0 then redis.call('pexpire', KEYS[1], window) end
return {taken, left}`

/** `name` tells limiters apart that share one Redis; `expectedNodes` is by how many processes a limit is divided while Redis is away. */
export interface RedisLimiterOptions { readonly name: string, readonly expectedNodes: number }

/**
 * Counts in Redis (rate-limiter-flexible), for all gateways together, with one round trip for each call of it. While Redis is away every process admits
 * its share of a limit, at least one request, minus what it has itself admitted in the window. What the processes admit then Redis never learns.
 */
export function redisLimiter (redis: RedisConnection, { name, expectedNodes }: RedisLimiterOptions): Limiter {
  const counters = new WeakMap<RedisStore, Map<number, RateLimiterRedis>>()
  const counterOf = (store: RedisStore, limit: number): RateLimiterRedis => {
    const known = counters.get(store) ?? new Map<number, RateLimiterRedis>()
    const counter = known.get(limit) ?? openCounter(store, name, limit)
    counters.set(store, known.set(limit, counter))
    return counter
  }
  const own = memoryLimiter()
  return {
    async consume (key, limit, windowSeconds) {
      const counted = await redis.run(async (store) => take(counterOf(store, limit), key, windowSeconds))
      if (!counted) return { ...await own.consume(key, shareOf(limit, expectedNodes), windowSeconds), limit }
      const exceeded = counted.consumedPoints > limit
      if (!exceeded) await own.consume(key, Number.MAX_SAFE_INTEGER, counted.msBeforeNext / 1000)
      return toState(counted, limit, windowSeconds, exceeded)
    },
    async peek (key, limit, windowSeconds) {
      const counted = await redis.run(async (store) => counterOf(store, limit).get(tagged(key)))
      if (counted === undefined) return { ...await own.peek(key, shareOf(limit, expectedNodes), windowSeconds), limit }
      return toState(counted, limit, windowSeconds, false)
    }
  }
}

/** What one of several gateways admits of a limit while it does not know what the others do. */
export function shareOf (limit: number, expectedNodes: number): number {
  return limit === 0 ? 0 : Math.max(1, Math.floor(limit / expectedNodes))
}

/** Proves that what is counted lands in Redis, in the way in which limits are counted: a counter elsewhere would hold for one process only. */
export async function proveCounting (store: RedisStore): Promise<void> {
  const counter = openCounter(store, 'proof', 1)
  const key = randomUUID()
  await take(counter, key, 10).catch((error: unknown) => {
    // Library and client do not fit together: that is no fault of Redis, and would never end.
    throw error instanceof TypeError ? astray : error
  })
  const landed = await store.get(counter.getKey(tagged(key)))
  if (landed !== '1') throw astray
}

const astray = new Unfit('what is counted does not land in it')

function openCounter (store: RedisStore, name: string, limit: number): RateLimiterRedis {
  return new RateLimiterRedis({ storeClient: store, useRedisPackage: true, keyPrefix: `varco:${name}`, points: limit, duration: 86_400, customIncrTtlLuaScript: takeScript })
}

/** Takes one, or nothing where nothing is left; tells by how much of the limit is used then. */
async function take (counter: RateLimiterRedis, key: string, windowSeconds: number): Promise<RateLimiterRes> {
  return counter.consume(tagged(key), 1, { customDuration: windowSeconds }).catch((refused: unknown) => {
    if (refused instanceof RateLimiterRes) return refused
    throw refused
  })
}

// In a cluster what is inside of the braces decides where a key lies: counters of different keys lie apart, all of one key together.
function tagged (key: string): string {
  return `{${key}}`
}
