import { generateKeyPairSync } from 'node:crypto'
import { chmod, copyFile, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import t from 'tap'
import type { Test } from 'tap'
import { thumbprintOf } from '../policies/jwk.ts'
import type { Config } from './config.ts'
import { until } from './harness/gateway.ts'
import { temporaryFolder } from './harness/process.ts'
import { clientId, json, notFound, platformKid, startPlatform } from './pdnd/platform-fixture.ts'
import type { Answering, TestPlatform } from './pdnd/platform-fixture.ts'
import { openTrustSources } from './trust-sources.ts'
import type { TrustSources } from './trust-sources.ts'

const hours = 60 * 60_000
const client = 'd0f6a8c3-7e59-4b14-8ad2-f9e5c0b7d161'
const jwk = { ...generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ format: 'jwk' }) }
const kid = thumbprintOf(jwk)
const ownPem = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' })
const down: Answering = (_request, response) => { response.destroy() }
const often = { keysMs: 10, eventsMs: 10, retryMs: 10 }

/** A platform with one key deposited, and a folder in which one gateway after the other keeps its state. */
async function start (t: Test) {
  const platform = await startPlatform(t)
  const folder = await temporaryFolder(t)
  const state = join(folder, 'state')
  const warnings: string[] = []
  const events: object[] = []
  const privateKey = join(folder, 'api.pem')
  await writeFile(privateKey, ownPem, { mode: 0o600 })
  platform.answer = (request, response) => (request.url?.includes('/keyEvents') ? json({ events: request.url.includes('lastEventId') ? [] : events }) : json({ clientId: client, jwk }))(request, response)
  const open = async (change: Partial<Config> = {}): Promise<TrustSources> => {
    const config = { environment: 'collaudo', state, pdnd: { ...platform.environment, api: { version: 'v2', clientId, privateKey } }, ...change } as Config
    const sources = await openTrustSources(config, { now: () => platform.now, warn: (message) => { warnings.push(message) } })
    t.teardown(async () => sources.close())
    return sources
  }
  return { platform, state, warnings, events, privateKey, open }
}

/** Has a gateway learn the platform's keys and the deposited one, and ends it. */
async function learn ({ open }: Awaited<ReturnType<typeof start>>): Promise<void> {
  const sources = await open()
  await sources.keys.refresh()
  await sources.feed?.read()
  await sources.clientKeys.find(kid)
  await sources.close()
}

function takeDown (platform: TestPlatform): void {
  platform.answer = platform.grant = platform.jwks = down
}

t.test('a cold start without the platform and without snapshots: nothing is known, nothing is decided', async (t) => {
  const { platform, open, warnings } = await start(t)
  takeDown(platform)
  const { keys, clientKeys, feed } = await open()
  t.equal(keys.ready, false)
  t.equal(keys.ageMs, Infinity)
  t.equal(feed?.ageMs, Infinity)
  t.strictSame(warnings, [])
  t.equal(await keys.find(platformKid), 'unavailable')
  t.equal(await clientKeys.find(kid), 'unavailable')
})

t.test('a cold start without the platform and with snapshots works for 24 hours since they were right', async (t) => {
  const started = await start(t)
  const { platform, state, open } = started
  await learn(started)
  takeDown(platform)
  platform.now += 2 * hours
  const { keys, clientKeys, feed } = await open()
  t.equal(keys.ready, true)
  t.equal(keys.ageMs, 2 * hours)
  t.equal(feed?.ageMs, 2 * hours)
  await keys.refresh()
  t.match(keys.find(platformKid), { key: Object })
  t.match(clientKeys.find(kid), { clientId: client })
  t.equal(await clientKeys.find('x'.repeat(43)), 'unavailable')
  platform.now += 22 * hours
  t.equal(keys.ready, false)
  t.equal(await keys.find(platformKid), 'unavailable')
  t.equal(await clientKeys.find(kid), 'unavailable')

  t.strictSame((await readdir(state)).toSorted(), ['client-keys.json', 'platform-keys.json'])
  if (process.platform === 'win32') return
  t.equal((await stat(state)).mode & 0o777, 0o700)
  for (const name of await readdir(state)) t.equal((await stat(join(state, name))).mode & 0o777, 0o600)
})

t.test('what a snapshot says is replaced as soon as the platform answers', async (t) => {
  const started = await start(t)
  await learn(started)
  const other = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey
  started.platform.jwks = json({ keys: [{ ...other.export({ format: 'jwk' }), kid: 'second' }] })
  const { keys } = await started.open()
  t.ok(keys.known(platformKid))
  await keys.refresh()
  t.equal(keys.known(platformKid), undefined)
  t.ok(keys.known('second'))
})

type Spoil = (state: string) => Promise<void>
const rewrite = (name: string, change: (text: string) => string): Spoil => async (state) => {
  const path = join(state, name)
  await writeFile(path, change(await readFile(path, 'utf8')))
}
const spoiled: Readonly<Record<string, readonly [spoil: Spoil, config: Partial<Config>, message: RegExp]>> = {
  'torn': [rewrite('platform-keys.json', (text) => text.slice(0, 300)), {}, /is not whole/],
  'an empty set': [rewrite('platform-keys.json', (text) => text.replace(/"keys":\[.*?\]/, '"keys":[]')), {}, /it holds no usable signing key/],
  'no set': [rewrite('platform-keys.json', (text) => text.replace('"keys"', '"kays"')), {}, /it is not a JWK set/],
  'a set of short keys': [rewrite('platform-keys.json', (text) => text.replace(/"n":"[^"]{200}/, '"n":"')), {}, /it holds no usable signing key/],
  'that of another environment': [async () => undefined, { environment: 'produzione' }, /of another platform or address/],
  'the one of client keys': [async (state) => copyFile(join(state, 'client-keys.json'), join(state, 'platform-keys.json')), {}, /of another platform or address/]
}

for (const [name, [spoil, config, message]] of Object.entries(spoiled)) {
  t.test(`a snapshot that is ${name} is not used, and told`, async (t) => {
    const started = await start(t)
    const { platform, state, open, warnings } = started
    await learn(started)
    await spoil(state)
    const { jwks } = platform
    takeDown(platform)
    const { keys } = await open(config)
    t.equal(keys.ready, false)
    t.equal(await keys.find(platformKid), 'unavailable')
    t.ok(warnings.some((warning) => message.test(warning)), warnings.join())
    t.notMatch(warnings.join(), /"n"|AQAB/)
    platform.jwks = jwks
    platform.now += 30_000
    t.match(await keys.find(platformKid), { key: Object })
  })
}

t.test('without a client of the interop API client keys are undecided, and nobody is asked', async (t) => {
  const { platform, open } = await start(t)
  const sources = await open({ pdnd: { ...platform.environment, api: undefined } })
  const { clientKeys, feed } = sources
  const stopping = new AbortController()
  const following = sources.follow(stopping.signal, often)
  t.equal(clientKeys.find(kid), 'unavailable')
  t.equal(feed, undefined)
  await wait(50)
  stopping.abort()
  await following
  t.strictSame(platform.asked, [])
})

t.test('while it is followed the platform\'s keys and events are taken in, through failures, until it is stopped', async (t) => {
  const { platform, open, events, warnings } = await start(t)
  const { jwks, answer } = platform
  platform.jwks = json({}, 500)
  const sources = await open()
  const { keys, clientKeys } = sources
  const stopping = new AbortController()
  const following = sources.follow(stopping.signal, often)
  await until(() => warnings.some((warning) => warning.includes('keys could not be fetched')))
  platform.jwks = jwks
  await until(() => keys.ready)
  t.ok(keys.ready)
  t.match(await clientKeys.find(kid), { clientId: client })
  platform.answer = json({}, 500)
  await until(() => warnings.some((warning) => warning.includes('key events could not be read')))
  events.push({ id: '01930000-0000-7000-8000-000000000001', eventType: 'CLIENT_KEY_DELETED', kid })
  platform.answer = (request, response) => { (request.url?.includes('/keys/') ? notFound : answer)(request, response) }
  platform.now += 60_000
  await until(() => clientKeys.find(kid) === 'unknown')
  t.equal(clientKeys.find(kid), 'unknown')
  stopping.abort()
  await following
  const asked = platform.asked.length
  await wait(50)
  t.equal(platform.asked.length, asked)
})

t.test('the gateway may be there before its key: it goes on without, and finds the key when it is made', async (t) => {
  const { platform, open, privateKey, warnings } = await start(t)
  const later = `${privateKey}.later`
  const sources = await open({ pdnd: { ...platform.environment, api: { version: 'v2', clientId, privateKey: later } } })
  const { clientKeys } = sources
  const stopping = new AbortController()
  const following = sources.follow(stopping.signal, often)
  await until(() => warnings.some((warning) => warning.includes('ENOENT')))
  t.equal(await clientKeys.find(kid), 'unavailable')
  t.equal(platform.vouchers, 0)
  await copyFile(privateKey, later)
  await chmod(later, 0o600)
  await until(() => platform.asked.length > 0)
  t.match(await clientKeys.find(kid), { clientId: client })
  stopping.abort()
  await following
})

t.test('a state folder that others can use is refused, and so is one that cannot be made', { skip: process.platform === 'win32' }, async (t) => {
  const { open, state, privateKey } = await start(t)
  await mkdir(state)
  for (const mode of [0o755, 0o770, 0o701]) {
    await chmod(state, mode)
    await t.rejects(open(), { message: `the state folder ${state} is open to other users: run chmod 700 ${state}, or name another one as state in the configuration` })
  }
  await t.rejects(open({ state: join(privateKey, 'state') }), { message: /state cannot be made \(ENOTDIR\): name another one as state in the configuration$/ })
})

t.test('the platform says whether it has a key of the producer', async (t) => {
  const { platform, open } = await start(t)
  const known = new Set(['known'])
  platform.answer = (request, response) => (known.has(request.url?.split('/').at(-1) ?? '') ? json({ producerKeychainId: client, jwk }) : notFound)(request, response)
  const { isPublished } = await open()
  t.equal(await isPublished?.('known'), true)
  t.equal(await isPublished?.('another'), false)
  t.strictSame(platform.asked, ['/v2/producerKeys/known', '/v2/producerKeys/another'])
  takeDown(platform)
  await t.rejects(isPublished!('known'), 'it does not say')
  t.equal((await open({ pdnd: { ...platform.environment, api: undefined } })).isPublished, undefined)
})
