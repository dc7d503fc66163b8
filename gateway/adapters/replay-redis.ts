import { rememberedLongerMs } from '../../policies/replay.ts'
import type { ReplayFilter, ReplayVerdict } from '../../policies/replay.ts'
import type { RedisConnection } from './redis-connection.ts'
import { generationKey, generationScript, replayTag, surelyAfterMs } from './redis-generation.ts'

const noteScript = `${generationScript}
if tonumber(ARGV[2]) <= tonumber(since) + ${surelyAfterMs} then return 'unavailable' end
return redis.call('set', KEYS[2], '', 'NX', 'PX', ARGV[3]) and 'first' or 'seen'`

/**
 * Remembers keys in Redis, for all gateways together, with one round trip; `now` in epoch ms. While Redis is away nothing can be decided.
 *
 * What was noted before Redis was emptied or started again is lost, so whatever can have been used by then is `unavailable` for as long as it is good.
 * When it was issued says so, give or take what clocks may be ahead: those of callers by 5 s, those of gateways by one. What is issued from 6 s after
 * the beginning of a generation on is decided as ever. The same script sees that and notes, so that there is no moment between.
 */
export function redisReplay (redis: RedisConnection, now: () => number): ReplayFilter {
  return {
    async note (key, untilMs, nowMs, issuedMs) {
      const forMs = Math.max(1, Math.ceil(untilMs + rememberedLongerMs - nowMs))
      // A call may have begun long ago: a generation that begins with it begins now.
      const verdict = await redis.run(async (store) => store.eval(noteScript, { keys: [generationKey, `varco:${replayTag}:${key}`], arguments: [String(now()), String(issuedMs), String(forMs)] }))
      return verdict as ReplayVerdict | undefined ?? 'unavailable'
    }
  }
}
