import { setTimeout as wait } from 'node:timers/promises'
import t from 'tap'
import type { Limiter } from '../../policies/limiter.ts'
import { until } from '../harness/gateway.ts'
import { withRedis } from '../harness/redis.ts'
import type { TestRedis } from '../harness/redis.ts'
import { proveCounting, redisLimiter } from './limiter-redis.ts'
import { testLimiter } from './limiter-suite.ts'
import type { RedisConnection } from './redis-connection.ts'
import { openConnection, openRedis, timed } from './redis-fixture.ts'

const limiterOn = (connection: RedisConnection, expectedNodes = 2): Limiter => redisLimiter(connection, { name: 'burst', expectedNodes })

t.test('it does what every limiter does', withRedis, async (t) => {
  const { connection, redis } = await openRedis(t)
  await testLimiter(t, async () => {
    await redis.ask('flushall')
    return limiterOn(connection)
  })
})

t.test('several gateways share every limit, exactly', withRedis, async (t) => {
  const { redis, connection } = await openRedis(t)
  const limiters = [limiterOn(connection), limiterOn((await openConnection(t, redis.url)).connection), limiterOn((await openConnection(t, redis.url)).connection)]
  const states = await Promise.all(Array.from({ length: 600 }, async (_, index) => (limiters[index % 3] as Limiter).consume('a', 100, 60)))
  t.equal(states.filter(({ exceeded }) => !exceeded).length, 100)
  t.equal(await redis.ask('get', 'varco:burst:{a}'), '100', 'what is refused is not counted')
  const ttl = Number(await redis.ask('pttl', 'varco:burst:{a}'))
  t.ok(ttl > 55_000 && ttl <= 60_000, 'and all of it goes when the window ends')
})

t.test('limiters of other names count by themselves', withRedis, async (t) => {
  const { connection } = await openRedis(t)
  for (const name of ['burst', 'quota']) t.match(await redisLimiter(connection, { name, expectedNodes: 2 }).consume('a', 1, 60), { exceeded: false }, name)
})

/** How many scripts Redis has run; beside those of a test there is a heartbeat a second. */
async function readScripts (redis: TestRedis): Promise<number> {
  return Number(/cmdstat_eval:calls=(\d+)/.exec(await redis.ask('info', 'commandstats'))?.[1])
}

t.test('no call is more than one round trip, and none where the limit is known to be reached', withRedis, async (t) => {
  const { connection, redis } = await openRedis(t)
  const limiter = limiterOn(connection)
  const before = await readScripts(redis)
  for (let count = 0; count < 50; count++) t.equal((await limiter.consume('a', 10, 60)).exceeded, count >= 10)
  const calls = await readScripts(redis) - before
  t.ok(calls >= 10 && calls <= 12, `${calls}`)
})

t.test('far from the limit nobody waits but the first, and many are told at once', withRedis, async (t) => {
  const { connection, redis } = await openRedis(t)
  const limiter = limiterOn(connection)
  t.match(await limiter.consume('a', 10_000, 60), { remaining: 9999 })
  const before = await readScripts(redis)
  const states = []
  for (let turn = 0; turn < 200; turn++) {
    for (let count = 0; count < 20; count++) states.push(limiter.consume('a', 10_000, 60))
    // By then what was told is confirmed.
    for (let count = 0; count < 3; count++) await limiter.peek('a', 10_000, 60)
  }
  t.strictSame(states.map((state) => state instanceof Promise ? 'waits' : state.remaining), Array.from({ length: 4000 }, (_, index) => 9998 - index))
  let told = ''
  for (let attempt = 0; attempt < 50 && told !== '4001'; attempt++) told = await redis.ask('get', 'varco:burst:{a}')
  t.equal(told, '4001')
  const calls = await readScripts(redis) - before
  t.ok(calls <= 400, `${calls} for 4000 calls`)
})

t.test('a limit is exceeded by no more than what a process may have out, once in a window, where the others used it up unheard', withRedis, async (t) => {
  const { connection, redis } = await openRedis(t)
  const another = (await openConnection(t, redis.url)).connection
  const [one, two] = [limiterOn(connection), limiterOn(another)]
  for (const [limit, most] of [[2, 0], [100, 1], [2000, 10]] as const) {
    const key = `limit ${limit}`
    const admitted = async (limiter: Limiter, attempts = 100): Promise<number> => {
      const states = await Promise.all(Array.from({ length: attempts }, async () => limiter.consume(key, limit, 60)))
      return states.filter(({ exceeded }) => !exceeded).length
    }
    let sum = await admitted(one, 1)
    for (let count = 0; count <= limit; count += 100) sum += await admitted(two)
    // On a machine that is too busy an answer of Redis is late now and then.
    const late = connection.answers.local + another.answers.local
    t.ok(sum <= limit && sum >= limit - late, `${sum} of ${limit}, ${late} answers were late`)
    t.equal(await admitted(one), most)
    t.equal(await admitted(one) + await admitted(two), 0, 'and then it holds')
  }
})

t.test('while Redis is away a process has its share of a limit, minus what it has used, and at least one', withRedis, async (t) => {
  const { connection, redis } = await openRedis(t)
  const limiter = limiterOn(connection, 4)
  for (let count = 0; count < 10; count++) await limiter.consume('used', 100, 60)
  await redis.kill()
  await until(() => !connection.isUp)
  const admitted = async (key: string, limit: number): Promise<number> => {
    let count = 0
    while (count < 200 && !(await limiter.consume(key, limit, 60)).exceeded) count++
    return count
  }
  t.equal(await admitted('used', 100), 15, '100 / 4 - 10')
  t.equal(await admitted('new', 100), 25)
  t.equal(await admitted('small', 3), 1)
  t.equal(await admitted('none', 0), 0)
  t.match(await limiter.peek('other', 100, 60), { limit: 100, remaining: 25, exceeded: false, resetSeconds: 60 })
  t.match(await limiter.consume('used', 100, 60), { limit: 100, remaining: 0, exceeded: true }, 'the limit that is told is the one that holds for all')
})

t.test('what was used before the window ended counts no more', withRedis, async (t) => {
  const { connection, redis } = await openRedis(t)
  const limiter = limiterOn(connection)
  for (let count = 0; count < 4; count++) await limiter.consume('a', 4, 1)
  await redis.kill()
  t.match(await limiter.consume('a', 4, 1), { exceeded: true })
  const { ms } = await timed(async () => { while ((await limiter.consume('a', 4, 1)).exceeded) await wait(2) })
  t.ok(ms < 1100, `${Math.round(ms)} ms`)
})

t.test('a counter that does not land in Redis is noticed (T12)', async (t) => {
  const message = 'what is counted does not land in it'
  await t.rejects(proveCounting({ eval: async () => [1, 1000], get: async () => null }), { message })
  await t.rejects(proveCounting({ eval: async () => { throw new TypeError('rlflxIncr is not a function') }, get: async () => null }), { message })
  await t.rejects(proveCounting({ eval: async () => { throw new Error('READONLY') }, get: async () => null }), { message: 'READONLY' })
})
