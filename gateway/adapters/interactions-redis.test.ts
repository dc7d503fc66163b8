import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import type { Interactions } from '../../policies/interactions.ts'
import { until } from '../harness/gateway.ts'
import { temporaryFolder } from '../harness/process.ts'
import { startRedis, withRedis } from '../harness/redis.ts'
import { openInteractions, openInteractionsJournal, readOtherInteractions } from './interactions-file.ts'
import { RedisInteractions } from './interactions-redis.ts'
import { id, now, startOf, testInteractions } from './interactions-suite.ts'
import type { RedisConnection } from './redis-connection.ts'
import { openConnection, timed } from './redis-fixture.ts'
import type { RedisStore } from './redis-client.ts'

const minute = 60_000
const fetched = (last: number, changes: object = {}) => startOf(last, { state: 'get_resource', ...changes })

const keyOf = (last: number): string => `varco:{replay}:interaction ${id(last)}`

/** Asks again where Redis did not answer in time, as it may on a machine that is busy. */
function patient (interactions: RedisInteractions, connection: RedisConnection): Interactions {
  const surely = async <Given>(ask: () => Promise<Given>): Promise<Given> => {
    for (;;) {
      const { local } = connection.answers
      const given = await ask()
      if (connection.answers.local === local) return given
      await until(() => connection.isUp)
    }
  }
  return {
    find: async (...asked) => surely(async () => interactions.find(...asked)),
    replace: async (...asked) => surely(async () => interactions.replace(...asked)),
    restore: (...asked) => { interactions.restore(...asked) }
  }
}

/** Gateways on one Redis that is a minute old, each with a state folder of its own unless told. */
async function start (t: Test, ...args: readonly string[]) {
  const redis = await startRedis(t, ...args)
  const clock = { now: now - minute }
  const open = async ({ state, worker = 1, capacity }: { readonly state?: string, readonly worker?: number, readonly capacity?: number | undefined } = {}) => {
    const shared = state ?? await temporaryFolder(t)
    const folder = join(shared, `worker-${worker}`)
    let opened: RedisInteractions | undefined
    const { connection } = await openConnection(t, redis.url, clock, async (store: RedisStore) => opened?.tell(store))
    const journal = await openInteractionsJournal(folder, () => clock.now, capacity)
    const interactions = opened = new RedisInteractions(connection, { journal, others: async () => readOtherInteractions(shared, folder, (error) => { throw error }), now: () => clock.now })
    await connection.run(async (store) => interactions.tell(store).then(() => true))
    t.teardown(async () => journal.close())
    return { interactions: patient(interactions, connection), hasty: interactions, connection, journal, state: shared }
  }
  const first = await open()
  clock.now = now
  return { redis, clock, open, ...first }
}

t.test('it does what every keeper of interactions does', withRedis, async (t) => {
  const { redis, open } = await start(t)
  const generation = await redis.ask('get', 'varco:{replay}-generation')
  await testInteractions(t, async (_t, capacity) => {
    await redis.ask('flushall')
    await redis.ask('set', 'varco:{replay}-generation', generation)
    return (await open({ capacity })).interactions
  })
})

t.test('of what comes to several gateways at once one starts, and each goes on where another stopped', withRedis, async (t) => {
  const { interactions, open } = await start(t)
  const gateways = [interactions, (await open()).interactions] as const
  const outcomes = await Promise.all(Array.from({ length: 100 }, async (_, index) => gateways[index % 2]?.replace(undefined, startOf(1), now)))
  t.equal(outcomes.filter((outcome) => outcome === 'done').length, 1)
  const found = await gateways[1].find(id(1), now, now)
  t.strictSame(found, startOf(1))
  if (found === undefined || found === 'unavailable') return
  t.equal(await gateways[1].replace(found, fetched(1), now), 'done')
  t.equal(await gateways[0].replace(found, fetched(1), now), 'changed')
  t.match(await gateways[0].find(id(1), now, now), { state: 'get_resource' })
})

t.test('all of it lies in one slot with the generation, and goes when its time is over', withRedis, async (t) => {
  const { redis, interactions } = await start(t)
  await interactions.replace(undefined, startOf(1), now)
  const keys = (await redis.ask('keys', '*{replay}*')).split('\n').toSorted()
  t.strictSame(keys, ['varco:{replay}-generation', keyOf(1)])
  const ttl = Number(await redis.ask('pttl', keyOf(1)))
  t.ok(ttl > 3_590_000 && ttl <= 3_600_000, `${ttl} ms`)
})

t.test('while Redis is away nothing is decided, and nobody waits for long', withRedis, async (t) => {
  const { redis, interactions, hasty, connection } = await start(t)
  const started = startOf(1)
  await interactions.replace(undefined, started, now)
  redis.freeze()
  for (const ask of [async () => hasty.find(id(1), now, now), async () => hasty.replace(started, fetched(1), now), async () => hasty.find(id(2), now, now)]) {
    const { ms, given } = await timed<unknown>(ask)
    t.equal(given, 'unavailable')
    t.ok(ms < 500, `${Math.round(ms)} ms`)
  }
  redis.thaw()
  await until(() => connection.isUp)
  t.strictSame(await interactions.find(id(1), now, now), started)
})

t.test('a step that came too late to be told of is taken back', withRedis, async (t) => {
  const { redis, interactions, hasty, connection } = await start(t)
  redis.freeze()
  t.equal(await hasty.replace(undefined, startOf(1), now), 'unavailable')
  redis.thaw()
  await until(() => connection.isUp)
  t.equal(await interactions.find(id(1), now, now), undefined)
  t.equal(await interactions.replace(undefined, startOf(1), now), 'done')
})

t.test('what Redis forgot it is told again: nothing starts twice, and no exchange is lost', withRedis, async (t) => {
  const { redis, clock, interactions, journal, open, connection } = await start(t)
  const other = await open()
  const started = startOf(1)
  await interactions.replace(undefined, started, now)
  const found = await other.interactions.find(id(1), now, now)
  await other.interactions.replace(found as typeof started, fetched(1), now)
  await interactions.replace(undefined, startOf(2), now)
  const undone = startOf(3)
  await interactions.replace(undefined, undone, now)
  interactions.restore(undefined, undone)
  t.equal(await interactions.find(id(3), now, now), undefined)
  await redis.ask('flushall')
  clock.now += 1000
  for (const last of [1, 2, 3]) t.equal(await interactions.find(id(last), clock.now, clock.now), 'unavailable', 'until everybody has told it')
  t.equal(await interactions.replace(undefined, startOf(3), clock.now), 'unavailable')
  const isTold = async (): Promise<boolean> => (await redis.ask('mget', keyOf(1), keyOf(2))).includes('"get_resource"') && await redis.ask('exists', keyOf(2)) === '1'
  for (const end = performance.now() + 4000; !await isTold() && performance.now() < end;);
  clock.now += 5000
  t.match([await interactions.find(id(1), clock.now, now), await interactions.find(id(2), clock.now, now)], [{ state: 'get_resource' }, { state: 'start_interaction' }])
  t.equal(await interactions.find(id(3), clock.now, now), 'unavailable', 'a voucher of before may have been used at a gateway that tells nothing')
  t.equal(await interactions.find(id(3), clock.now, now + 8000), undefined, 'one that was issued since was not')
  t.equal(await interactions.replace(undefined, startOf(1), clock.now), 'changed')
  t.equal(journal.memory.size, 2)
  t.ok(connection.isUp)
})

t.test('a later state is never replaced by an earlier one, whoever tells it and however often', withRedis, async (t) => {
  const { redis, interactions, hasty, open, connection } = await start(t)
  const started = startOf(1)
  await interactions.replace(undefined, started, now)
  const early = await redis.ask('get', keyOf(1))
  const other = await open()
  const found = await other.interactions.find(id(1), now, now)
  await other.interactions.replace(found as typeof started, fetched(1), now)
  const tell = async (gateway: RedisInteractions): Promise<void> => {
    while (await connection.run(async (store) => gateway.tell(store).then(() => true)) === undefined) await until(() => connection.isUp)
  }
  for (let time = 0; time < 2; time++) await tell(hasty)
  t.match(await interactions.find(id(1), now, now), { state: 'get_resource' })
  await redis.ask('set', keyOf(1), early)
  t.match(await interactions.find(id(1), now, now), { state: 'start_interaction' }, 'an old copy')
  await tell(other.hasty)
  t.match(await interactions.find(id(1), now, now), { state: 'get_resource' })
  await redis.ask('set', keyOf(2), `${randomUUID()} 0 ${now - 1000} ${now + minute} ${JSON.stringify(startOf(2, { startedAt: now - 1000 }))}`)
  other.journal.memory.load(startOf(2))
  await tell(other.hasty)
  t.match(await interactions.find(id(2), now, now), { startedAt: now }, 'of the same step the later beginning')
})

t.test('what another process of the state folder did is told by this one, and known without Redis too', withRedis, async (t) => {
  const { redis, clock, open, interactions, journal, state, connection } = await start(t)
  await interactions.replace(undefined, startOf(1), now)
  await journal.close()
  await connection.close()
  await redis.ask('flushall')
  const next = await open({ state, worker: 2 })
  clock.now += 6000
  t.match(await next.interactions.find(id(1), clock.now, now), { state: 'start_interaction' })
  await next.interactions.replace(await next.interactions.find(id(1), clock.now, now) as ReturnType<typeof startOf>, fetched(1), clock.now)
  const alone = await openInteractions(state, () => clock.now, { others: await readOtherInteractions(state, state, (error) => { throw error }) })
  t.teardown(async () => alone.close())
  t.match(await alone.find(id(1), clock.now, now), { state: 'get_resource' }, 'the later of two')
})

t.test('what cannot be put on the disk is not done', withRedis, async (t) => {
  const { interactions, journal } = await start(t)
  const started = startOf(1)
  await interactions.replace(undefined, started, now)
  await journal.close()
  t.equal(await interactions.replace(undefined, startOf(2), now), 'unavailable')
  t.equal(await interactions.find(id(2), now, now), undefined)
  t.equal(await interactions.replace(started, fetched(1), now), 'unavailable')
  t.strictSame(await interactions.find(id(1), now, now), started)
})
