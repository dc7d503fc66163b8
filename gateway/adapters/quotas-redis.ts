import type { CallsLeft, QuotaClaim, QuotaCounters } from '../../policies/quota-counters.ts'
import { shareOf } from './limiter-redis.ts'
import type { CountedCalls, MemoryQuotas } from './quotas-memory.ts'
import type { RedisStore } from './redis-client.ts'
import type { RedisConnection } from './redis-connection.ts'
import { inTime } from './redis-deadline.ts'

/**
 * A counter is a hash with a field for every gateway: what it has counted itself. All fields together are the calls that were made, and a field can be
 * restored by its gateway as often as it likes.
 */
const takeScript = `
local left, free = {}, true
for i, key in ipairs(KEYS) do
  left[i] = tonumber(ARGV[i + 3])
  for _, calls in ipairs(redis.call('hvals', key)) do left[i] = left[i] - calls end
  free = free and left[i] > 0
end
if ARGV[3] == 'always' or (ARGV[3] == 'free' and free) then
  for _, key in ipairs(KEYS) do
    redis.call('hincrby', key, ARGV[1], 1)
    redis.call('pexpire', key, ARGV[2])
  end
end
return left`

const giveBackScript = `
for _, key in ipairs(KEYS) do
  if tonumber(redis.call('hget', key, ARGV[1]) or '0') > 0 then redis.call('hincrby', key, ARGV[1], -1) end
end
return #KEYS`

const restoreScript = `
for i, key in ipairs(KEYS) do
  if tonumber(redis.call('hget', key, ARGV[1]) or '0') < tonumber(ARGV[i + 2]) then redis.call('hset', key, ARGV[1], ARGV[i + 2]) end
  redis.call('pexpire', key, ARGV[2])
end
return #KEYS`

/** A counter goes a while after its day, whose end gateways see at slightly different times. */
const spareMs = 3_600_000
/** Enough for any day. */
const longestMs = 25 * 3_600_000 + spareMs
/** How many counters are restored at a time, while Redis does nothing else, and how long that may take, in ms. */
const restoredAtOnce = 500
const answerMs = 75

/** `node` names this gateway among those that share the Redis, for as long as its own counts are kept; `own` are those. `expectedNodes` is by how many a limit is divided while Redis is away; `now` in epoch ms. */
export interface RedisQuotasOptions { readonly node: string, readonly own: MemoryQuotas, readonly expectedNodes: number, readonly now: () => number }

/**
 * Counts in Redis, for all gateways together, with one round trip for each call of it. While Redis is away every gateway admits its share of a quota,
 * at least one call, minus what it has itself admitted that day.
 */
export function redisQuotas (redis: RedisConnection, { node, own, expectedNodes, now }: RedisQuotasOptions): QuotaCounters {
  const ask = async (claim: QuotaClaim, when: 'free' | 'always' | 'never'): Promise<CallsLeft | undefined> => redis.run(async (store) => {
    const limits = claim.quotas.map(({ limit }) => String(limit))
    return store.eval(takeScript, { keys: keysOf(claim), arguments: [node, String(Math.max(0, claim.day.endsAt - now()) + spareMs), when, ...limits] }) as Promise<number[]>
  })
  const shared = (claim: QuotaClaim): QuotaClaim => ({ ...claim, quotas: claim.quotas.map((quota) => ({ ...quota, limit: shareOf(quota.limit, expectedNodes) })) })
  return {
    async take (claim, beyond) {
      const left = await ask(claim, beyond ? 'always' : 'free')
      if (!left) return own.take(shared(claim), beyond)
      if (beyond || left.every((calls) => calls > 0)) own.take(claim, true)
      return left
    },
    async peek (claim) {
      return await ask(claim, 'never') ?? own.peek(shared(claim))
    },
    giveBack (claim) {
      own.giveBack(claim)
      void redis.run(async (store) => store.eval(giveBackScript, { keys: keysOf(claim), arguments: [node] }))
    }
  }
}

/** Makes a Redis know again what a gateway counted, where it has forgotten that or was not told. Rejects when it does not answer, each time in 75 ms. */
export async function restoreQuotas (store: RedisStore, node: string, counters: Iterable<CountedCalls>): Promise<void> {
  for (const [eserviceId, all] of Map.groupBy(counters, (one) => one.eserviceId)) {
    for (let from = 0; from < all.length; from += restoredAtOnce) {
      const some = all.slice(from, from + restoredAtOnce)
      const keys = some.map(({ date, key }) => keyOf(eserviceId, date, key))
      await inTime(store.eval(restoreScript, { keys, arguments: [node, String(longestMs), ...some.map(({ calls }) => String(calls))] }), answerMs)
    }
  }
}

function keysOf ({ eserviceId, day: { date }, quotas }: QuotaClaim): string[] {
  return quotas.map(({ key }) => keyOf(eserviceId, date, key))
}

// In a cluster what is inside of the braces decides where a key lies: the counters of a call must lie together.
function keyOf (eserviceId: string, date: string, key: string): string {
  return `varco:quota:{${eserviceId}}:${date} ${key}`
}
