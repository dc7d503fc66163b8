import { prepareDay } from '../policies/day.ts'
import type { Interaction } from '../policies/interactions.ts'
import type { Limiter } from '../policies/limiter.ts'
import type { QuotaCounters } from '../policies/quota-counters.ts'
import type { ReplayFilter } from '../policies/replay.ts'
import { openInteractions, openInteractionsJournal, readOtherInteractions } from './adapters/interactions-file.ts'
import type { KeptInteractions } from './adapters/interactions-file.ts'
import { memoryLimiter } from './adapters/limiter-memory.ts'
import type { NodeCounts } from './adapters/quotas-file.ts'
import type { MemoryQuotas } from './adapters/quotas-memory.ts'
import type { RedisStore } from './adapters/redis-client.ts'
import { memoryReplay } from './adapters/replay-memory.ts'
import type { RedisConfig } from './redis-config.ts'

/** What gateways that stand side by side must know together: limits, used proofs and asynchronous exchanges. */
export interface SharedState {
  readonly burst: Limiter
  readonly quota: QuotaCounters
  readonly replay: ReplayFilter
  /** Where it is now: `memory` of the one process, `redis`, or `local` while Redis is away. */
  readonly place: 'memory' | 'redis' | 'local'
  /** How often Redis has answered, how often this process had to do without its answer, and how often a call took from quotas that were leased before. */
  readonly answers: { readonly redis: number, readonly local: number, readonly lease: number }
  /** Opens the asynchronous exchanges, whose steps are kept in `folder`, that of this process in the state folder. Throws CheckedFileError when its file cannot be used. */
  openInteractions (place: { readonly state: string, readonly folder: string }): Promise<KeptInteractions>
  close (): Promise<void>
}

/** `quotas` are the calls that this process counts, its name beside others, and what others of the same state folder have kept of theirs. */
interface Surroundings { readonly now: () => number, readonly warn: (message: string) => void, readonly quotas: { readonly node: string, readonly own: MemoryQuotas, readonly others: (broken: (error: Error) => void) => Promise<readonly NodeCounts[]> } }

/**
 * Opens the shared state: in Redis where one is configured, in this process's memory where none is. Throws a sentence when Redis answers and cannot be
 * used, or what others have kept cannot be read; one that does not answer is waited for while the gateway works without it.
 */
export async function openSharedState (config: RedisConfig | undefined, { now, warn, quotas: { node, own, others } }: Surroundings): Promise<SharedState> {
  const dayOf = prepareDay()
  const today = (): string => dayOf(now()).date
  const atStart = await others((error) => { throw error })
  if (!config) {
    // Those that counted it do not run: one process alone is enough.
    for (const { counts } of atStart) for (const counter of counts.since(today())) own.loadOther(counter)
    return {
      burst: memoryLimiter(),
      quota: own,
      replay: memoryReplay(),
      place: 'memory',
      answers: { redis: 0, local: 0, lease: 0 },
      openInteractions: async ({ state, folder }) => openInteractions(folder, now, { others: await readOtherInteractions(state, folder, (error) => { throw error }) }),
      close: async () => undefined
    }
  }
  // Loaded only where it is used: a gateway that stands alone starts without it.
  const [{ RedisConnection }, { proveCounting, redisLimiter }, { Leases }, { RedisQuotas, restoreOwn, restoreQuotas }, { redisReplay }, { RedisInteractions }] = await Promise.all([import('./adapters/redis-connection.ts'), import('./adapters/limiter-redis.ts'), import('./adapters/quota-leases.ts'), import('./adapters/quotas-redis.ts'), import('./adapters/replay-redis.ts'), import('./adapters/interactions-redis.ts')])
  const { url, expectedNodes } = config
  const leases = new Leases(own)
  let interactions: InstanceType<typeof RedisInteractions> | undefined
  const restore = async (store: RedisStore): Promise<void> => {
    await restoreOwn(store, node, leases, today())
    // Those that do not run cannot tell what they counted, and those that run will tell the rest.
    for (const other of await others((error) => { warn(`what was counted today cannot be restored as a whole: ${error.message}`) })) await restoreQuotas(store, other.node, other.counts.since(today()))
    await interactions?.tell(store)
  }
  const redis = await RedisConnection.open({ url, now, warn, prove: proveCounting, restore })
  const quota = new RedisQuotas(redis, leases, { node, own, expectedNodes, now })
  return {
    burst: redisLimiter(redis, { name: 'burst', expectedNodes }),
    quota,
    replay: redisReplay(redis, now),
    get place () { return redis.isUp ? 'redis' : 'local' },
    get answers () { return { ...redis.answers, lease: quota.served } },
    openInteractions: async ({ state, folder }) => {
      const others = async (): Promise<readonly Interaction[]> => readOtherInteractions(state, folder, (error) => { warn(`what is known of asynchronous exchanges cannot be restored as a whole: ${error.message}`) })
      const opened = interactions = new RedisInteractions(redis, { journal: await openInteractionsJournal(folder, now), others, now })
      // Where that takes too long Redis is told again, by itself.
      await redis.run(async (store) => opened.tell(store).then(() => true))
      return opened
    },
    close: async () => {
      await quota.close()
      await redis.close()
    }
  }
}
