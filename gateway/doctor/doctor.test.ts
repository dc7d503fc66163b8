import { createHmac } from 'node:crypto'
import { chmod, copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { createServer as createTcpServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { freshDatabase, withPostgres } from '../../test/postgres.ts'
import { hashOf, lineOf, noHash } from '../audit/audit-line.ts'
import { runCommandLine } from '../command-line.ts'
import { selfSigned } from '../harness/certificates.ts'
import { freePort } from '../harness/free-port.ts'
import { archiveContract, audience, basePath, ids, registryContent, upstreamSecret } from '../harness/platform.ts'
import { startRedis, withRedis } from '../harness/redis.ts'
import { answerOk, Upstream } from '../harness/upstream.ts'
import type { AnswerAs } from '../harness/upstream.ts'
import { clientKeyPath, keychainKeyPath } from '../sandbox/key-store.ts'
import { startSandbox } from '../sandbox/sandbox-fixture.ts'
import { checkKeys } from './own-checks.ts'
import type { Patient } from './patient.ts'

interface Told { readonly code: number, readonly text: string, readonly report: { readonly healthy: boolean, readonly broken: string | null, readonly checks: readonly { readonly name: string, readonly state: string, readonly detail: string, readonly warnings: readonly string[], readonly remedy: string | null }[] }, readonly ms: number }

const secrets = { redis: 'redis-canary-secret', database: 'database-canary-secret', token: 'operations-canary-token' }
const contract = { ...archiveContract, paths: { ...archiveContract['paths'] as object, '/status': { get: { operationId: 'readStatus', security: [], responses: { 200: { description: 'Bene' } } } } } }

// As an e-service does: nothing is answered that the gateway did not sign.
const answerSigned: AnswerAs = (request, response, seen) => {
  const [header, claims, signature] = String(request.headers['varco-call']).split('.')
  if (signature === createHmac('sha256', upstreamSecret).update(`${header}.${claims}`).digest('base64url')) answerOk(request, response, seen)
  else response.writeHead(401).end()
}

/** A configuration in which all is well and no gateway runs, and what examines it with what a test changes. */
async function startPatient (t: Test) {
  const folder = t.testdir()
  const sandbox = await startSandbox(t, { now: Date.now, stateDir: join(folder, 'sandbox') })
  const upstream = await new Upstream().listen()
  t.teardown(async () => upstream.close())
  upstream.answer = answerSigned
  const clientId = sandbox.idOf('clients', 'comune-di-milano-api')
  const [state, keychain, key] = [join(folder, 'state'), join(folder, 'keychain'), join(folder, 'api.pem')]
  for (const made of [state, keychain]) await mkdir(made, { mode: 0o700 })
  await copyFile(clientKeyPath(sandbox.stateDir, clientId), key)
  await copyFile(keychainKeyPath(sandbox.stateDir, sandbox.idOf('tenants', 'comune-di-milano')), join(keychain, 'one.pem'))
  await writeFile(join(folder, 'contract.json'), JSON.stringify(contract))
  await writeFile(join(folder, 'registry.yaml'), JSON.stringify(registryContent()))
  const [publicPort, operationsPort] = [await freePort(), await freePort()]
  const content = () => ({
    pdnd: { environment: 'sandbox', jwksUri: `${sandbox.url}/.well-known/jwks.json`, tokenUrl: `${sandbox.url}/token.oauth2`, apiBase: sandbox.url, api: { version: 'v3', clientId, privateKey: key } } as Record<string, any>,
    registry: 'registry.yaml', publicUrl: `http://127.0.0.1:${publicPort}`, state, keychain,
    listeners: { public: { port: publicPort } as Record<string, unknown>, operations: { port: operationsPort, token: secrets.token } },
    tracing: { tenant: sandbox.idOf('tenants', 'comune-di-milano') },
    eservices: { archive: { contract: 'contract.json', upstream: { url: upstream.url, secret: upstreamSecret }, producer: ids.producer, eserviceId: ids.eservice, descriptorIds: [ids.descriptor], audience: [audience] } }
  }) as Record<string, any>
  let files = 0
  const examine = async ({ change, env = {}, now = Date.now, args = ['--json'] }: { readonly change?: (written: Record<string, any>) => void, readonly env?: NodeJS.ProcessEnv, readonly now?: () => number, readonly args?: readonly string[] } = {}): Promise<Told> => {
    const [file, written] = [join(folder, `gateway-${++files}.yaml`), content()]
    change?.(written)
    await writeFile(file, JSON.stringify(written, undefined, 1))
    let text = ''
    const start = performance.now()
    const code = await runCommandLine(['doctor', '--config', file, ...args], { out: (more) => { text += more }, err: (more) => { text += more }, stdin: async () => Buffer.alloc(0), env: { PATH: process.env['PATH'], ...env }, now })
    for (const secret of [...Object.values(secrets), upstreamSecret]) if (text.includes(secret)) throw new Error('a secret was told')
    return { code, text, report: text.startsWith('{') ? JSON.parse(text) : undefined, ms: performance.now() - start }
  }
  return { folder, state, keychain, key, upstream, publicPort, operationsPort, examine }
}

/** Listens and never answers. */
async function startSilent (t: Test): Promise<{ readonly url: string, readonly port: number }> {
  const sockets = new Set<Socket>()
  const server = createTcpServer((socket) => { sockets.add(socket.on('error', () => undefined)) })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, port }
}

function expectBroken (t: Test, { code, report, ms }: Told, name: string, says: RegExp, remedy: RegExp, unreached: readonly string[] = []): void {
  const found = report.checks.find((one) => one.name === name)
  t.match({ code, broken: report.broken, healthy: report.healthy }, { code: 1, broken: name, healthy: false }, name)
  t.match(found, { state: 'failed', detail: says, remedy })
  for (const one of unreached) t.equal(report.checks.find(({ name }) => name === one)?.state, 'unreached', `${one} depends on ${name}`)
  t.ok(ms < 10_000)
}

t.test('doctor', async (t) => {
  const patient = await startPatient(t)
  const { examine, folder, state, keychain, key, upstream, publicPort } = patient

  t.test('says that all is well, and nothing is changed by looking', async (t) => {
    const told = await examine()
    t.match(told, { code: 0, report: { healthy: true, broken: null } }, told.text)
    t.strictSame(told.report.checks.map(({ name }) => name), ['configuration', 'contracts', 'state', 'disk', 'keys', 'listeners', 'jwks', 'clock', 'token', 'keychain', 'registry', 'redis', 'database', 'upstreams', 'stores', 'tracing'])
    t.strictSame(told.report.checks.filter(({ state }) => state === 'nothing').map(({ name }) => name), ['redis', 'database'])
    t.match((await examine({ args: [] })).text, /^All is well\.\n\n {2}ok {6}configuration/)
    t.ok(upstream.requests.every(({ method, url }) => method === 'GET' && url === `${basePath}/status`))
  })

  t.test('names what is wrong with the gateway’s own things', async (t) => {
    t.match(await examine({ change: (written) => { written['eservices'].archive.audience = [] } }), { code: 78, report: { broken: 'configuration' } })
    t.match((await examine({ change: (written) => { delete written['registry'] }, args: [] })).text, /^configuration: .*gateway-\d\.yaml:.*registry.*\nTo mend it: mend the configuration/s)

    await writeFile(join(folder, 'contract.json'), '{"openapi":')
    expectBroken(t, await examine(), 'contracts', /contract\.json/, /varco check/, ['upstreams', 'stores'])
    await writeFile(join(folder, 'contract.json'), JSON.stringify(contract))

    await chmod(state, 0o755)
    expectBroken(t, await examine(), 'state', /open to other users: run chmod 700/, /folder of its own/, ['disk', 'listeners', 'jwks', 'clock', 'token', 'tracing'])
    await chmod(state, 0o700)

    await mkdir(join(state, 'audit'), { mode: 0o700 })
    const text = JSON.stringify({ kind: 'opening' })
    const day = new Date(Date.now() - 3 * 86_400_000).toISOString().slice(0, 10)
    const records = join(state, 'audit', `${day}.0001.audit`)
    await writeFile(records, lineOf(text, hashOf(noHash, text)) + lineOf(text, noHash))
    expectBroken(t, await examine(), 'disk', /^line 2 of .*0001\.audit is not what was written there/, /audit verify/)
    await writeFile(records, lineOf(text, hashOf(noHash, text)))
    expectBroken(t, await examine(), 'tracing', new RegExp(`lacks the calls of ${day}`), /varco tracing run/)
    await rm(join(state, 'audit'), { recursive: true })

    await chmod(key, 0o644)
    expectBroken(t, await examine(), 'keys', /api\.pem: is open to other users: run chmod 600/, /key/, ['token'])
    await chmod(key, 0o600)

    const [old, fresh] = await Promise.all([[-1, 'old.pem'], [3, 'fresh.pem']].map(async ([days, name]) => {
      const file = join(folder, String(name))
      await writeFile(file, (await selfSigned('gateway', { notBefore: Date.now() - 30 * 86_400_000, notAfter: Date.now() + Number(days) * 86_400_000 })).pem)
      return file
    })) as [string, string]
    const tls = (certificate: string) => (written: Record<string, any>): void => { written['listeners'].public.tls = { certificate, key } }
    expectBroken(t, await examine({ change: tls(old) }), 'keys', /its certificate ended on 20/, /certificate/)
    t.match((await examine({ change: tls(fresh) })).report.checks[4], { name: 'keys', state: 'passed', warnings: [/ends on 20/] })

    const tlsKey = join(folder, 'tls.key')
    await writeFile(tlsKey, await readFile(key), { mode: 0o644 })
    const open = await examine({ change: (written) => { written['listeners'].public.tls = { certificate: fresh, key: tlsKey } } })
    t.match(open, { code: 78, report: { broken: 'configuration' } }, 'a gateway would not start')
    t.match(open.text, /tls\.key is open to other users: run chmod 600/)
    // One that runs since before has it in memory.
    const running = (name: string) => ({ now: Date.now, config: { pdnd: {}, eservices: [], listeners: { public: { tls: { certificate: fresh, key: name } } } } }) as unknown as Patient
    await t.rejects(checkKeys(running(tlsKey)), { message: /tls\.key: is open to other users: run chmod 600/ })
    await t.rejects(checkKeys(running(`${tlsKey}.none`)), { message: /tls\.key\.none: cannot be read \(ENOENT\)/ })

    const other = createServer()
    await new Promise<void>((resolve) => other.listen(publicPort, '127.0.0.1', resolve))
    expectBroken(t, await examine(), 'listeners', new RegExp(`no gateway runs with .*port ${publicPort} is taken`), /stop what listens there/)
    await new Promise((resolve) => other.close(resolve))
  })

  t.test('tells a gateway that runs from one that only left its address', async (t) => {
    const place = join(state, 'operations.json')
    const gone = await startSilent(t)
    await writeFile(place, JSON.stringify({ url: gone.url, token: secrets.token }))
    expectBroken(t, await examine(), 'listeners', /does not answer on http/, /operations\.json away/)
    const answers: Record<string, object> = { '/-/config': { hash: 'abc', startedAt: '2026-03-02T10:00:00Z' }, '/status': {}, '/-/eservices': { items: [{ name: 'archive', lint: { errors: 2 } }] } }
    const running = createServer((request, response) => { response.end(JSON.stringify(answers[request.url ?? ''] ?? {})) })
    await new Promise<void>((resolve) => running.listen(0, '127.0.0.1', resolve))
    await writeFile(place, JSON.stringify({ url: `http://127.0.0.1:${(running.address() as AddressInfo).port}`, token: secrets.token }))
    const told = await examine({ change: (written) => { written['eservices'].archive.upstream.secret = '${NOT_SET_HERE}' } })
    t.match(told.report.checks.find(({ name }) => name === 'listeners'), { state: 'passed', detail: /runs since 2026-03-02T10:00:00Z/ }, 'the gateway has the secrets, whoever looks need not')
    t.match(told.report.checks.find(({ name }) => name === 'contracts'), { warnings: [/2 errors by its rules/] })
    running.closeAllConnections()
    await new Promise((resolve) => running.close(resolve))
    await rm(place)
  })

  t.test('names what is wrong with the platform and the way to it', async (t) => {
    expectBroken(t, await examine({ change: (written) => { written['pdnd'].jwksUri = 'http://127.0.0.1:1/jwks' } }), 'jwks', /nothing listens there/, /start the sandbox/, ['clock', 'token', 'keychain'])
    expectBroken(t, await examine({ now: () => Date.now() + 60_000 }), 'clock', /is (?:59|60) s ahead of the platform/, /NTP/, ['token'])
    expectBroken(t, await examine({ change: (written) => { written['pdnd'].tokenUrl = 'http://127.0.0.1:1/token' } }), 'token', /127\.0\.0\.1:1\/token did not answer/, /way from this machine/, ['keychain'])
    expectBroken(t, await examine({ change: (written) => { written['pdnd'].api.clientId = ids.client } }), 'token', /./, /pdnd\.api/, ['keychain'])
    await copyFile(key, join(keychain, 'one.pem'))
    expectBroken(t, await examine(), 'keychain', /the platform knows no key of/, /deposit/)
    await rm(join(keychain, 'one.pem'))
    expectBroken(t, await examine(), 'keys', /there is no key in it/, /usable key/)
    await copyFile(keychainKeyPath(join(folder, 'sandbox'), '6f1c3a52-0b7e-4c1d-9a44-3e2f5d7b8c01'), join(keychain, 'one.pem'))
    await writeFile(join(folder, 'registry.yaml'), '{"tenants":3}')
    expectBroken(t, await examine(), 'registry', /registry\.yaml/, /registry/)
    await writeFile(join(folder, 'registry.yaml'), JSON.stringify(registryContent()))
  })

  t.test('names what is wrong with upstreams and their stores', async (t) => {
    const to = (url: string) => (written: Record<string, any>): void => { written['eservices'].archive.upstream.url = url }
    expectBroken(t, await examine({ change: to('http://127.0.0.1:1') }), 'upstreams', /^archive: nothing answers on 127\.0\.0\.1:1 \(ECONNREFUSED\)/, /start the upstream/, ['stores'])
    expectBroken(t, await examine({ change: to('http://no-such-host.invalid') }), 'upstreams', /there is no host no-such-host\.invalid|nobody says/, /DNS|resolver/)
    expectBroken(t, await examine({ change: to(upstream.url.replace('http:', 'https:')) }), 'upstreams', /speaks no TLS|ends the connection/, /http:/)
    expectBroken(t, await examine({ change: (written) => { written['eservices'].archive.upstream.secret = 'another secret, of at least 32 characters' } }), 'upstreams', /does not accept the gateway \(401\)/, /same secret/)
    upstream.answer = (_request, response) => { response.writeHead(302, { location: '/login' }).end() }
    expectBroken(t, await examine(), 'upstreams', /answers 302, which its contract does not know/, /what listens there is not this e-service/)
    upstream.answer = (request) => { request.socket.destroy() }
    expectBroken(t, await examine(), 'upstreams', /ends the connection/, /http: or https:/)
    upstream.answer = (_request, response) => { response.writeHead(500).end() }
    expectBroken(t, await examine(), 'upstreams', /answers 500/, /log of the upstream/)
    upstream.answer = (_request, response) => { response.writeHead(503, { 'content-type': 'application/problem+json' }).end('{"code":"store-unavailable"}') }
    expectBroken(t, await examine(), 'stores', /the store of archive does not answer/, /start the database/)
    upstream.answer = answerSigned
  })

  // The last ones only ask for other things than each other: they wait at the same time.
  t.jobs = 3
  t.test('names what is wrong with Redis', { ...withRedis, buffered: true }, async (t) => {
    const redis = await startRedis(t, '--requirepass', secrets.redis)
    const at = (password: string) => ({ env: { REDIS_URL: `redis://:${password}@127.0.0.1:${redis.port}` } })
    t.match((await examine(at(secrets.redis))).report.checks.find(({ name }) => name === 'redis'), { state: 'passed', detail: /version [67]\./ })
    expectBroken(t, await examine(at('wrong')), 'redis', /WRONGPASS/, /redis\.url/)
    const tell = async (...words: readonly string[]) => redis.ask('-a', secrets.redis, 'config', 'set', ...words)
    await tell('maxmemory', '20mb')
    await tell('maxmemory-policy', 'allkeys-lru')
    expectBroken(t, await examine(at(secrets.redis)), 'redis', /throws keys away/, /noeviction/)
    redis.freeze()
    expectBroken(t, await examine(at(secrets.redis)), 'redis', /no answer/, /start Redis/)
    redis.thaw()
    await redis.kill()
    expectBroken(t, await examine(at(secrets.redis)), 'redis', /ECONNREFUSED/, /start Redis/)
  })

  t.test('names what is wrong with the database of the e-services', { ...withPostgres, buffered: true }, async (t) => {
    const url = await freshDatabase(t)
    t.match((await examine({ env: { DATABASE_URL: url } })).report.checks.find(({ name }) => name === 'database'), { state: 'passed', detail: /version 1\d/ })
    expectBroken(t, await examine({ env: { DATABASE_URL: url.replace(/:[^:@]*@/, `:${secrets.database}@`) } }), 'database', /the server refuses this user/, /DATABASE_URL/, ['stores'])
  })

  t.test('is done within ten seconds whatever is down, and names the first', { buffered: true }, async (t) => {
    const { url, port } = await startSilent(t)
    const told = await examine({ env: { REDIS_URL: `redis://127.0.0.1:${port}`, DATABASE_URL: `postgres://varco:${secrets.database}@127.0.0.1:${port}/things` }, change: (written) => {
      written['pdnd'] = { ...written['pdnd'], jwksUri: url, tokenUrl: url, apiBase: url }
      written['eservices'].archive.upstream.url = url
    } })
    expectBroken(t, told, 'jwks', new RegExp(`^${url}: no answer within`), /start the sandbox/)
    t.match(told.report.checks.filter(({ state }) => state === 'failed').map(({ name, detail }) => [name, detail]), [['jwks', new RegExp(url)], ['redis', /no answer/], ['database', /no answer|does not answer/], ['upstreams', /gives no answer/]])
  })
})
