import { generateKeyPairSync } from 'node:crypto'
import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { decodeJwt, decodeProtectedHeader } from 'jose'
import t from 'tap'
import { getGlobalDispatcher, MockAgent, setGlobalDispatcher } from 'undici'
import { until } from '../harness/gateway.ts'
import { sandboxEnvironment } from '../pdnd-environments.ts'
import { clientKeyPath } from '../sandbox/key-store.ts'
import { startSandbox, testTime } from '../sandbox/sandbox-fixture.ts'
import { InteropApiError } from './interop-api.ts'
import { json, notFound, openClient, signed, startPlatform } from './platform-fixture.ts'
import type { Answering, TestPlatform } from './platform-fixture.ts'

const uuid = /^[0-9a-f-]{36}$/
const something = { something: 'there is' }

for (const version of ['v2', 'v3'] as const) {
  t.test(`the sandbox's ${version}: keys, other documents, lists, what is not there and what is refused`, async (t) => {
    const sandbox = await startSandbox(t)
    const clientId = sandbox.idOf('clients', 'comune-di-milano-api')
    const environment = { ...sandboxEnvironment(), jwksUri: `${sandbox.url}/.well-known/jwks.json`, apiBase: `${sandbox.url}/`, tokenUrl: `${sandbox.url}/token.oauth2` }
    const { api } = await openClient(t, { environment, now: testTime }, version, { client: { version, clientId, privateKey: clientKeyPath(sandbox.stateDir, clientId) } })
    const { kid, publicJwk: { n, e } } = await sandbox.keyOf('istat')
    t.match(await api.get(['keys', kid]), { clientId: sandbox.idOf('clients', 'istat'), jwk: { kty: 'RSA', n, e } })
    t.equal(await api.get(['keys', 'x'.repeat(43)]), undefined)
    const purposeId = sandbox.idOf('purposes', 'istat-tickets')
    t.match(await api.get(['purposes', purposeId]), { id: purposeId, currentVersion: { state: 'ACTIVE' } })
    t.match(await api.get(['purposes'], { offset: 0, limit: 2, states: ['ACTIVE', 'SUSPENDED'] }), { results: [{ id: uuid }, { id: uuid }] })
    await t.rejects(api.get(['purposes']), { name: 'InteropApiError', status: 400 }, 'a parameter is missing')
    t.strictSame(await api.get(['keyEvents'], { limit: 500 }), { events: [] })
  })
}

t.test('a voucher serves many requests, one request fetches it for all who wait, and it is renewed behind its use', async (t) => {
  const platform = await startPlatform(t)
  const { api } = await openClient(t, platform, 'v2')
  platform.answer = json(something)
  await Promise.all(Array.from({ length: 50 }, async () => api.get(['things'])))
  platform.now += 479_000
  await api.get(['things'])
  t.equal(platform.vouchers, 1)
  platform.now += 1000
  await api.get(['things'])
  t.equal(platform.headers.at(-1)?.authorization, 'Bearer voucher-1', 'nobody waits for the renewal')
  for (let time = 0; time < 200 && platform.headers.at(-1)?.authorization === 'Bearer voucher-1'; time++) await api.get(['things'])
  t.equal(platform.headers.at(-1)?.authorization, 'Bearer voucher-2')
  platform.now += 600_000
  await api.get(['things'])
  t.equal(platform.headers.at(-1)?.authorization, 'Bearer voucher-3')
  t.equal(platform.vouchers, 3)
})

t.test('a renewal that fails leaves the voucher in use until it expires', async (t) => {
  const platform = await startPlatform(t)
  const { api } = await openClient(t, platform, 'v2')
  platform.answer = json(something)
  await api.get(['things'])
  platform.grant = json({}, 500)
  platform.now += 590_000
  t.strictSame(await api.get(['things']), something)
  await until(() => platform.vouchers === 2)
  for (let time = 0; time < 20; time++) t.strictSame(await api.get(['things']), something)
  t.equal(platform.vouchers, 2, 'and is not tried again at once')
  platform.now += 6000
  await t.rejects(api.get(['things']), { name: 'InteropApiError', message: /^there is no voucher for the interop API: the token endpoint answered 500/ })
})

t.test('each v3 request proves its key: address without query, hash of the voucher, another jti', async (t) => {
  const platform = await startPlatform(t)
  const { api } = await openClient(t, platform, 'v3')
  platform.answer = signed(platform, something)
  await api.get(['lists', 'a/b c'], { limit: 1 })
  await api.get(['things'])
  const [first, second] = platform.headers.map(({ dpop }) => decodeJwt(String(dpop)))
  t.match(first, { htm: 'GET', htu: `${platform.origin}/v3/lists/a%2Fb%20c`, ath: /^[\w-]{43}$/, iat: platform.now / 1000 })
  t.not(first?.jti, second?.jti)
  t.equal(platform.asked[0], '/v3/lists/a%2Fb%20c?limit=1')
  t.equal(platform.headers[0]?.authorization, 'DPoP voucher-1')
  t.strictSame(Object.keys(decodeProtectedHeader(String(platform.headers[0]?.['dpop']))['jwk'] as object).toSorted(), ['crv', 'kty', 'x', 'y'])
})

t.test('a voucher that is not taken is replaced once; then nothing is asked for a while', async (t) => {
  const platform = await startPlatform(t)
  const { api } = await openClient(t, platform, 'v2')
  const refused = json({ status: 401 }, 401)
  platform.answer = (request, response) => { (platform.vouchers < 2 ? refused : json(something))(request, response) }
  t.strictSame(await api.get(['things']), something)
  t.equal(platform.vouchers, 2)
  platform.answer = refused
  await Promise.all(Array.from({ length: 20 }, async () => t.rejects(api.get(['things']), { message: /status 401/ })))
  t.equal(platform.vouchers, 3)
  const asked = platform.asked.length
  await Promise.all(Array.from({ length: 20 }, async () => t.rejects(api.get(['things']), { message: /is not asked now/ })))
  t.equal(platform.asked.length, asked)
  platform.answer = json(something)
  platform.now += 1000
  t.strictSame(await api.get(['things']), something, 'many failures at once are one')
})

const html: Answering = (_request, response) => { response.writeHead(200, { 'content-type': 'text/html' }).end('<html>maintenance</html>') }
const useless: Readonly<Record<string, readonly [answer: (platform: TestPlatform) => Answering, message: RegExp]>> = {
  'no answer': [() => () => undefined, /no answer within 150 ms/],
  'a head and then nothing': [() => (_request, response) => { response.writeHead(200).write('{') }, /no answer within 150 ms/],
  'status 500': [() => json(something, 500), /status 500/],
  'status 503 with HTML': [() => (_request, response) => { response.writeHead(503).end('<html>') }, /status 503/],
  'HTML': [() => html, /status 200 with something that is no JSON object/],
  'a page that is not found': [() => (_request, response) => { response.writeHead(404).end('<html>') }, /status 404 with something that is no JSON object/],
  'a gateway in between that knows no such route': [() => json({ message: 'Not Found' }, 404), /status 404 without a problem document/],
  'more than 1 MiB': [() => json({ more: 'x'.repeat(1024 * 1024) }), /larger than 1048576 bytes/],
  'a bomb': [() => (_request, response) => { response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(JSON.stringify({ more: 'x'.repeat(5_000_000) }))) }, /no JSON object/],
  'a redirect': [() => (request, response) => { (request.url === '/v2/other' ? json(something) : json({}, 302, { location: '/v2/other' }))(request, response) }, /status 302/],
  'a broken connection': [() => (_request, response) => { response.destroy() }, /the connection failed/],
  'half an answer': [() => (_request, response) => { response.writeHead(200, { 'content-length': '1000' }).write('{"a":', () => { response.destroy() }) }, /the connection failed/],
  'a list': [() => json([something]), /no JSON object/],
  'null': [() => json(null), /no JSON object/],
  'a member twice': [() => (_request, response) => { response.end('{"clientId":"a","clientId":"b"}') }, /no JSON object/],
  'a prototype': [() => (_request, response) => { response.end('{"__proto__":{"clientId":"a"}}') }, /no JSON object/],
  'deep nesting': [() => (_request, response) => { response.end(`${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`) }, /no JSON object/]
}

for (const [name, [answer, message]] of Object.entries(useless)) {
  t.test(`${name} is no answer, and the platform is left alone for a second`, async (t) => {
    const platform = await startPlatform(t)
    const { api } = await openClient(t, platform, 'v2', { deadlineMs: 150 })
    platform.answer = answer(platform)
    const error: unknown = await api.get(['things']).then(() => undefined, (thrown: unknown) => thrown)
    t.ok(error instanceof InteropApiError && error.status === undefined)
    t.match((error as Error).message, message)
    t.notMatch((error as Error).message, /voucher-|maintenance|ey[A-Z]/)
    platform.answer = json(something)
    platform.now += 999
    await t.rejects(api.get(['things']), { message: /is not asked now/ })
    t.strictSame(platform.asked, ['/v2/things'])
    platform.now += 1
    t.strictSame(await api.get(['things']), something)
  })
}

t.test('pauses grow with every failure to half a minute, and a good answer makes them short again', async (t) => {
  const platform = await startPlatform(t)
  const { api } = await openClient(t, platform, 'v2')
  platform.answer = json({}, 500)
  const pauses: number[] = []
  for (let failure = 0; failure < 7; failure++) {
    await t.rejects(api.get(['things']), { message: /status 500/ })
    const failedAt = platform.now
    for (const asked = platform.asked.length; platform.asked.length === asked; platform.now += 1000) await api.get(['things']).catch(() => undefined)
    pauses.push((platform.now - 1000 - failedAt) / 1000)
    // That was the next failure: its pause is waited for before the one that is measured.
    platform.now += 30_000
  }
  t.strictSame(pauses, [1, 4, 16, 30, 30, 30, 30])
  platform.answer = json(something)
  await api.get(['things'])
  platform.answer = json({}, 500)
  await t.rejects(api.get(['things']), { message: /status 500/ })
  platform.now += 1000
  await t.rejects(api.get(['things']), { message: /status 500/ })
})

const patient: Readonly<Record<string, readonly [answer: Answering, pauseMs: number]>> = {
  'Retry-After in seconds': [json({}, 429, { 'retry-after': '7' }), 7000],
  'Retry-After as a date': [json({}, 503, { 'retry-after': 'Sat, 21 Nov 2026 10:00:20 GMT' }), 20_000],
  'a day': [json({}, 429, { 'retry-after': '86400' }), 600_000],
  'an interval that is used up': [json(something, 200, { 'x-rate-limit-limit': '10', 'x-rate-limit-remaining': '0', 'x-rate-limit-interval': '1500' }), 1500],
  '429 and nothing more': [json({}, 429), 1000],
  'nonsense': [json({}, 429, { 'retry-after': 'soon', 'x-rate-limit-remaining': '0', 'x-rate-limit-interval': '-1' }), 1000]
}

for (const [name, [answer, pauseMs]] of Object.entries(patient)) {
  t.test(`a platform that asks for patience (${name}) is not asked before that`, async (t) => {
    const platform = await startPlatform(t)
    const { api } = await openClient(t, platform, 'v2')
    platform.answer = answer
    await api.get(['things']).catch(() => undefined)
    platform.answer = json(something)
    platform.now += pauseMs - 1
    await t.rejects(api.get(['things']), { message: /is not asked now/ })
    t.equal(platform.asked.length, 1)
    platform.now += 1
    t.strictSame(await api.get(['things']), something)
  })
}

t.test('what is refused as such does not keep anybody from asking for something else', async (t) => {
  const platform = await startPlatform(t)
  const { api } = await openClient(t, platform, 'v2')
  for (const status of [400, 403]) {
    platform.answer = json({ status }, status)
    await t.rejects(api.get(['things']), { name: 'InteropApiError', status })
  }
  platform.answer = notFound
  t.equal(await api.get(['things']), undefined)
  platform.answer = json(something)
  t.strictSame(await api.get(['things']), something)
})

t.test('no segment climbs out of the path', async (t) => {
  const platform = await startPlatform(t)
  const { api } = await openClient(t, platform, 'v2')
  for (const segment of ['', '.', '..']) await t.rejects(api.get(['keys', segment]), { message: /empty or dots/ })
  for (const segment of ['../clients', '%2e%2e', 'a?b#c', 'a\\b', 'a\nb']) await api.get(['keys', segment])
  t.strictSame(platform.asked, ['/v2/keys/..%2Fclients', '/v2/keys/%252e%252e', '/v2/keys/a%3Fb%23c', '/v2/keys/a%5Cb', '/v2/keys/a%0Ab'])
})

t.test('the connections are its own: what the process uses otherwise, a proxy say, does not matter', async (t) => {
  const usual = getGlobalDispatcher()
  const nobody = new MockAgent()
  nobody.disableNetConnect()
  setGlobalDispatcher(nobody)
  t.teardown(() => { setGlobalDispatcher(usual) })
  const platform = await startPlatform(t)
  const { api } = await openClient(t, platform, 'v3')
  platform.answer = signed(platform, something)
  t.strictSame(await api.get(['things']), something)
})

t.test('a key file that is not there, open to others or no key: nobody is asked, and once it is mended it is used at once', async (t) => {
  const platform = await startPlatform(t)
  platform.answer = json(something)
  const key = join(t.testdir({}), 'api.pem')
  const { api } = await openClient(t, platform, 'v2', { client: { version: 'v2', clientId: '0a4d7f92-b3e1-4c68-95fa-e7c1d0b8a567', privateKey: key } })
  await t.rejects(api.get(['things']), { message: /no voucher for the interop API: the key file .*api\.pem cannot be read \(ENOENT\)/ })
  await writeFile(key, 'secret-text', { mode: 0o600 })
  const error = await api.get(['things']).catch((thrown: Error) => thrown)
  t.match((error as Error).message, /is no private key/)
  t.notMatch((error as Error).message, /secret-text/)
  await writeFile(key, generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' }))
  await chmod(key, 0o644)
  if (process.platform !== 'win32') await t.rejects(api.get(['things']), { message: /open to other users/ })
  t.equal(platform.vouchers, 0)
  await chmod(key, 0o600)
  t.strictSame(await api.get(['things']), something)
})
