import * as fc from 'fast-check'
import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import type { Test } from 'tap'
import type { CallsLeft, QuotaClaim } from '../../policies/quota-counters.ts'
import { until } from '../harness/gateway.ts'
import { startRedis, withRedis } from '../harness/redis.ts'
import type { TestRedis } from '../harness/redis.ts'
import { Leases } from './quota-leases.ts'
import { MemoryQuotas } from './quotas-memory.ts'
import { RedisQuotas, restoreOwn } from './quotas-redis.ts'
import { claimOn, eserviceId, today } from './quotas-suite.ts'
import type { RedisConnection } from './redis-connection.ts'
import { openConnection, openRedis, timed } from './redis-fixture.ts'
import { sliceOf } from './shares.ts'

const now = Date.parse(`${today}T22:00:00Z`)

interface Options { readonly node?: string, readonly own?: MemoryQuotas, readonly leases?: Leases, readonly expectedNodes?: number, readonly idleMs?: number }

/** A process that counts in Redis; what it leases it gives back when it is told to, or after `idleMs`. */
class Process {
  readonly node: string
  readonly own: MemoryQuotas
  readonly leases: Leases
  readonly quotas: RedisQuotas
  readonly #connection: Pick<RedisConnection, 'isUp' | 'run'>

  constructor (t: Test, connection: Pick<RedisConnection, 'isUp' | 'run'>, { node = 'node 1', own = new MemoryQuotas(), leases = new Leases(own), expectedNodes = 2, idleMs = 60_000 }: Options = {}) {
    this.#connection = connection
    this.node = node
    this.own = own
    this.leases = leases
    this.quotas = new RedisQuotas(connection, leases, { node, own, expectedNodes, now: () => now, idleMs })
    t.teardown(async () => this.quotas.close())
  }

  admitted (key: string): number {
    return [...this.own.since(today)].find((one) => one.key === key && one.date === today)?.calls ?? 0
  }

  leased (key: string): number {
    return ([...this.leases.since(today)].find((one) => one.key === key && one.date === today)?.calls ?? 0) - this.admitted(key)
  }

  /** Attempts so many calls, `lanes` of them at a time, and gives how many were admitted. */
  async attempt (claim: QuotaClaim, attempts: number, lanes = 1): Promise<number> {
    let [left, admitted] = [attempts, 0]
    const lane = async (): Promise<void> => {
      while (left-- > 0) if (isAdmitted(await this.quotas.take(claim, false))) admitted++
    }
    await Promise.all(Array.from({ length: lanes }, lane))
    return admitted
  }

  async restore (): Promise<void> {
    await this.#connection.run(async (store) => restoreOwn(store, this.node, this.leases, today).then(() => true))
  }
}

interface Opened { readonly connection: RedisConnection, readonly process: Process }

const isAdmitted = (left: CallsLeft): boolean => left.every((calls) => calls > 0)

/** What Redis has counted, all processes together. */
async function counted (redis: TestRedis, key: string, date = today): Promise<number> {
  const calls = await redis.ask('hvals', `varco:quota:{${eserviceId}}:${date} ${key}`)
  return calls.split('\n').reduce((sum, each) => sum + Number(each), 0)
}

/** Two processes, each with a way of its own to one Redis, which they tell what they know before they use it. */
async function openTwo (t: Test): Promise<{ readonly redis: TestRedis, readonly one: Opened, readonly two: Opened }> {
  const redis = await startRedis(t)
  const [one, two] = await Promise.all(['node 1', 'node 2'].map(async (node) => {
    const own = new MemoryQuotas()
    const leases = new Leases(own)
    const { connection } = await openConnection(t, redis.url, { now }, async (store) => restoreOwn(store, node, leases, today))
    return { connection, process: new Process(t, connection, { node, own, leases }) }
  })) as [Opened, Opened]
  return { redis, one, two }
}

t.test('20 000 calls of two processes get a quota of 10 000, all but a hundredth and not one more', withRedis, async (t) => {
  const { redis, one, two } = await openTwo(t)
  const claim = claimOn({ 'purpose': 10_000, 'consumer': 12_000, 'total': 10_000 })
  const admitted = await Promise.all([one, two].map(async ({ process }) => process.attempt(claim, 10_000, 16)))
  const sum = admitted[0] as number + (admitted[1] as number)
  // On a machine that is too busy an answer of Redis is late now and then.
  const late = one.connection.answers.local + two.connection.answers.local
  t.ok(sum <= 10_000 + late && sum >= 9900 - late, `${sum}, ${late} answers were late`)
  t.strictSame([one, two].map(({ process }) => process.admitted('total')), admitted, 'each keeps what it admitted')
  t.ok([one, two].every(({ process }) => process.quotas.served > 0))
  await Promise.all([one, two].map(async ({ process }) => process.quotas.close()))
  if (late === 0) t.equal(await counted(redis, 'total'), sum, 'and what was not used is back')
})

t.test('a call is admitted without waiting for as long as there are leases, and no process has more out than its slice', withRedis, async (t) => {
  const { connection, redis } = await openRedis(t)
  const one = new Process(t, connection)
  const claims = ['a', 'b', 'c'].map((purpose) => claimOn({ [purpose]: 100_000, total: 20_000 }))
  let [waited, most] = [0, 0]
  for (let count = 0; count < 600; count++) {
    for (const claim of claims) {
      const left = one.quotas.take(claim, false)
      if (left instanceof Promise) waited++
      await left
    }
    if (count % 5 === 0) await turn()
    most = Math.max(most, one.leased('total'))
  }
  t.ok(most > 16 && most <= sliceOf(20_000, 2), `${most}`)
  t.equal(one.admitted('total'), 1800)
  t.ok(waited < 600, `${waited} of 1800 calls waited`)
  t.equal(one.quotas.served, 1800 - waited)
  await one.quotas.peek(claimOn({ other: 1 }))
  t.equal(await counted(redis, 'total'), 1800 + one.leased('total'))
})

t.test('what will probably be taken is leased meanwhile, but for quotas that are counted call by call', withRedis, async (t) => {
  const { connection } = await openRedis(t)
  const { quotas } = new Process(t, connection)
  const [claim, small] = [claimOn({ a: 1000 }), claimOn({ b: 199, a: 1000 })]
  quotas.foresee(claim)
  quotas.foresee(claim)
  quotas.foresee(small)
  const asked = connection.answers.redis
  await quotas.peek(claimOn({ other: 1 }))
  t.equal(connection.answers.redis - asked, 2, 'one of them was asked for')
  t.strictSame(quotas.take(claim, false), [1000])
  t.ok(quotas.take(small, false) instanceof Promise)
  t.strictSame(quotas.peek(claim), [999], 'a look at it is none at Redis either')
})

t.test('what is not used for a while comes back by itself, and what is used does not', withRedis, async (t) => {
  const { connection, redis } = await openRedis(t)
  const { leases, quotas } = new Process(t, connection)
  const claim = claimOn({ a: 10_000 })
  await quotas.take(claim, false)
  t.strictSame(leases.takeIdle(), [])
  quotas.take(claim, false)
  t.strictSame(leases.takeIdle(), [])
  t.match(leases.takeIdle(), [{ left: 15, claim }])
  const idle = new Process(t, connection, { node: 'node 2', idleMs: 20 })
  await idle.quotas.take(claimOn({ b: 10_000 }), false)
  t.equal(idle.leased('b'), 16)
  await until(() => idle.leased('b') === 0)
  t.equal(await counted(redis, 'b'), 1)
})

t.test('limits that change hold at once, and a lease belongs to its day', withRedis, async (t) => {
  const { connection, redis } = await openRedis(t)
  const one = new Process(t, connection)
  const tomorrow = '2026-03-03'
  for (let count = 0; count < 10; count++) await one.quotas.take(claimOn({ a: 2000 }), false)
  await one.quotas.peek(claimOn({ other: 1 }))
  t.ok(one.leased('a') > 0)
  t.strictSame(await one.quotas.take(claimOn({ a: 10 }), false), [0], 'nothing is taken from a lease of more')
  t.strictSame(await one.quotas.take(claimOn({ a: 2001 }), false), [1991])
  t.strictSame(await one.quotas.take(claimOn({ a: 2001 }, { date: tomorrow }), false), [2001])
  t.strictSame(await one.quotas.take(claimOn({ a: 2001 }), false), [1990])
  await one.quotas.close()
  t.strictSame([await counted(redis, 'a'), await counted(redis, 'a', tomorrow)], [12, 1])
})

t.test('what is leased by a question whose limits have changed meanwhile is given back', withRedis, async (t) => {
  const { connection, redis } = await openRedis(t)
  const one = new Process(t, connection)
  await Promise.all([claimOn({ a: 10_000 }), claimOn({ a: 9000 })].map(async (claim) => one.quotas.take(claim, false)))
  await one.quotas.close()
  t.equal(await counted(redis, 'a'), 2)
})

t.test('Redis never counts less than a process knows to have admitted, and what it has leased ends with a restoration', withRedis, async (t) => {
  const { connection, redis } = await openRedis(t)
  const one = new Process(t, connection)
  const claim = claimOn({ a: 100 })
  t.equal(await one.attempt(claim, 5), 5)
  one.own.take(claim, true)
  one.quotas.giveBack(claim)
  t.equal(await counted(redis, 'a'), 5, 'the call that is given back is one that Redis was not told of')
  for (let count = 0; count < 3; count++) one.own.take(claim, true)
  t.strictSame(await one.quotas.take(claim, false), [92])
  t.equal(await counted(redis, 'a'), 9)
  await one.quotas.take(claimOn({ b: 10_000 }), false)
  t.equal(await counted(redis, 'b'), 17)
  await one.restore()
  t.equal(await counted(redis, 'b'), 1)
})

t.test('beyond its limits every call is counted, leased or not', withRedis, async (t) => {
  const { connection, redis } = await openRedis(t)
  const one = new Process(t, connection)
  const told = []
  for (let count = 0; count < 420; count++) told.push((await one.quotas.take(claimOn({ a: 400, b: 100_000 }), true))[0])
  t.strictSame(told, Array.from({ length: 420 }, (_, index) => 400 - index))
  t.ok(one.quotas.served > 100)
  await one.quotas.close()
  t.strictSame([await counted(redis, 'a'), await counted(redis, 'b')], [420, 420])
})

t.test('what callers are told never grows because a lease comes back, whoever held it', withRedis, async (t) => {
  const { connection } = await openRedis(t)
  const claim = claimOn({ a: 1000 })
  const processes = [0, 1].map((index) => new Process(t, connection, { node: `node ${index}` }))
  const told: number[][] = [[], []]
  for (let round = 0; round < 40; round++) {
    for (const [index, { quotas }] of processes.entries()) {
      for (let count = 0; count < (index === round % 2 ? 25 : 2); count++) told[index]?.push((await quotas.take(claim, false))[0] as number)
    }
    // Gives back what it leased.
    await processes[round % 2]?.quotas.close()
  }
  for (const each of told) t.strictSame(each, each.toSorted((a, b) => b - a))
  const sum = processes.reduce((calls, one) => calls + one.admitted('a'), 0)
  t.ok(sum <= 1000 && sum >= 990, `${sum}`)
})

t.test('a process that dies loses a hundredth at most, however often it does', withRedis, async (t) => {
  const { connection, redis } = await openRedis(t)
  const claim = claimOn({ a: 2000 })
  let one = new Process(t, connection)
  for (let death = 0; death < 20; death++) {
    await one.attempt(claim, 20, 3)
    const own = new MemoryQuotas()
    for (const counter of one.own.since(today)) own.load(counter)
    one = new Process(t, connection, { own })
  }
  t.equal(one.admitted('a'), 400)
  const lost = await counted(redis, 'a') - 400
  t.ok(lost > 0 && lost <= sliceOf(2000, 2), `${lost}`)
  t.equal(await one.attempt(claim, 2000, 8), 1600 - lost)
})

t.test('while Redis is away a process admits what it has leased, without waiting, and then its share; with all of that told it goes on', withRedis, async (t) => {
  const { redis, one, two } = await openTwo(t)
  const claim = claimOn({ a: 4000 })
  t.equal(await two.process.attempt(claim, 1500), 1500)
  t.equal(await one.process.attempt(claim, 1980), 1980)
  await one.process.quotas.peek(claimOn({ other: 1 }))
  const leased = one.process.leased('a')
  t.ok(leased > 0)
  redis.freeze()
  for (let count = 0; count < leased; count++) t.notOk(one.process.quotas.take(claim, false) instanceof Promise)
  const { ms, given } = await timed(async () => one.process.attempt(claim, 50))
  t.equal(given, 20 - leased, '4000 / 2 - 1980, but for what was leased')
  t.ok(ms < 160, `${Math.round(ms)} ms`)
  t.equal(await two.process.attempt(claim, 2000), 500, 'the other has its share too')
  redis.thaw()
  await until(() => one.connection.isUp && two.connection.isUp)
  t.equal(await one.process.attempt(claim, 100) + await two.process.attempt(claim, 100), 0)
  await Promise.all([one, two].map(async ({ process }) => process.quotas.close()))
  t.equal(await counted(redis, 'a'), 4000)
})

t.test('nothing is lost of an answer that comes too late', withRedis, async (t) => {
  const { connection, redis } = await openRedis(t)
  let [isLate, arrived] = [true, 0]
  const one = new Process(t, {
    isUp: true,
    run: async (ask) => {
      const answer = connection.run(ask)
      if (isLate) void answer.finally(() => { arrived++ })
      return isLate ? undefined : answer
    }
  })
  const claim = claimOn({ a: 10_000, b: 10 })
  t.equal(await one.attempt(claim, 1), 1)
  t.strictSame([one.admitted('a'), one.leased('a')], [1, 0], 'its call was admitted as one of the share')
  await until(() => arrived === 1)
  t.strictSame([one.admitted('a'), one.leased('a')], [1, 1], 'the one that was counted can be made')
  t.strictSame(one.quotas.take(claim, false), [9999, 9])
  isLate = false
  await one.quotas.take(claim, false)
  await one.quotas.close()
  t.strictSame([await counted(redis, 'a'), await counted(redis, 'b')], [3, 3])
})

t.test('whatever processes take, give back, forget and lose, none admits beyond a quota, and none refuses before the last hundredth', withRedis, async (t) => {
  const { connection, redis } = await openRedis(t)
  const limits = { a: 40, b: 350, c: 700, total: 900 } as const
  const expectedNodes = 3
  const step = fc.record({
    process: fc.nat({ max: expectedNodes - 1 }),
    purpose: fc.constantFrom('a', 'b', 'c'),
    act: fc.oneof({ weight: 6, arbitrary: fc.integer({ min: 1, max: 60 }) }, { weight: 1, arbitrary: fc.constantFrom('undo', 'give back', 'crash', 'empty') })
  })
  await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
    await redis.ask('flushall')
    const before = connection.answers.local
    const processes = Array.from({ length: expectedNodes }, (_, index) => new Process(t, connection, { node: `node ${index}`, expectedNodes }))
    const sum = (key: string): number => processes.reduce((calls, one) => calls + one.admitted(key), 0)
    for (const { process, purpose, act } of steps) {
      const one = processes[process] as Process
      const keys = [purpose, 'total'] as const
      const claim = claimOn({ [purpose]: limits[purpose as 'a'], total: limits.total })
      if (typeof act === 'number') {
        const admitted = await one.attempt(claim, act, 4)
        // On a machine that is too busy an answer of Redis is late now and then.
        if (connection.answers.local > before) return true
        if (admitted < act && keys.every((key) => sum(key) < limits[key as 'a'] - expectedNodes * sliceOf(limits[key as 'a'], expectedNodes))) return false
      }
      if (act === 'undo' && one.admitted(purpose) > 0) one.quotas.giveBack(claim)
      if (act === 'give back') await one.quotas.close()
      if (act === 'crash') {
        const own = new MemoryQuotas()
        for (const counter of one.own.since(today)) own.load(counter)
        processes[process] = new Process(t, connection, { node: one.node, own, expectedNodes })
      }
      if (act === 'empty') {
        await redis.ask('flushall')
        for (const each of processes) await each.restore()
      }
      if (Object.entries(limits).some(([key, limit]) => sum(key) > limit)) return false
    }
    return true
  }), { numRuns: 20 })
  t.pass('20 sequences')
})
