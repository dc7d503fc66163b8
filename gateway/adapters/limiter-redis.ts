import { randomUUID } from 'node:crypto'
import { RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible'
import type { Limiter, LimitState } from '../../policies/limiter.ts'
import { BurstWindows } from './limiter-windows.ts'
import type { BurstWindow } from './limiter-windows.ts'
import type { RedisStore } from './redis-client.ts'
import type { RedisConnection } from './redis-connection.ts'
import { Unfit } from './redis-fault.ts'
import { sliceOf } from './shares.ts'

// As the library's own, but that nothing is taken beyond the limit: what is refused must not push the counter further. Tells where it would be then.
const takeScript = `
local taken = tonumber(redis.call('get', KEYS[1]) or '0')
local ttl = redis.call('pttl', KEYS[1])
local window = ARGV[2] * 1000
local wanted = tonumber(ARGV[1])
local granted = math.max(0, math.min(wanted, ARGV[3] - taken))
if granted > 0 then
  redis.call('incrby', KEYS[1], granted)
  if ttl < 0 then redis.call('pexpire', KEYS[1], window) end
end
return {taken + wanted, ttl < 0 and window or ttl}`

/** How long Redis is not told of a few calls, in ms. */
const tellingMs = 20

/** How many calls a process may have admitted that Redis has not confirmed. */
function mostOpen (limit: number, processes: number): number {
  return Math.max(1, sliceOf(limit, processes))
}

/** `name` tells limiters apart that share one Redis; `expectedNodes` is how many processes share it. */
export interface RedisLimiterOptions { readonly name: string, readonly expectedNodes: number }

/**
 * Counts in Redis (rate-limiter-flexible), for all processes together. Whoever is the first of a window in a process waits for one round trip. After that nobody waits
 * far from the limit: a call is admitted by what Redis told last, which is told of several such calls at once, 20 ms later at most. Of calls that Redis has not
 * confirmed a process has one at a time, or its slice of a hundredth of the limit where that is more: by as many the limit may be exceeded, once in a window, where the
 * others used it up since this process heard of them. Near the limit, or with as many out, a call waits for one round trip and is decided exactly; where the
 * limit is known to be reached nobody is asked. While Redis is away every process admits its share of a limit, at least one request, minus what it has
 * itself admitted in the window. What the processes admit then Redis never learns.
 */
export function redisLimiter (redis: RedisConnection, { name, expectedNodes }: RedisLimiterOptions): Limiter {
  const counters = new WeakMap<RedisStore, Map<number, RateLimiterRedis>>()
  const counterOf = (store: RedisStore, limit: number): RateLimiterRedis => {
    const known = counters.get(store) ?? new Map<number, RateLimiterRedis>()
    const counter = known.get(limit) ?? openCounter(store, name, limit)
    counters.set(store, known.set(limit, counter))
    return counter
  }
  const windows = new BurstWindows()
  /** Has Redis count what it was not told of yet, and `asked` calls more: true when there was room for all, undefined when it did not say. */
  const count = async (window: BurstWindow, key: string, limit: number, asked: 0 | 1): Promise<boolean | undefined> => {
    const wanted = window.untold + asked
    window.untold = 0
    window.open += asked
    const counted = await redis.run(async (store) => take(counterOf(store, limit), key, wanted, window.seconds))
    window.open -= wanted
    if (!counted) return undefined
    const before = counted.consumedPoints - wanted
    window.learn(before + Math.min(wanted, Math.max(0, limit - before)), counted.msBeforeNext)
    return counted.consumedPoints <= limit
  }
  const tell = async (window: BurstWindow, key: string, limit: number): Promise<void> => {
    window.isTelling = true
    do await count(window, key, limit, 0)
    while (isPressing(window, limit))
    window.isTelling = false
    if (window.untold > 0) tellLater(window, key, limit)
  }
  const isPressing = ({ untold }: BurstWindow, limit: number): boolean => untold * 2 >= mostOpen(limit, expectedNodes)
  const tellLater = (window: BurstWindow, key: string, limit: number): void => {
    if (window.isDue) return
    window.isDue = true
    setTimeout(() => {
      window.isDue = false
      if (window.untold > 0 && !window.isTelling) void tell(window, key, limit)
    }, tellingMs).unref()
  }
  const ask = async (window: BurstWindow, key: string, limit: number): Promise<LimitState> => {
    const admitted = await count(window, key, limit, 1)
    if (admitted === undefined) return window.takeShare(limit, expectedNodes)
    if (admitted) window.own++
    return window.state(limit, window.known as number, !admitted)
  }
  return {
    consume (key, limit, windowSeconds) {
      const window = windows.of(key, windowSeconds)
      if (!redis.isUp) return window.takeShare(limit, expectedNodes)
      const { known, open } = window
      if (known === undefined) return ask(window, key, limit)
      if (known >= limit) return window.state(limit, known, true)
      const most = mostOpen(limit, expectedNodes)
      if (open >= most || known + open >= limit - most * expectedNodes) return ask(window, key, limit)
      window.admit()
      if (window.isTelling) return window.state(limit, known + open + 1, false)
      if (isPressing(window, limit)) void tell(window, key, limit)
      else tellLater(window, key, limit)
      return window.state(limit, known + open + 1, false)
    },
    async peek (key, limit, windowSeconds) {
      const window = windows.of(key, windowSeconds)
      const counted = await redis.run(async (store) => counterOf(store, limit).get(tagged(key)))
      if (counted === undefined) return window.peekShare(limit, expectedNodes)
      return window.state(limit, (counted?.consumedPoints ?? 0) + window.untold, false)
    }
  }
}

/** Proves that what is counted lands in Redis, in the way in which limits are counted: a counter elsewhere would hold for one process only. */
export async function proveCounting (store: RedisStore): Promise<void> {
  const counter = openCounter(store, 'proof', 1)
  const key = randomUUID()
  await take(counter, key, 1, 10).catch((error: unknown) => {
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

/** Takes so many, or what is left where there are fewer; tells how much of the limit would be used with all of them. */
async function take (counter: RateLimiterRedis, key: string, wanted: number, windowSeconds: number): Promise<RateLimiterRes> {
  return counter.consume(tagged(key), wanted, { customDuration: windowSeconds }).catch((refused: unknown) => {
    if (refused instanceof RateLimiterRes) return refused
    throw refused
  })
}

// In a cluster what is inside of the braces decides where a key lies: counters of different keys lie apart, all of one key together.
function tagged (key: string): string {
  return `{${key}}`
}
