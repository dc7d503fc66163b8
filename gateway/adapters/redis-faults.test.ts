import { setTimeout as wait } from 'node:timers/promises'
import t from 'tap'
import type { Test } from 'tap'
import { until } from '../harness/gateway.ts'
import { startRedis, startSlowWay, withRedis } from '../harness/redis.ts'
import type { TestRedis } from '../harness/redis.ts'
import { redisLimiter } from './limiter-redis.ts'
import { openConnection, timed } from './redis-fixture.ts'
import type { OpenedRedis } from './redis-fixture.ts'
import { redisReplay } from './replay-redis.ts'

/** What happens to a Redis, and how it ends. */
interface Fault {
  readonly begin: (redis: TestRedis, way: { latencyMs: number }) => Promise<void> | void
  readonly end: (redis: TestRedis, way: { latencyMs: number }) => Promise<void> | void
  /** What operations are told. */
  readonly told: RegExp
}

const faults: Readonly<Record<string, Fault>> = {
  'killed, and started again empty': { begin: async (redis) => redis.kill(), end: async (redis) => { await redis.start() }, told: /ECONNREFUSED|SocketClosedUnexpectedlyError|ECONNRESET/ },
  'frozen (SIGSTOP)': { begin: (redis) => { redis.freeze() }, end: (redis) => { redis.thaw() }, told: /no answer within 75 ms/ },
  '500 ms away': { begin: (_redis, way) => { way.latencyMs = 250 }, end: (_redis, way) => { way.latencyMs = 0 }, told: /no answer within 75 ms/ },
  'a replica (READONLY)': { begin: async (redis) => { await redis.ask('replicaof', '127.0.0.1', '1') }, end: async (redis) => { await redis.ask('replicaof', 'no', 'one') }, told: /READONLY/ },
  'out of memory (OOM)': { begin: async (redis) => { await redis.ask('config', 'set', 'maxmemory', '1') }, end: async (redis) => { await redis.ask('config', 'set', 'maxmemory', '0') }, told: /OOM/ },
  'behind another password': {
    begin: async (redis) => {
      await redis.ask('config', 'set', 'requirepass', 'other')
      await redis.ask('-a', 'other', 'client', 'kill', 'type', 'normal')
    },
    end: async (redis) => { await redis.ask('-a', 'other', 'config', 'set', 'requirepass', '') },
    told: /NOAUTH/
  },
  'about to forget (an eviction policy)': {
    begin: async (redis) => {
      await redis.ask('config', 'set', 'maxmemory', '100mb')
      await redis.ask('config', 'set', 'maxmemory-policy', 'allkeys-lru')
    },
    end: async (redis) => { await redis.ask('config', 'set', 'maxmemory-policy', 'noeviction') },
    told: /set maxmemory-policy to noeviction/
  }
}

/** How long anybody may wait in ms; what is above the promised 100, which npm run faults measures, is room for a busy machine. */
const patienceMs = 1500
const healingMs = 5000

const portsOf = ({ connection, clock }: OpenedRedis) => ({ limiter: redisLimiter(connection, { name: 'burst', expectedNodes: 2 }), replay: redisReplay(connection, () => clock.now) })
type Adapters = ReturnType<typeof portsOf>

let jti = 0
async function admit ({ limiter, replay }: Adapters, now: number): Promise<{ ms: number, verdict: string, exceeded: boolean }> {
  const { ms, given: [state, verdict] } = await timed(async () => Promise.all([limiter.consume('client', 1_000_000, 60), replay.note(String(++jti), now + 60_000, now, now)]))
  return { ms, verdict, exceeded: state.exceeded }
}

/** Checks that Redis decides; on a machine that is too busy an answer of it is late now and then, and it has to be back first. */
async function checkDecides (t: Test, { connection, clock }: OpenedRedis, adapters: Adapters): Promise<void> {
  let last = await admit(adapters, clock.now)
  for (let attempt = 0; last.verdict !== 'first' && attempt < 20; attempt++) {
    await until(() => connection.isUp)
    clock.now += 10_000
    last = await admit(adapters, clock.now)
  }
  t.match(last, { verdict: 'first', exceeded: false })
}

async function checkHealed (t: Test, opened: OpenedRedis, adapters: Adapters): Promise<void> {
  const { ms } = await timed(async () => until(() => opened.connection.isUp, 4 * healingMs))
  t.ok(ms <= healingMs, `it is back after ${Math.round(ms)} ms`)
  opened.clock.now += 10_000
  await checkDecides(t, opened, adapters)
}

for (const [name, { begin, end, told }] of Object.entries(faults)) {
  t.test(`a Redis that is ${name} costs one wait, and then none, until it is back`, withRedis, async (t) => {
    const redis = await startRedis(t)
    const way = await startSlowWay(t, redis.port)
    const opened = await openConnection(t, way.url)
    const adapters = portsOf(opened)
    opened.clock.now += 10_000
    for (let count = 0; count < 20; count++) await checkDecides(t, opened, adapters)

    await begin(redis, way)
    const started = performance.now()
    const seen: Awaited<ReturnType<typeof admit>>[] = []
    // Some are noticed with the next heartbeat only.
    const isNoticed = (): boolean => seen.slice(-100).every(({ verdict }) => verdict === 'unavailable')
    for (const least = name.startsWith('frozen') ? 3000 : 1800; performance.now() - started < (isNoticed() ? least : 20_000);) {
      seen.push(await admit(adapters, opened.clock.now))
      await wait(5)
    }
    t.ok(seen.every(({ exceeded }) => !exceeded), 'the local share admits')
    t.ok(seen.every(({ ms }) => ms < patienceMs), `nobody waits longer than ${Math.round(Math.max(...seen.map(({ ms }) => ms)))} ms`)
    t.ok(seen.filter(({ ms }) => ms > 50).length <= 0.05 * seen.length, `${seen.filter(({ ms }) => ms > 50).length} of ${seen.length} waited at all`)
    const late = seen.slice(-100)
    t.ok(late.every(({ verdict }) => verdict === 'unavailable'), 'nothing that may be used once is taken')
    const median = late.map(({ ms }) => ms).toSorted((a, b) => a - b)[50] ?? Infinity
    t.ok(median < 5, `once it is away it costs ${median.toFixed(2)} ms`)
    t.match(opened.warnings.join('\n'), told)

    await end(redis, way)
    await checkHealed(t, opened, adapters)
    t.match(opened.warnings.at(-1) ?? '', /is back$|was emptied/)
  })
}

t.test('a Redis that comes and goes keeps nobody waiting, and is used again when it stays', withRedis, async (t) => {
  const redis = await startRedis(t)
  const opened = await openConnection(t, redis.url)
  const adapters = portsOf(opened)
  const ends = { now: false }
  const seen: { ms: number }[] = []
  const calls = (async () => {
    while (!ends.now) {
      seen.push(await admit(adapters, opened.clock.now))
      await wait(5)
    }
  })()
  for (let count = 0; count < 3; count++) {
    await wait(500)
    await redis.kill()
    await wait(500)
    await redis.start()
  }
  await checkHealed(t, opened, adapters)
  ends.now = true
  await calls
  t.ok(seen.every(({ ms }) => ms < patienceMs), `nobody waits longer than ${Math.round(Math.max(...seen.map(({ ms }) => ms)))} ms`)
})

t.test('a Redis that was emptied counts on at once', withRedis, async (t) => {
  const redis = await startRedis(t)
  const opened = await openConnection(t, redis.url)
  const { limiter } = portsOf(opened)
  await limiter.consume('a', 2, 60)
  await redis.ask('flushall')
  t.match(await limiter.consume('a', 2, 60), { remaining: 1, exceeded: false })
  t.equal(await redis.ask('get', 'varco:burst:{a}'), '1')
})

t.test('calls that wait for a Redis that falls silent are all answered in time', withRedis, async (t) => {
  const redis = await startRedis(t)
  const opened = await openConnection(t, redis.url)
  const adapters = portsOf(opened)
  redis.freeze()
  const { ms, given } = await timed(async () => Promise.all(Array.from({ length: 200 }, async () => admit(adapters, opened.clock.now))))
  t.ok(ms < patienceMs, `${Math.round(ms)} ms`)
  t.ok(given.every(({ verdict, exceeded }) => verdict === 'unavailable' && !exceeded))
  redis.thaw()
  await checkHealed(t, opened, adapters)
})
