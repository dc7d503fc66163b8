import { generateKeyPairSync } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import t from 'tap'
import type { Test } from 'tap'
import { thumbprintOf } from '../policies/jwk.ts'
import type { Config } from './config.ts'
import { Feeds } from './feeds.ts'
import { until } from './harness/gateway.ts'
import { temporaryFolder } from './harness/process.ts'
import { clientId, json, platformKid, startPlatform, writeClientKey } from './pdnd/platform-fixture.ts'
import { agreement, id, ids, known, purpose, served, StandIn, suspended } from './pdnd/registry-fixture.ts'
import { openRegistry } from './registry-source.ts'
import { openTrustSources } from './trust-sources.ts'

const minute = 60_000
const jwk = { ...generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ format: 'jwk' }) }
const kid = thumbprintOf(jwk)
/** How often those look that do not own the feeds, in ms. */
const often = 5
const pauses = { keysMs: 20, eventsMs: 20, retryMs: 20 }

/** A platform, and processes that share a state folder: the first reads the platform when a test has it do so, others take in what that one keeps. */
async function start (t: Test) {
  const platform = await startPlatform(t)
  const standIn = new StandIn()
  standIn.otherwise = (path) => path === `keys/${kid}` ? json({ clientId: ids.client, jwk }) : undefined
  platform.answer = (request, response) => { standIn.answer(request, response) }
  const state = join(await temporaryFolder(t), 'state')
  const privateKey = await writeClientKey(t)
  const warnings: string[] = []
  const open = async () => {
    const surroundings = { now: () => platform.now, warn: (message: string) => { warnings.push(message) } }
    const config = {
      environment: 'collaudo', state, pdnd: { ...platform.environment, api: { version: 'v2', clientId, privateKey } }, registry: 'platform', registryStaleHours: 24,
      eservices: [...served].map(([eserviceId, descriptorIds]) => ({ eserviceId, descriptorIds, producer: ids.producer }))
    } as unknown as Config
    const trust = await openTrustSources(config, surroundings)
    t.teardown(async () => trust.close())
    return { trust, registry: await openRegistry(config, { ...surroundings, api: trust.api }), config }
  }
  const read = async ({ trust, registry }: Awaited<ReturnType<typeof open>>): Promise<void> => {
    await Promise.all([trust.keys.refresh(), trust.feed?.read(), registry.read()])
  }
  const attend = async (given?: Awaited<ReturnType<typeof open>>) => {
    const process = given ?? await open()
    const stopping = new AbortController()
    t.teardown(() => { stopping.abort() })
    const ended = Promise.all([process.trust.attend(stopping.signal, often), process.registry.attend(stopping.signal, often)])
    return { ...process, stop: async () => { stopping.abort(); await ended } }
  }
  return { platform, standIn, state, warnings, open, read, attend }
}

t.test('what the owner of the feeds learns is in force in the others, and they ask nobody', async (t) => {
  const { platform, standIn, warnings, open, read, attend } = await start(t)
  const [owner, other] = [await open(), await attend()]
  t.equal(other.registry.registry.settle(known), 'undecided')
  t.equal(other.registry.health.state, 'unavailable')
  await read(owner)
  await owner.trust.clientKeys.find(kid)
  await read(owner)
  platform.asked.length = 0
  await until(() => other.registry.registry.settle(known) === 'settled' && other.trust.keys.ready)
  t.equal(other.registry.registry.settle(known), 'settled')
  t.ok(other.trust.keys.known(platformKid))
  platform.now += minute
  await owner.trust.feed?.read()
  await until(() => other.trust.feed?.ageMs === 0)
  t.match(other.trust.clientKeys.find(kid), { clientId: ids.client }, 'a key that only the owner asked for')

  standIn.replace('purposes', purpose(suspended))
  standIn.replace('agreements', agreement({ state: 'SUSPENDED' }))
  standIn.tell('purposeEvents', 'purposeId', ids.purpose)
  standIn.tell('agreementEvents', 'agreementId', ids.agreement)
  standIn.tell('keyEvents', 'kid', kid, 'CLIENT_KEY_DELETED')
  const next = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ format: 'jwk' })
  platform.jwks = json({ keys: [{ ...next, kid: 'next' }] })
  await read(owner)
  platform.asked.length = 0
  await until(() => other.registry.registry.purpose(ids.purpose)?.versions[0]?.state === 'Suspended' && other.trust.keys.known(platformKid) === undefined && other.trust.clientKeys.find(kid) === 'unknown')
  t.equal(other.registry.registry.purpose(ids.purpose)?.versions[0]?.state, 'Suspended')
  t.equal(other.registry.registry.agreement(ids.eservice, ids.consumer)?.state, 'Suspended')
  t.equal(other.trust.keys.known(platformKid), undefined)
  t.ok(other.trust.keys.known('next'))
  t.equal(other.trust.clientKeys.find(kid), 'unknown')

  standIn.remove('purposes', ids.purpose)
  standIn.tell('purposeEvents', 'purposeId', ids.purpose)
  await read(owner)
  platform.asked.length = 0
  await until(() => other.registry.registry.purpose(ids.purpose) === undefined)
  t.equal(other.registry.registry.purpose(ids.purpose), undefined, 'what is there no more')
  t.strictSame(platform.asked, [])
  t.equal(await other.registry.registry.settle(known), 'settled')
  t.strictSame(platform.asked, [`/v2/purposes/${ids.purpose}`], 'but for what a caller comes with')
  t.strictSame(warnings, [])
})

t.test('what only one of the others knows goes too when it is told of, and stays otherwise', async (t) => {
  const { platform, standIn, open, read, attend } = await start(t)
  const [owner, other] = [await open(), await attend()]
  await read(owner)
  await until(() => other.registry.registry.settle(known) === 'settled')
  standIn.replace('clients', { id: id(7, 1), consumerId: ids.consumer })
  await other.registry.registry.settle({ clientId: ids.client })
  await other.registry.registry.settle({ clientId: id(7, 1) })
  await other.trust.clientKeys.find(kid)
  const isKnown = (of: string): boolean => other.registry.registry.client(of) !== undefined
  t.strictSame([isKnown(ids.client), isKnown(id(7, 1))], [true, true])
  standIn.tell('clientEvents', 'clientId', ids.client)
  standIn.tell('keyEvents', 'kid', kid, 'CLIENT_KEY_DELETED')
  platform.asked.length = 0
  await read(owner)
  t.ok(platform.asked.every((path) => path.includes('Events')), 'the owner knows nothing of them')
  await until(() => !isKnown(ids.client) && other.trust.clientKeys.find(kid) === 'unknown')
  t.strictSame([isKnown(ids.client), isKnown(id(7, 1)), other.trust.clientKeys.find(kid)], [false, true, 'unknown'])
  await other.registry.registry.settle({ clientId: ids.client })
  standIn.replace('purposes', purpose(suspended))
  standIn.tell('purposeEvents', 'purposeId', ids.purpose)
  await read(owner)
  await until(() => other.registry.registry.purpose(ids.purpose)?.versions[0]?.state === 'Suspended')
  t.ok(isKnown(ids.client), 'what was told once counts once')
  platform.now += minute
  standIn.tell('keyEvents', 'kid', kid, 'CLIENT_KEY_ADDED')
  await read(owner)
  await until(() => other.trust.feed?.ageMs === 0)
  t.match(await other.trust.clientKeys.find(kid), { clientId: ids.client }, 'one that is deposited again is asked for again')
  t.ok(isKnown(ids.client))
  await other.stop()
  for (let minutes = 0; minutes < 12; minutes++) {
    platform.now += minute
    await read(owner)
  }
  await owner.registry.close()
  t.ok(isKnown(ids.client))
  await attend(other)
  await until(() => !isKnown(ids.client))
  t.notOk(isKnown(ids.client), 'when it heard nothing for too long nothing stays that only it knows')
})

t.test('a version that is suspended is so too in one of the others that was to serve another version as well, whatever became of that', async (t) => {
  const { platform, standIn, open, read, attend } = await start(t)
  const [owner, other] = [await open(), await attend()]
  await read(owner)
  await until(() => other.registry.registry.settle(known) === 'settled')
  const [eservice] = other.config.eservices as [Config['eservices'][number]]
  await other.registry.reload({ ...other.config, eservices: [{ ...eservice, descriptorIds: [...eservice.descriptorIds, id(2, 1)] }] })
  standIn.replace('descriptors', { ...standIn.documents['descriptors']?.[0], state: 'SUSPENDED' })
  standIn.tell('eserviceEvents', 'eserviceId', ids.eservice)
  platform.now += minute
  await read(owner)
  await until(() => other.registry.health.ageMs === 0)
  t.equal(await other.registry.registry.settle(known), 'settled')
  t.strictSame(other.registry.registry.eservice(ids.eservice)?.descriptors.map(({ state }) => state), ['Suspended'])
  platform.asked.length = 0
  platform.now += minute
  await read(owner)
  await until(() => other.registry.health.ageMs === 0)
  platform.asked.length = 0
  t.equal(other.registry.registry.settle(known), 'settled', 'and is known then')
})

t.test('the others say how it stands: how old it is, and that the platform cannot be read', async (t) => {
  const { platform, standIn, open, read, attend } = await start(t)
  const [owner, other] = [await open(), await attend()]
  await read(owner)
  await until(() => other.registry.health.state === 'current')
  for (let minutes = 1; minutes < 5; minutes++) {
    platform.now += minute
    await read(owner)
    await until(() => [other.registry.health.ageMs, other.trust.keys.ageMs, other.trust.feed?.ageMs].every((ms) => ms === 0))
    t.match([other.registry.health, other.trust.keys.ageMs, other.trust.feed?.ageMs], [{ state: 'current', ageMs: 0, lastError: undefined }, 0, 0])
  }
  standIn.otherwise = () => json({}, 500)
  platform.now += minute
  await t.rejects(owner.registry.read())
  await until(() => other.registry.health.state === 'failing')
  t.match(other.registry.health, { state: 'failing', ageMs: minute, lastError: 'the interop API gave no usable answer: status 500' })
  standIn.otherwise = () => undefined
  platform.now += minute
  await owner.registry.read()
  await until(() => other.registry.health.state === 'current')
  t.match(other.registry.health, { state: 'current', ageMs: 0, lastError: undefined })
  platform.now += 24 * 60 * minute
  t.equal(other.registry.health.state, 'unavailable')
  t.equal(other.trust.keys.ready, false)
})

t.test('who does not own the feeds writes no snapshot, whatever it learns', async (t) => {
  const { platform, standIn, state, open, read, attend } = await start(t)
  const [owner, other] = [await open(), await attend()]
  await read(owner)
  await until(() => other.registry.registry.settle(known) === 'settled')
  await owner.registry.close()
  await owner.trust.close()
  const files = ['registry.json', 'client-keys.json', 'platform-keys.json']
  const written = async (): Promise<readonly string[]> => Promise.all(files.map(async (name) => stat(join(state, name)).then(({ ino, mtimeMs }) => `${ino} ${mtimeMs}`)))
  const before = await written()
  platform.now += minute
  standIn.replace('purposes', purpose(suspended))
  await other.trust.keys.refresh()
  await other.trust.clientKeys.find(kid)
  await other.registry.registry.settle({ clientId: ids.client })
  await read(other)
  await other.registry.close()
  await other.trust.close()
  t.strictSame(await written(), before)
})

/** A reading that fails on a busy machine is tried again some seconds later. */
const longMs = 20_000

t.test('who owns the feeds may change: each goes on where the other stopped, and nothing is lost between them', async (t) => {
  const { platform, standIn, open, read } = await start(t)
  const stopping = new AbortController()
  t.teardown(() => { stopping.abort() })
  const begin = async () => {
    const process = await open()
    const { trust, registry } = process
    const feeds = new Feeds([
      { follow: async (stopped) => trust.follow(stopped, pauses), attend: async (stopped) => trust.attend(stopped, often) },
      { follow: async (stopped) => registry.follow(stopped, pauses), attend: async (stopped) => registry.attend(stopped, often) }
    ], stopping.signal)
    return { ...process, feeds, state: () => registry.registry.purpose(ids.purpose)?.versions[0]?.state }
  }
  standIn.tell('purposeEvents', 'purposeId', ids.purpose)
  const first = await open()
  await read(first)
  await first.registry.close()
  const processes = [await begin(), await begin()] as const
  processes[1].feeds.owned = false
  for (let turn = 0; turn < 4; turn++) {
    const owner = turn % 2
    // Both at once, in the order that does more harm.
    processes[owner]!.feeds.owned = true
    processes[1 - owner]!.feeds.owned = false
    const isSuspended = turn % 2 === 0
    standIn.replace('purposes', purpose(isSuspended ? suspended : {}))
    standIn.tell('purposeEvents', 'purposeId', ids.purpose)
    const wanted = isSuspended ? 'Suspended' : 'Active'
    await until(() => processes.every(({ state }) => state() === wanted), longMs)
    t.strictSame(processes.map(({ state }) => state()), [wanted, wanted])
    t.ok(processes[1 - owner]!.registry.registry.settle(known) === 'settled')
  }
  const another = (one: (typeof processes)[number]): boolean => one.registry.registry.purpose(id(5, 1)) !== undefined
  standIn.replace('purposes', purpose({ id: id(5, 1) }))
  standIn.tell('purposeEvents', 'purposeId', id(5, 1))
  await until(() => processes.every(another), longMs)
  standIn.remove('purposes', id(5, 1))
  processes[1].feeds.owned = false
  const third = await begin()
  third.feeds.owned = true
  await until(() => !processes.some(another), longMs)
  t.strictSame(processes.map(another), [false, false], 'what no event told, and the next owner found, is no longer known to the last one')
  const beyond = platform.asked.filter((path) => path.includes('purposeEvents') && !path.includes('lastEventId')).length
  t.equal(beyond, 1, 'the events were read from their beginning once only')
  for (const { feeds } of [...processes, third]) feeds.owned = false
  await wait(50)
  platform.asked.length = 0
  await wait(100)
  t.strictSame(platform.asked, [], 'when nobody owns them nobody asks')
})

t.test('a suspension is in force in another process within two seconds, and what a busy machine takes', async (t) => {
  const { standIn, open, read } = await start(t)
  const [owner, other] = [await open(), await open()]
  const stopping = new AbortController()
  t.teardown(() => { stopping.abort() })
  new Feeds([other.trust, other.registry], stopping.signal).owned = false
  await read(owner)
  standIn.replace('purposes', purpose(suspended))
  standIn.tell('purposeEvents', 'purposeId', ids.purpose)
  await read(owner)
  const since = performance.now()
  await until(() => other.registry.registry.purpose(ids.purpose)?.versions[0]?.state === 'Suspended', 10_000)
  t.ok(performance.now() - since < 4000, `${Math.round(performance.now() - since)} ms`)
})
