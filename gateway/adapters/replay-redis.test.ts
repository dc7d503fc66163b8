import t from 'tap'
import type { ReplayVerdict } from '../../policies/replay.ts'
import { until } from '../harness/gateway.ts'
import { withRedis } from '../harness/redis.ts'
import { openConnection, openRedis } from './redis-fixture.ts'
import type { OpenedRedis } from './redis-fixture.ts'
import { redisReplay } from './replay-redis.ts'
import { suiteTime, testReplay } from './replay-suite.ts'

const minute = 60_000
const replayOn = ({ connection, clock }: OpenedRedis) => redisReplay(connection, () => clock.now)

t.test('it does what every replay filter does', withRedis, async (t) => {
  const opened = await openRedis(t)
  t.equal(opened.clock.now, suiteTime - minute)
  const generation = await opened.redis.ask('get', 'varco:{replay}-generation')
  await testReplay(t, async () => {
    await opened.redis.ask('flushall')
    await opened.redis.ask('set', 'varco:{replay}-generation', generation)
    return replayOn(opened)
  })
})

t.test('of what comes to several gateways at once one is the first', withRedis, async (t) => {
  const one = await openRedis(t)
  const filters = [replayOn(one), replayOn(await openConnection(t, one.redis.url, one.clock))]
  const verdicts: (ReplayVerdict | undefined)[] = []
  for (let round = 0; round < 100; round++) {
    verdicts.push(...await Promise.all(Array.from({ length: 100 }, async (_, index) => filters[index % 2]?.note(`${round} ${Math.floor(index / 2)}`, suiteTime + minute, suiteTime, suiteTime))))
  }
  t.equal(verdicts.filter((verdict) => verdict === 'first').length, 5000, 'one of each pair')
  t.equal(verdicts.filter((verdict) => verdict === 'seen').length, 5000, 'and the other')
})

t.test('a key goes from Redis when nobody can come with it any more', withRedis, async (t) => {
  const opened = await openRedis(t)
  await replayOn(opened).note('a', suiteTime + 40_000, suiteTime, suiteTime)
  const ttl = Number(await opened.redis.ask('pttl', 'varco:{replay}:a'))
  t.ok(ttl > 54_000 && ttl <= 55_000, `${ttl} ms`)
})

t.test('when Redis was emptied what may have been used before cannot be told', withRedis, async (t) => {
  const opened = await openRedis(t)
  const replay = replayOn(opened)
  const note = async (key: string, issuedMs: number): Promise<ReplayVerdict> => replay.note(key, issuedMs + 70_000, opened.clock.now, issuedMs)
  opened.clock.now = suiteTime
  t.equal(await note('old', suiteTime), 'first')
  await opened.redis.ask('flushall')
  opened.clock.now = suiteTime + 2000
  for (const moment of ['at once', 'again']) t.equal(await note('old', suiteTime), 'unavailable', moment)
  t.equal(await note('by a clock that is 5 s ahead', suiteTime + 7000), 'unavailable')
  opened.clock.now = suiteTime + 9000
  t.equal(await note('new', suiteTime + 9000), 'first')
  t.equal(await note('new', suiteTime + 9000), 'seen')
  t.equal(await note('old', suiteTime), 'unavailable', 'for as long as it is good')
  await until(() => opened.warnings.length > 0)
  t.match(opened.warnings, [/^Redis \(127\.0\.0\.1:\d+\) was emptied, or is another process now/])
})

t.test('when another process answers in its place it is the same, also with what that read from its disk', withRedis, async (t) => {
  const opened = await openRedis(t, '--dbfilename', 'copy.rdb')
  const replay = replayOn(opened)
  opened.clock.now = suiteTime
  await opened.redis.ask('save')
  t.equal(await replay.note('a', suiteTime + minute, suiteTime, suiteTime), 'first')
  await opened.redis.kill()
  t.equal(await replay.note('b', suiteTime + minute, suiteTime, suiteTime), 'unavailable', 'away')
  await opened.redis.start()
  await until(() => opened.connection.isUp)
  t.match(await opened.redis.ask('dbsize'), /[1-9]/, 'it has read its copy')
  t.equal(await replay.note('a', suiteTime + minute, suiteTime, suiteTime), 'unavailable')
  opened.clock.now = suiteTime + 20_000
  t.equal(await replay.note('c', suiteTime + minute, suiteTime + 20_000, suiteTime + 20_000), 'first')
})

t.test('a call that began long ago does not make a generation older than it is', withRedis, async (t) => {
  const opened = await openRedis(t)
  const replay = replayOn(opened)
  opened.clock.now = suiteTime + 9000
  t.equal(await replay.note('a', suiteTime + minute, suiteTime + 9000, suiteTime + 8000), 'first')
  await opened.redis.ask('flushall')
  t.equal(await replay.note('b', suiteTime + minute, suiteTime, suiteTime), 'unavailable', 'its body took 9 s')
  t.equal(await replay.note('a', suiteTime + minute, suiteTime + 9000, suiteTime + 8000), 'unavailable')
})
