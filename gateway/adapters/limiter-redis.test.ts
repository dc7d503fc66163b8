import t from 'tap'
import type { Limiter } from '../../policies/limiter.ts'
import { until } from '../harness/gateway.ts'
import { withRedis } from '../harness/redis.ts'
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

t.test('every call of it is one round trip', withRedis, async (t) => {
  const { connection, redis } = await openRedis(t)
  const limiter = limiterOn(connection)
  const read = async (): Promise<number> => Number(/cmdstat_eval:calls=(\d+)/.exec(await redis.ask('info', 'commandstats'))?.[1])
  const before = await read()
  for (let count = 0; count < 50; count++) await limiter.consume('a', 10, 60)
  const calls = await read() - before
  t.ok(calls >= 50 && calls <= 52, `${calls}: beside them there is a heartbeat a second`)
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
  const { ms } = await timed(async () => { while ((await limiter.consume('a', 4, 1)).exceeded); })
  t.ok(ms < 1100, `${Math.round(ms)} ms`)
})

t.test('a counter that does not land in Redis is noticed (T12)', async (t) => {
  const message = 'what is counted does not land in it'
  await t.rejects(proveCounting({ eval: async () => [1, 1000], get: async () => null }), { message })
  await t.rejects(proveCounting({ eval: async () => { throw new TypeError('rlflxIncr is not a function') }, get: async () => null }), { message })
  await t.rejects(proveCounting({ eval: async () => { throw new Error('READONLY') }, get: async () => null }), { message: 'READONLY' })
})
