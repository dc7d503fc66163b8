import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { connect, createServer as createNetServer } from 'node:net'
import type { AddressInfo, Server } from 'node:net'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import t from 'tap'
import type { Test } from 'tap'
import { freePort } from '../harness/free-port.ts'
import { makeAuthority } from '../harness/certificates.ts'
import { until } from '../harness/gateway.ts'
import { startRedis, TestRedis, withRedis } from '../harness/redis.ts'
import { redisLimiter } from './limiter-redis.ts'
import { openConnection, openRedis, timed } from './redis-fixture.ts'
import { redisReplay } from './replay-redis.ts'

const url = (port: number, credentials = ''): string => `redis://${credentials}127.0.0.1:${port}`

async function listen (t: Test, server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => { server.close() })
  return (server.address() as AddressInfo).port
}

t.test('a Redis that answers and cannot be used is refused, with a sentence that holds no secret', withRedis, async (t) => {
  const refused = async (credentials: string, pattern: RegExp, ...args: readonly string[]): Promise<void> => {
    const redis = await startRedis(t, ...args)
    const error: unknown = await openConnection(t, url(redis.port, credentials)).catch((thrown: unknown) => thrown)
    t.match(error, { message: pattern })
    t.match(error, { message: new RegExp(`^Redis \\(127\\.0\\.0\\.1:${redis.port}\\) cannot be used: `) })
    t.equal((error as Error).cause, undefined)
    t.notMatch(String((error as Error).stack), 'canary')
  }
  await refused(':canary@', /its user or password is wrong/, '--requirepass', 'right')
  await refused('', /it wants a password/, '--requirepass', 'right')
  await refused('canary:canary@', /its user or password is wrong/)
  await refused('', /it is a replica/, '--replicaof', '127.0.0.1 1')
  await refused('', /its memory is full/, '--maxmemory', '1')
  await refused('', /set maxmemory-policy to noeviction/, '--maxmemory', '100mb', '--maxmemory-policy', 'volatile-ttl')
  await refused('limited:pw@', /its user lacks a right/, '--user', 'limited', 'on', '>pw', '~*', '+@connection', '+get')
})

t.test('a Redis that evicts nothing because it has no bound, or keeps everything, is good', withRedis, async (t) => {
  for (const args of [['--maxmemory-policy', 'allkeys-lru'], ['--maxmemory', '100mb', '--maxmemory-policy', 'noeviction']]) t.ok((await openRedis(t, ...args)).connection.isUp)
})

t.test('its user needs no more than what the sentence says', withRedis, async (t) => {
  const redis = await startRedis(t, '--user', 'varco', 'on', '>p%w', '~varco:*', '+@read', '+@write', '+eval', '+info', '+hello')
  const { connection, warnings } = await openConnection(t, url(redis.port, 'varco:p%25w@'))
  const limiter = redisLimiter(connection, { name: 'burst', expectedNodes: 2 })
  t.match(await limiter.consume('a', 2, 60), { remaining: 1 })
  t.match(await limiter.peek('a', 2, 60), { remaining: 1 })
  t.equal(await redisReplay(connection, () => 60_000).note('a', 100_000, 60_000, 60_000), 'unavailable')
  await wait(1200)
  t.ok(connection.isUp)
  t.strictSame(warnings, [])
})

t.test('an answer that repeats the password is not passed on', async (t) => {
  const port = await listen(t, createNetServer((socket) => { socket.on('error', () => undefined).on('data', () => { socket.write("-ERR unknown command 'HELLO', with args beginning with: '3' 'AUTH' 'default' 'canary4711'\r\n") }) }))
  await t.rejects(openConnection(t, url(port, ':canary4711@')), { message: `Redis (127.0.0.1:${port}) cannot be used: it answers with an error (ERR)` })
})

t.test('a Redis that does not answer at boot is waited for without waiting', withRedis, async (t) => {
  const port = await freePort()
  const redis = new TestRedis(port, [])
  t.teardown(async () => redis.kill())
  const { ms, given: { connection, warnings, clock } } = await timed(async () => openConnection(t, url(port, ':canary@')))
  t.ok(ms < 5000, `${Math.round(ms)} ms`)
  t.notOk(connection.isUp)
  t.match(warnings, [/^Redis \(127\.0\.0\.1:\d+\) is away: ECONNREFUSED\. Until it is back limits are this process's share/])
  t.equal(await redisReplay(connection, () => clock.now).note('a', clock.now + 1000, clock.now, clock.now), 'unavailable')
  t.match(await redisLimiter(connection, { name: 'burst', expectedNodes: 2 }).consume('a', 4, 60), { remaining: 1 })
  await wait(1000)
  t.equal(warnings.length, 1, 'it is told once')
})

t.test('nor is one that is frozen, slow to greet, full of clients, or something else altogether', withRedis, async (t) => {
  const frozen = await startRedis(t)
  frozen.freeze()
  const full = await startRedis(t, '--maxclients', '1')
  const occupant = connect(full.port, '127.0.0.1')
  await wait(50)
  const silent = await listen(t, createNetServer((socket) => { socket.on('error', () => undefined).resume() }))
  const web = await listen(t, createServer((_request, response) => { response.end('no Redis') }))
  for (const [name, port] of Object.entries({ frozen: frozen.port, silent, full: full.port, web })) {
    const { ms, given: { connection, warnings } } = await timed(async () => openConnection(t, url(port)))
    t.ok(ms < 8000, `${name}: ${Math.round(ms)} ms`)
    t.notOk(connection.isUp, name)
    t.equal(warnings.length, 1, warnings.join())
  }
  occupant.destroy()
  const { given: { connection } } = await timed(async () => openConnection(t, url(full.port)))
  await until(() => connection.isUp, 20_000)
  t.ok(connection.isUp, 'and there it is')
  frozen.thaw()
})

t.test('closing ends everything at once, whatever is under way', withRedis, async (t) => {
  const { redis, connection } = await openRedis(t)
  const limiter = redisLimiter(connection, { name: 'burst', expectedNodes: 2 })
  const clients = async (): Promise<number> => (await redis.ask('client', 'list')).split('\n').length - 1
  t.equal(await clients(), 1)
  redis.freeze()
  const waiting = limiter.consume('a', 4, 60)
  t.ok(waiting instanceof Promise)
  const { ms } = await timed(async () => connection.close())
  t.ok(ms < 2000, `${Math.round(ms)} ms`)
  t.match(await waiting, { remaining: 1 }, 'what was waited for is decided here')
  redis.thaw()
  t.equal(await clients(), 0)
  t.match(await limiter.consume('a', 4, 60), { remaining: 0 })
  await wait(200)
  t.equal(await clients(), 0, 'nothing connects any more')
})

t.test('over TLS the server must be who it says', withRedis, async (t) => {
  const authority = await makeAuthority('Autorità')
  const server = await authority.issue('localhost')
  const folder = t.testdir({ 'ca.pem': authority.pem, 'server.pem': server.pem, 'server.key': server.keyPem })
  const port = await freePort()
  await startRedis(t, '--port', '0', '--tls-port', String(port), '--tls-auth-clients', 'no', '--tls-cert-file', join(folder, 'server.pem'), '--tls-key-file', join(folder, 'server.key'), '--tls-ca-cert-file', join(folder, 'ca.pem'))
  const { connection, warnings } = await openConnection(t, `rediss://localhost:${port}`)
  t.notOk(connection.isUp, 'nobody trusts its authority')
  t.match(warnings, [/is away: UNABLE_TO_VERIFY_LEAF_SIGNATURE|is away: SELF_SIGNED_CERT_IN_CHAIN/])
  const trusted = getCACertificates('default')
  setDefaultCACertificates([...trusted, readFileSync(join(folder, 'ca.pem'), 'utf8')])
  t.teardown(() => { setDefaultCACertificates(trusted) })
  await until(() => connection.isUp, 20_000)
  t.ok(connection.isUp)
  t.match(await redisLimiter(connection, { name: 'burst', expectedNodes: 2 }).consume('a', 4, 60), { remaining: 3 })
  t.match((await openConnection(t, `rediss://127.0.0.1:${port}`)).warnings, [/is away: ERR_TLS_CERT_ALTNAME_INVALID/])
})

/** A cluster of three nodes and a replica of the first, which answers for the slots of a third of all keys each. */
async function startCluster (t: Test): Promise<readonly TestRedis[]> {
  const buses = await Promise.all(Array.from({ length: 4 }, freePort))
  const nodes = await Promise.all(buses.map(async (bus) => startRedis(t, '--cluster-enabled', 'yes', '--cluster-port', String(bus), '--cluster-node-timeout', '500', '--cluster-replica-validity-factor', '0')))
  const [first, second, third, replica] = nodes as [TestRedis, TestRedis, TestRedis, TestRedis]
  for (const [node, from, to] of [[first, 0, 5460], [second, 5461, 10_922], [third, 10_923, 16_383]] as const) await node.ask('cluster', 'addslotsrange', String(from), String(to))
  for (const [index, node] of nodes.entries()) if (index > 0) await node.ask('cluster', 'meet', '127.0.0.1', String(first.port), String(buses[0]))
  const areWell = async (): Promise<boolean> => {
    const states = await Promise.all(nodes.map(async (node) => node.ask('cluster', 'info')))
    return states.every((state) => state.includes('cluster_state:ok') && state.includes('cluster_known_nodes:4'))
  }
  for (let attempt = 0; attempt < 200 && !await areWell(); attempt++) await wait(50)
  await replica.ask('cluster', 'replicate', await first.ask('cluster', 'myid'))
  for (let attempt = 0; attempt < 200 && !(await replica.ask('info', 'replication')).includes('master_link_status:up'); attempt++) await wait(50)
  return nodes
}

t.test('a cluster is one Redis, also when the node of the URL is lost', withRedis, async (t) => {
  const [first, ...others] = await startCluster(t) as [TestRedis, TestRedis, TestRedis, TestRedis]
  const opened = [await openConnection(t, first.url), await openConnection(t, others[1].url)]
  const [{ connection, clock }] = opened as [typeof opened[0] & object]
  const limiters = opened.map(({ connection }) => redisLimiter(connection, { name: 'burst', expectedNodes: 2 }))
  const filters = opened.map(({ connection, clock }) => redisReplay(connection, () => clock.now))
  const keys = Array.from({ length: 30 }, (_, index) => `client ${index}`)
  const states = await Promise.all([...keys, ...keys, ...keys, ...keys].map(async (key, index) => limiters[index % 2]?.consume(key, 2, 60)))
  t.equal(states.filter((state) => state?.exceeded === false).length, 60, 'every limit holds exactly')
  const readSizes = async (): Promise<number[]> => Promise.all([first, ...others].map(async (node) => Number(await node.ask('dbsize'))))
  let sizes = await readSizes()
  // The replica follows a moment later.
  for (let attempt = 0; attempt < 50 && sizes.includes(0); attempt++) sizes = await readSizes()
  t.ok(sizes.every((size) => size > 0), `keys lie apart: ${sizes.join(', ')}`)
  for (const one of opened) one.clock.now += 20_000
  const verdicts = await Promise.all(Array.from({ length: 100 }, async (_, index) => filters[index % 2]?.note(String(index >> 1), clock.now + 60_000, clock.now, clock.now)))
  t.equal(verdicts.filter((verdict) => verdict === 'first').length, 50)
  t.equal(verdicts.filter((verdict) => verdict === 'seen').length, 50)

  await first.kill()
  for (let attempt = 0; attempt < 400 && !(await others[2].ask('cluster', 'info')).includes('cluster_state:ok'); attempt++) await wait(50)
  await until(() => !connection.isUp, 100)
  const { ms } = await timed(async () => until(() => opened.every(({ connection }) => connection.isUp), 20_000))
  t.ok(opened.every(({ connection }) => connection.isUp), `both are back ${Math.round(ms)} ms after the replica took over`)
  t.match(await limiters[0]?.consume('another', 2, 60), { remaining: 1 })
})
