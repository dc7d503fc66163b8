import t from 'tap'
import type { QuotaClaim, QuotaCounters } from '../../policies/quota-counters.ts'
import { until } from '../harness/gateway.ts'
import { startRedis, withRedis } from '../harness/redis.ts'
import { Leases } from './quota-leases.ts'
import { MemoryQuotas } from './quotas-memory.ts'
import type { CountedCalls } from './quotas-memory.ts'
import { RedisQuotas, restoreQuotas } from './quotas-redis.ts'
import { claimOn, eserviceId, testQuotas, today } from './quotas-suite.ts'
import type { RedisConnection } from './redis-connection.ts'
import { openConnection, openRedis } from './redis-fixture.ts'

const now = Date.parse(`${today}T22:00:00Z`)

/** The quotas of one gateway. */
function quotasOn (connection: RedisConnection, node = 'node 1', { expectedNodes = 2, idleMs = 60_000, own = new MemoryQuotas() } = {}) {
  const leases = new Leases(own)
  return { own, leases, quotas: new RedisQuotas(connection, leases, { node, own, expectedNodes, now: () => now, idleMs }) }
}

async function admitted (quotas: QuotaCounters, claim: QuotaClaim): Promise<number> {
  for (let count = 0; ; count++) if (!(await quotas.take(claim, false)).every((calls) => calls > 0)) return count
}

t.test('they do what all quotas do', withRedis, async (t) => {
  const { connection, redis } = await openRedis(t)
  await testQuotas(t, async () => {
    await redis.ask('flushall')
    return quotasOn(connection).quotas
  })
})

t.test('several gateways share a small quota exactly, and a call is one round trip', withRedis, async (t) => {
  const { redis, connection } = await openRedis(t)
  const gateways = [quotasOn(connection), quotasOn((await openConnection(t, redis.url)).connection, 'node 2'), quotasOn((await openConnection(t, redis.url)).connection, 'node 3')] as const
  const read = async (): Promise<number> => Number(/cmdstat_eval:calls=(\d+)/.exec(await redis.ask('info', 'commandstats'))?.[1])
  const before = await read()
  const taken = await Promise.all(Array.from({ length: 150 }, async (_, index) => gateways[index % 3]?.quotas.take(claimOn({ a: 100, total: 80 }), false)))
  const calls = await read() - before
  t.ok(calls >= 150 && calls <= 160, `${calls}: beside them there are heartbeats`)
  t.equal(taken.filter((left) => left?.every((each) => each > 0)).length, 80)
  const own = gateways.map((one) => [...one.own.since(today)].find(({ key }) => key === 'total')?.calls ?? 0)
  t.equal(own.reduce((sum, each) => sum + each), 80, 'each knows what it counted itself')
  const counted = await redis.ask('hvals', `varco:quota:{${eserviceId}}:${today} total`)
  t.strictSame(counted.split('\n').toSorted(), own.filter((each) => each > 0).map(String).toSorted(), 'and Redis knows it too')
  const ttl = Number(await redis.ask('pttl', `varco:quota:{${eserviceId}}:${today} total`))
  t.ok(ttl > 7_100_000 && ttl <= 7_200_000, 'and all of it goes an hour after the day')
})

t.test('while Redis is away a gateway has its share of a quota, minus what it has counted, and at least one', withRedis, async (t) => {
  const { connection, redis } = await openRedis(t)
  const { quotas } = quotasOn(connection, 'node 1', { expectedNodes: 4 })
  for (let count = 0; count < 10; count++) await quotas.take(claimOn({ used: 100 }), false)
  await redis.kill()
  await until(() => !connection.isUp)
  t.equal(await admitted(quotas, claimOn({ used: 100 })), 15, '100 / 4 - 10')
  t.equal(await admitted(quotas, claimOn({ new: 100 })), 25)
  t.equal(await admitted(quotas, claimOn({ small: 3, new2: 100 })), 1)
  t.equal(await admitted(quotas, claimOn({ none: 0 })), 0)
  t.strictSame(await quotas.peek(claimOn({ new2: 100 })), [24], 'a claim is one there too')
  quotas.giveBack(claimOn({ used: 100 }))
  t.equal(await admitted(quotas, claimOn({ used: 100 })), 1)
})

t.test('what the others were known to have taken nobody takes while Redis is away', withRedis, async (t) => {
  const { redis, connection } = await openRedis(t)
  const other = quotasOn((await openConnection(t, redis.url)).connection, 'node 2').quotas
  const { quotas } = quotasOn(connection)
  t.equal(await admitted(other, claimOn({ small: 3 })), 3)
  for (let count = 0; count < 90; count++) await other.take(claimOn({ most: 95 }), false)
  t.equal(await admitted(quotas, claimOn({ small: 3 })), 0)
  t.strictSame(await quotas.peek(claimOn({ most: 95 })), [5])
  await redis.kill()
  await until(() => !connection.isUp)
  t.equal(await admitted(quotas, claimOn({ small: 3 })), 0, 'what was told to be used up stays so')
  t.equal(await admitted(quotas, claimOn({ most: 95 })), 5, 'and no more than was left, although the share is 47')
  t.equal(await admitted(quotas, claimOn({ unknown: 10 })), 5)
})

t.test('what gateways counted is known again to a Redis that lost its memory, however often it is told', withRedis, async (t) => {
  const { connection, redis } = await openRedis(t)
  const nodes = [quotasOn(connection), quotasOn((await openConnection(t, redis.url)).connection, 'node 2')] as const
  const restore = async (node: string, counters: Iterable<CountedCalls>): Promise<true | undefined> => connection.run(async (store) => restoreQuotas(store, node, counters).then(() => true))
  const [one, two] = nodes
  for (const { quotas } of [one, two, two]) await quotas.take(claimOn({ a: 10, b: 10 }), false)
  await redis.ask('flushall')
  t.strictSame(await one.quotas.peek(claimOn({ a: 10 })), [9], 'a gateway that asks tells its own')
  for (let count = 0; count < 2; count++) {
    for (const [index, { own }] of nodes.entries()) t.equal(await restore(`node ${index + 1}`, own.since(today)), true)
  }
  t.strictSame(await one.quotas.take(claimOn({ a: 10, b: 10 }), false), [7, 7])
  t.equal(await restore('node 1', [{ date: today, eserviceId, key: 'a', calls: 1 }]), true)
  t.strictSame(await one.quotas.peek(claimOn({ a: 10 })), [6], 'what is known already is not counted twice')
  const many = Array.from({ length: 1200 }, (_, index) => ({ date: today, eserviceId, key: `many ${index}`, calls: 3 }))
  t.equal(await restore('node 1', many), true)
  t.strictSame(await one.quotas.peek(claimOn({ 'many 0': 5, 'many 1199': 5 })), [2, 2])
})

t.test('Redis is told before it is used: when it was away, and when it forgot', withRedis, async (t) => {
  const redis = await startRedis(t)
  const own = new MemoryQuotas()
  const clock = { now }
  const { connection } = await openConnection(t, redis.url, clock, async (store) => restoreQuotas(store, 'node 1', own.since(today)))
  const { quotas } = quotasOn(connection, 'node 1', { own })
  const counted = async (): Promise<string> => redis.ask('hget', `varco:quota:{${eserviceId}}:${today} a`, 'node 1')
  for (let count = 0; count < 3; count++) await quotas.take(claimOn({ a: 100 }), false)
  await redis.kill()
  await until(() => !connection.isUp)
  for (let count = 0; count < 2; count++) await quotas.take(claimOn({ a: 100 }), false)
  await redis.start()
  await until(() => connection.isUp)
  t.strictSame(await quotas.peek(claimOn({ a: 100 })), [95], 'also of the calls that were admitted while it was away')
  clock.now++
  await redis.ask('flushall')
  for (const end = performance.now() + 3000; await counted() !== '5' && performance.now() < end;);
  t.equal(await counted(), '5')
})
