import { generateKeyPairSync } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { PlatformClientKeys } from '../adapters/client-keys.ts'
import { snapshotFile } from '../adapters/snapshot-file.ts'
import { temporaryFolder } from '../harness/process.ts'
import { sandboxEnvironment } from '../pdnd-environments.ts'
import { thumbprintOf } from '../../policies/jwk.ts'
import { clientKeyPath } from '../sandbox/key-store.ts'
import { postJson, startSandbox, testTime } from '../sandbox/sandbox-fixture.ts'
import { ClientKeyFeed } from './client-key-feed.ts'
import { json, notFound, openClient, startPlatform } from './platform-fixture.ts'
import type { TestPlatform } from './platform-fixture.ts'

const minutes = 60_000
const hours = 60 * minutes
const client = 'd0f6a8c3-7e59-4b14-8ad2-f9e5c0b7d161'
const jwk = { ...generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ format: 'jwk' }) }
const kid = thumbprintOf(jwk)
const id = (number: number): string => `01930000-0000-7000-8000-${String(number).padStart(12, '0')}`
const event = (number: number, eventType: string, of: string = kid): object => ({ id: id(number), eventType, eventTimestamp: '2026-11-21T10:00:00Z', kid: of, clientId: client })

/** Client keys with their feed and a snapshot in a folder; opened again with the same folder it is the next process. */
async function open (api: Awaited<ReturnType<typeof openClient>>, folder: string) {
  const { now, warn } = api
  const keys = new PlatformClientKeys({ api: api.api, now, warn })
  const snapshot = snapshotFile({ folder, name: 'client-keys.json', source: 'test', now, warn })
  const feed = new ClientKeyFeed({ api: api.api, keys, snapshot, now })
  await feed.restore()
  return { keys, feed, snapshot }
}

/** Answers like the platform with these events, at most `perPage` at a time, and with one deposited key unless told. */
function tell (platform: TestPlatform, events: readonly object[], { perPage = 500, deposited = true } = {}): void {
  platform.answer = (request, response) => {
    const url = new URL(request.url ?? '', 'http://platform')
    if (!url.pathname.endsWith('/keyEvents')) return (deposited ? json({ clientId: client, jwk: { ...jwk, kid } }) : notFound)(request, response)
    const after = url.searchParams.get('lastEventId') ?? ''
    return json({ events: events.filter((one) => (one as { id: string }).id > after).slice(0, perPage) })(request, response)
  }
}

const start = async (t: Test) => {
  const folder = await temporaryFolder(t)
  const platform = await startPlatform(t)
  const opened = await openClient(t, platform, 'v2')
  const process = await open(opened, folder)
  return { platform, opened, folder, ...process, next: async () => open(opened, folder) }
}

for (const version of ['v2', 'v3'] as const) {
  t.test(`at the sandbox (${version}) a deleted key stops working with the next reading, an added one works, and a restart changes neither`, async (t) => {
    const sandbox = await startSandbox(t)
    const apiClient = sandbox.idOf('clients', 'comune-di-milano-api')
    const environment = { ...sandboxEnvironment(), jwksUri: `${sandbox.url}/.well-known/jwks.json`, apiBase: sandbox.url, tokenUrl: `${sandbox.url}/token.oauth2` }
    const platform = { environment, now: testTime }
    const opened = await openClient(t, platform, version, { client: { version, clientId: apiClient, privateKey: clientKeyPath(sandbox.stateDir, apiClient) } })
    const folder = await temporaryFolder(t)
    const { keys, feed, snapshot } = await open(opened, folder)
    const { kid: deposited } = await sandbox.keyOf('istat')
    await feed.read()
    t.match(await keys.find(deposited), { clientId: sandbox.idOf('clients', 'istat') })
    t.equal(await keys.find(kid), 'unknown')

    t.equal((await postJson(`${sandbox.url}/debug/clients/istat/keys`, jwk)).status, 201)
    t.equal((await fetch(`${sandbox.url}/debug/clients/istat/keys/${deposited}`, { method: 'DELETE' })).status, 200)
    t.match(keys.find(deposited), { clientId: sandbox.idOf('clients', 'istat') }, 'not yet')
    await feed.read()
    t.equal(keys.find(deposited), 'unknown')
    t.match(await keys.find(kid), { clientId: sandbox.idOf('clients', 'istat') })

    feed.save()
    await snapshot.idle()
    const next = await open(opened, folder)
    t.match(next.keys.find(kid), { clientId: sandbox.idOf('clients', 'istat') }, 'without asking')
    t.equal(await next.keys.find(deposited), 'unknown')
    t.equal((await fetch(`${sandbox.url}/debug/clients/istat/keys/${kid}`, { method: 'DELETE' })).status, 200)
    await next.feed.read()
    t.equal(next.keys.find(kid), 'unknown')
    t.strictSame(opened.warnings, [])
  })
}

t.test('a feed is read to its end, page by page, and from there the next time', async (t) => {
  const { platform, feed } = await start(t)
  const many = Array.from({ length: 5 }, (_, index) => event(index + 1, 'CLIENT_KEY_ADDED'))
  tell(platform, many, { perPage: 2 })
  await feed.read()
  const after = (number?: number): string => `/v2/keyEvents?limit=500${number === undefined ? '' : `&lastEventId=${id(number)}`}`
  t.strictSame(platform.asked.splice(0), [after(), after(2), after(4), after(5)])
  await feed.read()
  t.strictSame(platform.asked, [after(5)])
  t.equal(feed.ageMs, 0)
})

t.test('a key that was deleted while nobody read is gone with the first reading of the next process, and never comes back', async (t) => {
  const { platform, keys, feed, snapshot, next } = await start(t)
  tell(platform, [event(1, 'CLIENT_KEY_ADDED')])
  await feed.read()
  await keys.find(kid)
  feed.save()
  await snapshot.idle()
  tell(platform, [event(1, 'CLIENT_KEY_ADDED'), event(2, 'CLIENT_KEY_DELETED')], { deposited: false })
  const second = await next()
  t.match(second.keys.find(kid), { clientId: client }, 'known at once')
  await second.feed.read()
  t.equal(second.keys.find(kid), 'unknown')
  t.match(platform.asked.at(-2), `lastEventId=${id(1)}`)
  await second.snapshot.idle()
  const third = await next()
  t.equal(await third.keys.find(kid), 'unknown')
})

t.test('events that are read again after a crash change nothing: what was deleted and deposited again is asked for', async (t) => {
  const { platform, keys, feed } = await start(t)
  tell(platform, [event(1, 'CLIENT_KEY_DELETED'), event(2, 'CLIENT_KEY_ADDED')])
  await keys.find(kid)
  await feed.read()
  t.match(await keys.find(kid), { clientId: client })
})

const refusals: Readonly<Record<string, number>> = { 'is refused': 400, 'is not found': 404, 'is gone': 410 }
for (const [name, status] of Object.entries(refusals)) {
  t.test(`when the position ${name} everything is forgotten, and read anew in the same reading`, async (t) => {
    const { platform, keys, feed } = await start(t)
    tell(platform, [event(1, 'CLIENT_KEY_ADDED')])
    await feed.read()
    await keys.find(kid)
    platform.answer = (request, response) => {
      const refused = request.url?.includes('lastEventId=01930000-0000-7000-8000-000000000001')
      return (refused ? json({ status }, status) : json({ events: request.url?.includes('lastEventId') ? [] : [event(7, 'CLIENT_KEY_DELETED', 'x'.repeat(43))] }))(request, response)
    }
    await feed.read()
    t.strictSame(keys.kept(), [])
    t.ok(keys.find(kid) instanceof Promise)
    t.match(platform.asked.filter((path) => path.includes('keyEvents')).at(-1), `lastEventId=${id(7)}`)
  })
}

t.test('after a day without events nothing that was known before is built upon', async (t) => {
  const { platform, keys, feed } = await start(t)
  tell(platform, [event(1, 'CLIENT_KEY_ADDED')])
  await feed.read()
  platform.now += 24 * hours
  await keys.find(kid)
  await feed.read()
  t.equal(keys.kept().length, 1)
  platform.now += 24 * hours + 1
  platform.asked.length = 0
  await feed.read()
  t.strictSame(keys.kept(), [])
  t.equal(platform.asked[0], '/v2/keyEvents?limit=500')
})

const unreadable: Readonly<Record<string, object>> = {
  'no list': { events: {} },
  'no events': {},
  'an event without id': { events: [{ ...event(1, 'CLIENT_KEY_DELETED'), id: undefined }] },
  'an event without type': { events: [{ ...event(1, 'CLIENT_KEY_DELETED'), eventType: 7 }] },
  'something that is no event': { events: [null] }
}
for (const [name, document] of Object.entries(unreadable)) {
  t.test(`${name} is no reading: it is told, and the next one begins where this one did`, async (t) => {
    const { platform, keys, feed } = await start(t)
    tell(platform, [])
    await keys.find(kid)
    platform.answer = json(document)
    await t.rejects(feed.read(), { message: /is no list of events/ })
    t.match(keys.find(kid), { clientId: client })
    tell(platform, [event(1, 'CLIENT_KEY_DELETED')])
    await feed.read()
    t.equal(keys.find(kid), 'unknown')
  })
}

t.test('a feed that tells the same event for ever does not keep the gateway busy', async (t) => {
  const { platform, feed } = await start(t)
  platform.answer = json({ events: [event(1, 'CLIENT_KEY_ADDED')] })
  await t.rejects(feed.read(), { message: /repeats the last event/ })
  t.equal(platform.asked.length, 2)
})

t.test('events of other kinds, and without a key, are passed over', async (t) => {
  const { platform, keys, feed } = await start(t)
  tell(platform, [event(1, 'SOMETHING_NEW'), { ...event(2, 'CLIENT_KEY_DELETED'), kid: 7 }, { id: id(3), eventType: 'CLIENT_KEY_DELETED' }])
  await keys.find(kid)
  await feed.read()
  t.match(keys.find(kid), { clientId: client })
})

t.test('what is in the snapshot is public, and a broken one is not used', async (t) => {
  const { platform, keys, feed, snapshot, folder, next, opened } = await start(t)
  tell(platform, [event(1, 'CLIENT_KEY_ADDED')])
  await feed.read()
  await keys.find(kid)
  feed.save()
  await snapshot.idle()
  const path = join(folder, 'client-keys.json')
  const text = await readFile(path, 'utf8')
  t.notMatch(text, /voucher|PRIVATE|"d"/)
  for (const change of [text.slice(0, -10), text.replace('"keys":[', '"keys":{"x":[').replace(/\]\}\}$/, ']}}}'), text.replace('"content"', '"contents"')]) {
    await writeFile(path, change)
    const restarted = await next()
    t.ok(restarted.keys.find(kid) instanceof Promise)
    t.equal(restarted.feed.ageMs, Infinity)
  }
  t.ok(opened.warnings.length > 0)
})
