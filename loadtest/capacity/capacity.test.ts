import t from 'tap'
import { connectRedis, placeOf } from '../../gateway/adapters/redis-client.ts'
import { startRedis, withRedis } from '../../gateway/harness/redis.ts'
import { isKept, simulateLeases } from './lease-simulation.ts'
import type { Simulation } from './lease-simulation.ts'
import { capacityTable, leaseTable } from './tables.ts'
import { VirtualRedis } from './virtual-redis.ts'

t.test('simulated nodes share a quota as is promised, with the same numbers every time', withRedis, async (t) => {
  const redis = await startRedis(t)
  const client = await connectRedis(redis.url, placeOf(redis.url), () => undefined)
  t.teardown(() => { client.close() })
  const simulate = async (seed: number): Promise<Simulation> => simulateLeases(client.store, { nodes: 2, quota: 1500, seed })
  const one = await simulate(1)
  t.ok(isKept(one), JSON.stringify(one))
  t.ok(one.refused > 0 && one.admitted + one.refused <= 1650 && one.admitted >= 1485)
  t.ok(one.asksPerThousand > 50 && one.asksPerThousand < 1000, `${one.asksPerThousand}`)
  t.ok(one.waitedPerThousand > 0 && one.waitedPerThousand < one.asksPerThousand)
  await redis.ask('flushall')
  t.strictSame(await simulate(1), one)
  const another = await simulate(2)
  t.ok(isKept(another))
  t.notSame({ ...another, seed: 1 }, one)
})

t.test('an answer of Redis is told when it is due, in the order of the questions', async (t) => {
  const told: string[] = []
  const redis = new VirtualRedis({ eval: async (script) => script, get: async (key) => key }, 2)
  const note = (answer: unknown): void => { told.push(`${String(answer)} at ${redis.now}`) }
  const askTwice = async (): Promise<void> => {
    note(await redis.eval('a', { keys: [], arguments: [] }))
    note(await redis.get('c'))
  }
  void askTwice()
  await redis.pass(1)
  void redis.eval('b', { keys: [], arguments: [] }).then(note)
  await redis.pass(1.5)
  t.strictSame(told, [])
  await redis.pass(10)
  t.strictSame(told, ['a at 2', 'b at 3', 'c at 4'])
  t.equal(redis.now, 10)
})

t.test('more than the quota, more than a hundredth unused, or nothing refused at all breaks the promise', async (t) => {
  const good: Simulation = { nodes: 2, quota: 1000, seed: 1, admitted: 1000, refused: 100, over: 0, unusedAtFirst: 10, unusedAtEnd: 10, asksPerThousand: 12.34, waitedPerThousand: 5.67 }
  t.ok(isKept(good))
  const broken = [{ over: 1 }, { unusedAtFirst: 11 }, { unusedAtEnd: 11 }, { refused: 0 }].map((differs): Simulation => ({ ...good, ...differs }))
  for (const one of broken) t.notOk(isKept(one))
  const [, , first, ...others] = leaseTable([good, ...broken], { question: 20 }).split('\n')
  t.match(first, /^\| +2 \| 1,000 \| 1,100 \| +0 \| +10 \(1\.00 %\) \| +10 \(1\.00 %\) \| +5\.7 \| +12\.3 \| +29,634 \| kept +\|$/)
  t.ok(others.every((line) => line.includes('| broken  |')))
})

t.test('what cores and nodes carry is computed from what a call costs', async (t) => {
  const table = capacityTable({ alone: 50, withRedis: 60, question: 20 })
  t.match(table, /^measured: 50\.0 µs .* 60\.0 µs with Redis; 20\.0 µs of Redis for a question\n/)
  const rows = new Map(table.split('\n').filter((line) => /^\| +\d/.test(line)).map((line) => [line.split('|')[1]?.trim(), line.split('|').slice(2, -1).map((cell) => cell.trim())]))
  t.strictSame(rows.get('1'), ['12,000', '20,000', '40,000', '80,000'])
  t.strictSame(rows.get('100'), ['1,000,000', '2,000,000', '4,000,000', '8,000,000'])
  t.match(table, 'one Redis carries 30,000 questions per second')
})
