import type { CallsLeft, QuotaClaim, QuotaCounters } from '../../policies/quota-counters.ts'
import { Leases } from './quota-leases.ts'
import type { Lease } from './quota-leases.ts'
import type { CountedCalls, MemoryQuotas } from './quotas-memory.ts'
import type { RedisStore } from './redis-client.ts'
import type { RedisConnection } from './redis-connection.ts'
import { inTime } from './deadline.ts'
import { shareOf, sliceOf } from './shares.ts'

/**
 * A counter is a hash with a field for every process: the calls that it admitted, and those that it leased. All fields together are what is used of a quota, and a
 * process may tell its own as often as it likes: every question says how many it knows of (`held`), so that a Redis that forgot them knows them again. Lease and
 * loss, of a process that died or of an answer that never came, are what the field has on top of what was admitted: `spare` is how much of that there may still be.
 * A question gets half of it, so that claims on one quota do not starve each other.
 */
const askScript = `
local left, counted, lowest, more = {}, {}, math.huge, tonumber(ARGV[4])
for i, key in ipairs(KEYS) do
  local limit, held, spare = tonumber(ARGV[i * 3 + 2]), tonumber(ARGV[i * 3 + 3]), tonumber(ARGV[i * 3 + 4])
  left[i], counted[i] = limit, held
  local fields = redis.call('hgetall', key)
  for f = 1, #fields, 2 do
    local calls = tonumber(fields[f + 1])
    if fields[f] == ARGV[1] then counted[i] = math.max(held, calls) else left[i] = left[i] - calls end
  end
  left[i] = left[i] - counted[i]
  lowest = math.min(lowest, left[i])
  more = math.min(more, math.ceil((spare - counted[i] + held) / 2))
end
local calls = (ARGV[3] == 'always' or ARGV[3] == 'free' and lowest > 0) and 1 or 0
more = math.max(0, math.min(more, lowest - calls))
if calls + more > 0 then
  for i, key in ipairs(KEYS) do
    redis.call('hset', key, ARGV[1], counted[i] + calls + more)
    redis.call('pexpire', key, ARGV[2])
  end
end
left[#left + 1] = more
return left`

const giveBackScript = `
for i, key in ipairs(KEYS) do
  local calls = tonumber(redis.call('hget', key, ARGV[1]) or '0')
  if calls > 0 then redis.call('hset', key, ARGV[1], math.max(ARGV[i + 2], calls - ARGV[2])) end
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

/**
 * `node` names this process among those that share the Redis, for as long as its own counts are kept; `own` are those. `expectedNodes` is how many they are; `now` in
 * epoch ms. A lease that was not used for `idleMs`, twice that at most, is given back.
 */
export interface RedisQuotasOptions { readonly node: string, readonly own: MemoryQuotas, readonly expectedNodes: number, readonly now: () => number, readonly idleMs?: number }

/**
 * Counts in Redis, for all processes together, and leases from it: a call that finds some of a lease left is admitted at once, and one that does not waits for one
 * round trip. The leases of all processes are a hundredth of a quota at most, so that a quota that is smaller is counted call by call, and what is lost of them
 * is lost for the day. While Redis is away a process admits what is left of its leases, and then its share of a quota, at least one call unless the
 * others were known to have taken all, minus what it has itself admitted that day.
 */
export class RedisQuotas implements QuotaCounters {
  readonly #redis: Pick<RedisConnection, 'isUp' | 'run'>
  readonly #options: RedisQuotasOptions
  readonly #leases: Leases
  readonly #timer: NodeJS.Timeout
  #served = 0

  constructor (redis: Pick<RedisConnection, 'isUp' | 'run'>, leases: Leases, options: RedisQuotasOptions) {
    this.#redis = redis
    this.#options = options
    this.#leases = leases
    this.#timer = setInterval(() => { void this.#endIdle() }, options.idleMs ?? 1000).unref()
  }

  /** How many calls were admitted from leases. */
  get served (): number { return this.#served }

  take (claim: QuotaClaim, beyond: boolean): CallsLeft | Promise<CallsLeft> {
    const lease = this.#leaseOf(claim)
    const left = lease.take()
    if (!left) return this.#takeOne(lease, beyond)
    this.#served++
    if (lease.isLow) this.#extend(lease)
    return left
  }

  peek (claim: QuotaClaim): CallsLeft | Promise<CallsLeft> {
    const lease = this.#leaseOf(claim)
    return lease.peek() ?? this.#look(lease)
  }

  foresee (claim: QuotaClaim): void {
    const lease = this.#leaseOf(claim)
    if (lease.left === 0) this.#extend(lease)
  }

  giveBack (claim: QuotaClaim): void {
    this.#options.own.giveBack(claim)
    void this.#return(this.#leaseOf(claim), 1)
  }

  /** Gives back what is leased. */
  async close (): Promise<void> {
    clearInterval(this.#timer)
    await Promise.all(this.#leases.takeAll().map(async (lease) => this.#end(lease)))
  }

  #leaseOf (claim: QuotaClaim): Lease {
    return this.#leases.of(claim, (before) => { void this.#end(before) })
  }

  async #takeOne (lease: Lease, beyond: boolean): Promise<CallsLeft> {
    const call = { isDecided: false }
    const told = await this.#redis.run(async (store) => this.#ask(store, lease, beyond ? 'always' : 'free', call))
    call.isDecided = true
    return told ?? this.#options.own.take(this.#shareOf(lease), beyond)
  }

  async #look (lease: Lease): Promise<CallsLeft> {
    return await this.#redis.run(async (store) => this.#ask(store, lease)) ?? this.#options.own.peek(this.#shareOf(lease))
  }

  /** Asks for calls, where there are any to lease and nobody asks already, without anybody waiting for it. */
  #extend (lease: Lease): void {
    if (lease.isAsking || !this.#redis.isUp || this.#standingOf(lease).some(({ spare }) => spare <= 0)) return
    void this.#redis.run(async (store) => this.#ask(store, lease))
  }

  /** Asks for a call where there is one left (or in any case), and for calls to lease where nobody asks for those already; gives what callers are told of before. */
  async #ask (store: RedisStore, lease: Lease, when: 'free' | 'always' | 'never' = 'never', call = { isDecided: false }): Promise<CallsLeft> {
    const { claim, isAsking, want } = lease
    const { node, now } = this.#options
    const counters = this.#standingOf(lease).flatMap(({ limit, held, spare }) => [String(limit), String(held), String(spare)])
    lease.isAsking = true
    try {
      const ttlMs = Math.max(0, claim.day.endsAt - now()) + spareMs
      const answer = await store.eval(askScript, { keys: keysOf(claim), arguments: [node, String(ttlMs), when, String(isAsking ? 0 : want), ...counters] }) as number[]
      const left = answer.slice(0, -1)
      lease.learn(left, answer.at(-1) as number)
      // Before any other answer is looked at.
      return this.#settle(lease, left, when === 'always' || (when === 'free' && left.every((calls) => calls > 0)), call)
    } finally {
      if (!isAsking) lease.isAsking = false
    }
  }

  #settle (lease: Lease, left: CallsLeft, taken: boolean, call: { readonly isDecided: boolean }): CallsLeft {
    // An answer may come so late that its call was decided without it.
    const told = taken && !call.isDecided ? lease.admit(left) : lease.tell(left)
    if (taken && call.isDecided) lease.add(1)
    if (lease.isOver) void this.#end(lease)
    return told
  }

  /** For each quota what this process knows to have taken from it, and how much of that may be leased yet. */
  #standingOf ({ claim, held }: Lease): readonly { readonly limit: number, readonly held: number, readonly spare: number }[] {
    return claim.quotas.map(({ limit }, index) => {
      const { admitted, leased } = held[index] as (typeof held)[number]
      return { limit, held: admitted + leased, spare: sliceOf(limit, this.#options.expectedNodes) - leased }
    })
  }

  /** What this process may take without knowing what the others do: never what they were known to have taken. */
  #shareOf ({ claim, others }: Lease): QuotaClaim {
    return { ...claim, quotas: claim.quotas.map((quota, index) => ({ ...quota, limit: Math.min(shareOf(quota.limit, this.#options.expectedNodes), Math.max(0, quota.limit - (others[index] as number))) })) }
  }

  /** What is left of a lease while Redis is away is for the calls of that time. */
  async #endIdle (): Promise<void> {
    if (this.#redis.isUp) await Promise.all(this.#leases.takeIdle().map(async (lease) => this.#end(lease)))
  }

  async #end (lease: Lease): Promise<void> {
    const calls = lease.end()
    if (calls > 0) await this.#return(lease, calls)
  }

  async #return (lease: Lease, calls: number): Promise<void> {
    await this.#redis.run(async (store) => giveBack(store, this.#options.node, lease, calls))
  }
}

/**
 * Ends all leases of a process and tells Redis, which was away or has forgotten, what the process took: what is left of the leases was got from a Redis that did not know
 * what was admitted meanwhile. Rejects when it does not answer, each time in 75 ms.
 */
export async function restoreOwn (store: RedisStore, node: string, leases: Leases, date: string): Promise<void> {
  const ended = leases.takeAll().map((lease) => ({ lease, calls: lease.end() })).filter(({ calls }) => calls > 0)
  await inTime(Promise.all(ended.map(async ({ lease, calls }) => giveBack(store, node, lease, calls))), answerMs)
  await restoreQuotas(store, node, leases.since(date))
}

/** Makes a Redis know again what a process took, where it has forgotten that or was not told. Rejects when it does not answer, each time in 75 ms. */
export async function restoreQuotas (store: RedisStore, node: string, counters: Iterable<CountedCalls>): Promise<void> {
  for (const [eserviceId, all] of Map.groupBy(counters, (one) => one.eserviceId)) {
    for (let from = 0; from < all.length; from += restoredAtOnce) {
      const some = all.slice(from, from + restoredAtOnce)
      const keys = some.map(({ date, key }) => keyOf(eserviceId, date, key))
      await inTime(store.eval(restoreScript, { keys, arguments: [node, String(longestMs), ...some.map(({ calls }) => String(calls))] }), answerMs)
    }
  }
}

/** Gives back calls, but never so many that fewer are counted than the process knows to have taken. */
async function giveBack (store: RedisStore, node: string, { claim, held }: Lease, calls: number): Promise<unknown> {
  return store.eval(giveBackScript, { keys: keysOf(claim), arguments: [node, String(calls), ...held.map(({ admitted, leased }) => String(admitted + leased))] })
}

function keysOf ({ eserviceId, day: { date }, quotas }: QuotaClaim): string[] {
  return quotas.map(({ key }) => keyOf(eserviceId, date, key))
}

// In a cluster what is inside of the braces decides where a key lies: the counters of a call must lie together.
function keyOf (eserviceId: string, date: string, key: string): string {
  return `varco:quota:{${eserviceId}}:${date} ${key}`
}
