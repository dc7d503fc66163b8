import { chmod } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { ConnectionOptions } from 'node:tls'
import t from 'tap'
import type { Test } from 'tap'
import { ecKey, jktOf, makeProof } from '../../policies/proof-fixture.ts'
import { runCommandLine } from '../command-line.ts'
import { freePort, isFree } from '../harness/free-port.ts'
import { selfSigned } from '../harness/certificates.ts'
import { ConfigFiles } from '../harness/config-file.ts'
import type { Written } from '../harness/config-file.ts'
import { archiveContract, audience, basePath, ids, issuer, mintVoucher, registryContent, upstreamSecret } from '../harness/platform.ts'
import { isAlive, launch, temporaryFolder } from '../harness/process.ts'
import { startRedis, withRedis } from '../harness/redis.ts'
import { startStandIns } from '../harness/stand-ins.ts'
import { Wire } from '../harness/wire.ts'
import type { WireAnswer } from '../harness/wire.ts'

/** A process as `/-/processes` tells of it. */
interface Told { readonly worker: number, readonly pid: number, readonly state: string, readonly ownsFeeds: boolean, readonly restarts: number, readonly lastEnd: { readonly how: string } | null, readonly hash: string, readonly sharedState: { readonly answers: { readonly redis: number, readonly local: number } } }

/** A purpose that may call ten times a day. */
const scarce = '10000000-0000-4000-8000-000000000016'
const registry = (() => {
  const content = registryContent()
  const [purpose] = content.purposes as [(typeof content.purposes)[number]]
  return {
    ...content,
    purposes: [purpose, { ...purpose, id: scarce, alias: 'scarce', versions: [{ id: '10000000-0000-4000-8000-000000000017', state: 'Active', dailyCalls: 10 }] }],
    clients: content.clients.map((client) => ({ ...client, purposes: [ids.purpose, scarce] }))
  }
})()

/** Waits until something holds, at most for a while; gives whether it did. */
async function until (holds: () => boolean | Promise<boolean>, withinMs = 30_000): Promise<boolean> {
  for (const end = performance.now() + withinMs; performance.now() < end; await wait(10)) if (await holds()) return true
  return false
}

/** Starts a supervised gateway with its platform and its upstream; what is written differently is told by `change`. */
async function startFleet (t: Test, change: (content: Written, files: ConfigFiles) => void | Promise<void>) {
  const { upstream, jwksUri } = await startStandIns(t)
  const files = new ConfigFiles(await temporaryFolder(t))
  const port = await freePort()
  files.content = {
    pdnd: { environment: 'sandbox', issuer, jwksUri },
    registry: 'registry.yaml',
    publicUrl: `http://127.0.0.1:${port}`,
    state: 'state',
    limits: { burst: { requests: 1_000_000, seconds: 60 } },
    eservices: { archive: { contract: 'contract.json', upstream: { url: upstream.url, secret: upstreamSecret }, producer: ids.producer, eserviceId: ids.eservice, descriptorIds: [ids.descriptor], audience: [audience] } }
  }
  await files.write('contract.json', archiveContract)
  await files.write('registry.yaml', registry)
  await change(files.content, files)
  await files.change(() => undefined)
  const program = launch(t, ['gateway/main.ts', '--config', files.path], { cwd: files.folder, port })
  await program.says(/ready on .*token/)
  const [, url, token] = /operations on (\S+) \(token (\S+)\)/.exec(program.err) ?? []
  const ask = async (path: string, method = 'GET'): Promise<any> => (await fetch(url + path, { method, headers: { authorization: `Bearer ${token}`, connection: 'close' } })).json()
  await until(async () => (await ask('/status')).status === 200)
  return {
    program, files, port, upstream, ask,
    processes: async (): Promise<readonly Told[]> => (await ask('/-/processes') as { items: Told[] }).items,
    varco: async (...args: string[]) => {
      const said = { out: '', err: '' }
      const code = await runCommandLine([...args, '--config', files.path], { out: (text) => { said.out += text }, err: (text) => { said.err += text }, stdin: async () => Buffer.alloc(0), env: { PORT: String(port) }, now: Date.now })
      return { code, ...said }
    }
  }
}

type RunningFleet = Awaited<ReturnType<typeof startFleet>>

const get = (port: number, headers: Readonly<Record<string, string>> = {}, path = '/items'): Buffer =>
  Buffer.from([`GET ${basePath}${path} HTTP/1.1`, `Host: 127.0.0.1:${port}`, ...Object.entries({ authorization: `Bearer ${mintVoucher(Date.now())}`, ...headers }).map(([name, value]) => `${name}: ${value}`), '', ''].join('\r\n'))

/** One call on a connection of its own. */
async function callOnce (port: number, request: Buffer, tls?: ConnectionOptions): Promise<WireAnswer> {
  const wire = new Wire(port, tls)
  wire.write(request)
  const answer = await wire.answer()
  wire.destroy()
  return answer
}

/** What became of calls: answered with 200, answered otherwise, and not answered because the connection ended. */
interface Tally { served: number, refused: number, cut: number }

/** Calls with hardly a pause, on connections that are kept for as long as they may be and on new ones, until `end` is called. */
function putLoad (port: number, tls?: ConnectionOptions): { readonly tally: Tally, end (): Promise<Tally> } {
  const tally: Tally = { served: 0, refused: 0, cut: 0 }
  const ends = { now: false }
  const callOn = async (keeps: boolean): Promise<void> => {
    const request = get(port, keeps ? {} : { connection: 'close' })
    while (!ends.now) {
      const wire = new Wire(port, tls)
      for (let again = true; again && !ends.now;) {
        wire.write(request)
        const { status, whole, headers } = await wire.answer()
        tally[status === 0 || !whole ? 'cut' : status === 200 ? 'served' : 'refused']++
        again = headers['connection'] === 'keep-alive'
        await wait(30)
      }
      wire.destroy()
    }
  }
  const clients = Promise.all([true, true, true, true, false, false].map(callOn))
  return {
    tally,
    async end () {
      ends.now = true
      await clients
      return tally
    }
  }
}

const pidsOf = (told: readonly Told[]): readonly number[] => told.map(({ pid }) => pid).toSorted((left, right) => left - right)

/** Waits until two serve, of which one owns the feeds, and none of those that are gone. */
async function areTwo (fleet: RunningFleet, ...gone: readonly Told[]): Promise<boolean> {
  return until(async () => {
    const told = await fleet.processes()
    return told.length === 2 && told.every(({ state, pid }) => state === 'serving' && !gone.some((one) => one.pid === pid)) && told.some(({ ownsFeeds }) => ownsFeeds)
  }, 60_000)
}

t.test('two workers that share a Redis', withRedis, async (t) => {
  const redis = await startRedis(t)
  const fleet = await startFleet(t, (content) => { content['workers'] = 2; content['redis'] = { url: redis.url } })
  const { port, files, program } = fleet

  await t.test('both serve, and one of them owns the feeds', async (t) => {
    t.ok(await areTwo(fleet))
    const before = await fleet.processes()
    t.strictSame(new Set(before.map(({ worker }) => worker)), new Set([1, 2]))
    t.equal(before.filter(({ ownsFeeds }) => ownsFeeds).length, 1)
    t.equal(new Set(before.map(({ hash }) => hash)).size, 1)
    for (let count = 0; count < 10; count++) t.equal((await callOnce(port, get(port))).status, 200)
    const after = await fleet.processes()
    t.strictSame(after.map(({ sharedState }, index) => sharedState.answers.redis > (before[index]?.sharedState.answers.redis ?? 0)), [true, true])
  })

  await t.test('a quota of ten admits ten calls of both together', async (t) => {
    const answers = await Promise.all(Array.from({ length: 40 }, async () => callOnce(port, get(port, { authorization: `Bearer ${mintVoucher(Date.now(), { claims: { purposeId: scarce } })}` }))))
    const admitted = answers.filter(({ status }) => status === 200).length
    // On a machine that is too busy an answer of Redis is late now and then; each has its share of the quota then.
    const late = (await fleet.processes()).some(({ sharedState }) => sharedState.answers.local > 0)
    t.ok(late ? admitted <= 15 : admitted === 10, `${admitted}, ${late ? 'by shares' : 'by Redis'}`)
    t.equal(answers.filter(({ status }) => status === 429).length, 40 - admitted)
  })

  await t.test('each writes its log in whole lines, however long', async (t) => {
    const wrong = get(port, { authorization: `Bearer ${mintVoucher(Date.now(), { claims: { aud: 'https://elsewhere.example.it' } })}` })
    await Promise.all(Array.from({ length: 60 }, async () => callOnce(port, wrong)))
    const linesNow = (): readonly string[] => program.out.trim().split('\n')
    await until(() => linesNow().filter((line) => line.includes('voucher-audience-mismatch')).length >= 60)
    const lines = linesNow()
    t.ok(lines.some(({ length }) => length > 4096), 'longer than a pipe takes at once')
    t.strictSame(lines.filter((line) => !/^\{"(?:level|v)":.*\}$/u.test(line)), [])
  })

  await t.test('one that is killed is missed by nobody but its own callers, and is back; what it owned is the other\'s', async (t) => {
    const before = await fleet.processes()
    const killed = before.find(({ ownsFeeds }) => ownsFeeds) as Told
    const other = before.find(({ ownsFeeds }) => !ownsFeeds) as Told
    const load = putLoad(port)
    await until(() => load.tally.served > 50)
    process.kill(killed.pid, 'SIGKILL')
    t.ok(await areTwo(fleet, killed))
    const { served, refused, cut } = await load.end()
    t.equal(refused, 0, `of ${served}`)
    t.ok(cut <= 6, `${cut} calls were cut, of 6 clients`)
    const after = await fleet.processes()
    t.match(after.find(({ worker }) => worker === killed.worker), { restarts: 1, lastEnd: { how: 'SIGKILL' }, ownsFeeds: false })
    t.match(after.find(({ pid }) => pid === other.pid), { restarts: 0, lastEnd: null, ownsFeeds: true })
    t.match(program.out, /"worker":\d,"pid":\d+,"how":"SIGKILL","event":"worker ended"/)
  })

  await t.test('a rolling restart under load loses no call', async (t) => {
    const load = putLoad(port)
    const before = await fleet.processes()
    t.match(await fleet.varco('restart'), { code: 0, out: /^restarted: configuration [0-9a-f]{64}\n$/ })
    t.ok(await areTwo(fleet, ...before))
    t.notOk(pidsOf(before).some(isAlive))
    const { served, refused, cut } = await load.end()
    t.strictSame({ refused, cut }, { refused: 0, cut: 0 }, `of ${served}`)
  })

  await t.test('a reload under load goes live in both or in none', async (t) => {
    const load = putLoad(port)
    const [{ hash: first }] = await fleet.processes() as [Told]
    await files.change((content) => { content['limits'].bodyBytes = 200_000 })
    t.match(await fleet.varco('reload'), { code: 0, out: /^live: configuration [0-9a-f]{64}\n$/ })
    const hashes = (await fleet.processes()).map(({ hash }) => hash)
    t.equal(new Set(hashes).size, 1)
    t.not(hashes[0], first)
    await files.change((content) => { content['limits'].bodyBytes = 'many' })
    t.match(await fleet.varco('reload'), { code: 78, err: /gateway\.yaml:\d+: limits\.bodyBytes: must be integer/ })
    t.match(await fleet.ask('/-/restart', 'POST'), { status: 422, code: 'restart-failed', problems: [/gateway\.yaml:\d+: limits\.bodyBytes: must be integer/] })
    t.strictSame((await fleet.processes()).map(({ hash }) => hash), hashes)
    t.match(await load.end(), { refused: 0, cut: 0 })
  })

  await t.test('a setting of the supervisor takes more than a rolling restart', async (t) => {
    await files.change((content) => { content['limits'].bodyBytes = 200_000; content['watch'] = true })
    t.match(await fleet.varco('restart'), { code: 78, err: /gateway\.yaml:\d+: watch: has changed, and takes a start of the whole gateway/ })
  })

  await t.test('a proof that comes to both at the same moment is admitted once', async (t) => {
    const admitted: number[] = []
    // On a machine that is too busy an answer of Redis is late now and then; for a while both are refused then, which proves nothing.
    for (const end = performance.now() + 30_000; admitted.filter((count) => count > 0).length < 20 && performance.now() < end;) {
      const voucher = mintVoucher(Date.now(), { claims: { cnf: { jkt: jktOf(ecKey.publicKey) } } })
      const proof = makeProof({ method: 'GET', url: `http://127.0.0.1:${port}${basePath}/items`, voucher, now: Date.now() })
      const answers = await Promise.all([1, 2].map(async () => callOnce(port, get(port, { authorization: `DPoP ${voucher}`, dpop: proof }))))
      admitted.push(answers.filter(({ status }) => status === 200).length)
      t.strictSame(answers.filter(({ status, json }) => status !== 200 && !['dpop-replayed', 'replay-filter-unavailable'].includes(json.code)), [])
    }
    t.strictSame(new Set(admitted.filter((count) => count > 0)), new Set([1]))
  })

  await t.test('when the supervisor is killed the workers serve what came in and end', async (t) => {
    const pids = pidsOf(await fleet.processes())
    const came = Promise.withResolvers<() => void>()
    fleet.upstream.answer = (_request, response) => { came.resolve(() => { response.writeHead(200, { 'content-type': 'application/json' }).end('{}') }) }
    const slow = callOnce(port, get(port))
    const answer = await came.promise
    program.child.kill('SIGKILL')
    await wait(100)
    answer()
    t.equal((await slow).status, 200)
    t.ok(await until(() => !pids.some(isAlive)))
    t.ok(await isFree(port))
  })
})

t.test('one worker without Redis, that speaks TLS', async (t) => {
  const server = await selfSigned('localhost')
  const tls: ConnectionOptions = { ca: server.pem, servername: 'localhost', checkServerIdentity: () => undefined }
  const fleet = await startFleet(t, async (content, files) => {
    Object.assign(content, { workers: 1, publicUrl: content['publicUrl'].replace('http', 'https'), listeners: { public: { tls: { certificate: 'server.pem', key: 'server.key' } } } })
    await files.write('server.pem', server.pem)
    await files.write('server.key', server.keyPem)
    await chmod(join(files.folder, 'server.key'), 0o600)
  })
  const { port, program } = fleet
  const scarceCall = async (): Promise<string | undefined> => (await callOnce(port, get(port, { authorization: `Bearer ${mintVoucher(Date.now(), { claims: { purposeId: scarce } })}` }), tls)).headers['x-ratelimit-remaining']

  await t.test('is replaced under load without a failed call, and what it counted stays counted', async (t) => {
    t.strictSame([await scarceCall(), await scarceCall()], ['9', '8'])
    const load = putLoad(port, tls)
    const [before] = await fleet.processes() as [Told]
    await until(() => load.tally.served > 20)
    program.child.kill('SIGUSR2')
    t.ok(await until(() => program.out.includes('"event":"restarted"')))
    const after = await fleet.processes()
    t.match(after, [{ worker: 1, restarts: 0, state: 'serving' }])
    t.not(after[0]?.pid, before.pid)
    const served = load.tally.served
    await until(() => load.tally.served > served + 20)
    t.match(await load.end(), { refused: 0, cut: 0 })
    t.equal(await scarceCall(), '7')
  })

  await t.test('ends with its supervisor when that is asked to, at once even if asked twice', async (t) => {
    const pids = pidsOf(await fleet.processes())
    program.child.kill('SIGTERM')
    t.equal(await program.stop(), 0)
    t.notOk(pids.some(isAlive))
    t.ok(await isFree(port))
  })
})

t.test('workers that cannot start end the start, with what is wrong', async (t) => {
  const folder = await temporaryFolder(t)
  const files = new ConfigFiles(folder)
  files.content = { pdnd: { environment: 'sandbox' }, registry: 'registry.yaml', publicUrl: 'http://127.0.0.1:8080', state: 'state', workers: 2, eservices: { archive: { contract: 'contract.json', upstream: { url: 'http://127.0.0.1:9', secret: upstreamSecret }, producer: ids.producer, eserviceId: ids.eservice, descriptorIds: [ids.descriptor], audience: [audience] } } }
  await files.write('contract.json', { openapi: '2.0' })
  await files.write('registry.yaml', registry)
  await files.change(() => undefined)
  const start = async () => launch(t, ['gateway/main.ts', '--config', files.path], { cwd: folder, port: await freePort() })
  const alone = await start()
  t.equal(await alone.ended, 78)
  t.match(alone.err, /^the gateway cannot start:\n {2}\S+gateway\.yaml:\d+: workers: 2 workers need redis, or the environment variable REDIS_URL: .*\n$/)
  await files.change((content) => { content['workers'] = 1 })
  const wrong = await start()
  t.equal(await wrong.ended, 78)
  t.match(wrong.err, /^the gateway cannot start:\n {2}.*contract\.json:\d+:\d+: openapi must be 3\.0\.x.*\n$/)
  t.notMatch(wrong.err + alone.err, 'ready')
})
