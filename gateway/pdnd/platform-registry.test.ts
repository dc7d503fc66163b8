import t from 'tap'
import { registryOf } from '../adapters/registry-file.ts'
import type { RegistryFile } from '../adapters/registry-file.ts'
import { activeVersion } from '../../policies/registry.ts'
import { json } from './platform-fixture.ts'
import { agreement, delegation, hours, id, ids, known, purpose, startRegistry, suspended } from './registry-fixture.ts'

t.test('nothing is concluded before everything was read once, and nobody is asked about callers until then', async (t) => {
  const { registry, feed, asked } = await startRegistry(t)
  t.equal(registry.settle(known), 'undecided')
  t.equal(registry.settle({}), 'undecided')
  t.equal(registry.ready, false)
  t.equal(registry.ageMs, Infinity)
  t.strictSame(asked(), [])
  await feed.read()
  t.equal(registry.settle(known), 'settled')
  t.equal(registry.ageMs, 0)
})

t.test('what is known is answered at once, and asks nobody', async (t) => {
  const { registry, feed, asked } = await startRegistry(t)
  await feed.read()
  asked()
  for (let time = 0; time < 100; time++) t.equal(registry.settle(known), 'settled')
  t.match(registry.purpose(ids.purpose), { versions: [{ state: 'Active', dailyCalls: 5 }] })
  t.match(registry.agreement(ids.eservice, ids.consumer), { state: 'Active' })
  t.strictSame(asked(), [])
})

t.test('an id that is not known is looked up once, however many come with it, and served from then on', async (t) => {
  const { registry, feed, standIn, asked } = await startRegistry(t)
  await feed.read()
  asked()
  standIn.replace('purposes', purpose({ id: id(5, 1), consumerId: id(4, 1) }))
  standIn.replace('agreements', agreement({ id: id(6, 1), consumerId: id(4, 1) }))
  const stranger = { ...known, consumerId: id(4, 1), purposeId: id(5, 1) }
  t.strictSame(new Set(await Promise.all(Array.from({ length: 50 }, async () => registry.settle(stranger)))), new Set(['settled']))
  t.strictSame(asked().toSorted(), ['agreements', `purposes/${id(5, 1)}`])
  t.equal(registry.settle(stranger), 'settled')
  t.match(registry.purpose(id(5, 1)), { consumerId: id(4, 1) })
  t.match(registry.agreement(ids.eservice, id(4, 1)), { id: id(6, 1) })
})

t.test('what the platform says not to exist is believed for a while, then asked for again', async (t) => {
  const { registry, feed, platform, standIn, asked } = await startRegistry(t)
  await feed.read()
  asked()
  const nobody = { ...known, consumerId: id(4, 9), purposeId: id(5, 9), clientId: id(7, 9) }
  t.equal(await registry.settle(nobody), 'settled')
  t.strictSame(asked().toSorted(), ['agreements', `clients/${id(7, 9)}`, `purposes/${id(5, 9)}`, `purposes/${id(5, 9)}/agreement`])
  t.equal(registry.settle(nobody), 'settled')
  t.equal(registry.purpose(id(5, 9)), undefined)
  platform.now += 44_000
  t.equal(registry.settle(nobody), 'settled')
  t.strictSame(asked(), [])
  standIn.replace('purposes', purpose({ id: id(5, 9) }))
  platform.now += 1001
  t.equal(await registry.settle(nobody), 'settled')
  t.ok(registry.purpose(id(5, 9)))
})

t.test('an agreement that a list leaves out is found by the purpose', async (t) => {
  const { registry, feed, standIn } = await startRegistry(t)
  standIn.otherwise = (path) => path === 'agreements' ? json({ results: [], pagination: { offset: 0, limit: 50, totalCount: 0 } }) : undefined
  await feed.read()
  t.equal(registry.agreement(ids.eservice, ids.consumer), undefined)
  t.equal(await registry.settle(known), 'settled')
  t.match(registry.agreement(ids.eservice, ids.consumer), { id: ids.agreement, state: 'Active' })
  t.equal(await registry.settle({ ...known, consumerId: id(4, 5) }), 'settled', 'of another consumer it is none')
  t.equal(registry.agreement(ids.eservice, id(4, 5)), undefined)
})

t.test('an id about which the platform does not answer is undecided, and asked for again a moment later', async (t) => {
  const { registry, feed, platform, standIn, warnings, asked } = await startRegistry(t)
  await feed.read()
  asked()
  const unknown = { ...known, purposeId: id(5, 1) }
  for (const answer of [json({}, 500), json([]), json(purpose({ id: id(5, 2) })), json(purpose({ id: id(5, 1), currentVersion: { state: 'ACTIVE' } })), json({ status: 403 }, 403)]) {
    standIn.otherwise = (path) => path.startsWith('purposes/') ? answer : undefined
    t.equal(await registry.settle(unknown), 'undecided')
    t.equal(registry.purpose(id(5, 1)), undefined)
    t.equal(await registry.settle(unknown), 'undecided', 'not asked again at once')
    t.equal(asked().length, 1)
    t.equal(registry.settle(known), 'settled', 'what is known serves on')
    for (const number of [3, 4, 5]) t.equal(await registry.settle({ ...known, purposeId: id(5, number) }), 'undecided')
    asked()
    platform.now += 35_000
  }
  t.equal(warnings.length, 5, 'one line for all that fail within half a minute')
  t.notMatch(warnings.join(), /[0-9a-f]{8}-0000/)
  standIn.otherwise = () => undefined
  standIn.replace('purposes', purpose({ id: id(5, 1) }))
  t.equal(await registry.settle(unknown), 'settled')
})

t.test('an answer that hangs is not waited for for ever', async (t) => {
  const { registry, feed, standIn } = await startRegistry(t, { deadlineMs: 500 })
  await feed.read()
  standIn.otherwise = (path) => path.startsWith('purposes/') ? () => undefined : undefined
  const start = performance.now()
  t.equal(await registry.settle({ ...known, purposeId: id(5, 1) }), 'undecided')
  t.ok(performance.now() - start < 5000)
})

t.test('10000 invented ids cause a bounded number of questions, and what is known is served meanwhile', async (t) => {
  const { registry, feed, asked, platform } = await startRegistry(t)
  await feed.read()
  asked()
  const verdicts = await Promise.all(Array.from({ length: 10_000 }, async (_, index) => registry.settle({ ...known, purposeId: id(5, index + 1) })))
  t.ok(asked().length <= 20)
  t.ok(verdicts.filter((verdict) => verdict === 'undecided').length >= 9980, 'the others are undecided, not unknown')
  t.equal(registry.settle(known), 'settled')
  platform.now += 1000
  t.equal(await registry.settle({ ...known, purposeId: id(5, 77_777) }), 'settled', 'the next second has a budget of its own')
})

t.test('a purpose brings its delegation, and a delegation that the platform does not know is none', async (t) => {
  const { registry, feed, standIn, asked } = await startRegistry(t)
  await feed.read()
  asked()
  standIn.replace('purposes', purpose({ id: id(5, 1), delegationId: ids.delegation }), purpose({ id: id(5, 2), delegationId: id(8, 2) }), purpose({ id: id(5, 3), delegationId: id(8, 3) }))
  standIn.replace('consumerDelegations', delegation())
  standIn.replace('producerDelegations', delegation({ id: id(8, 2), state: 'REVOKED' }))
  t.equal(await registry.settle({ purposeId: id(5, 1) }), 'settled')
  t.match(registry.delegation(ids.delegation), { kind: 'DelegatedConsumer', delegateId: id(4, 1), state: 'Active' })
  t.equal(await registry.settle({ purposeId: id(5, 2) }), 'settled')
  t.match(registry.delegation(id(8, 2)), { kind: 'DelegatedProducer', state: 'Revoked' })
  t.equal(await registry.settle({ purposeId: id(5, 3) }), 'settled')
  t.equal(registry.delegation(id(8, 3)), undefined)
  standIn.otherwise = (path) => path.startsWith('consumerDelegations/') ? json({}, 500) : undefined
  standIn.replace('purposes', purpose({ id: id(5, 4), delegationId: id(8, 4) }))
  t.equal(await registry.settle({ purposeId: id(5, 4) }), 'undecided')
})

t.test('a state of the platform that is not known here is none that admits', async (t) => {
  const { registry, feed, standIn } = await startRegistry(t)
  standIn.replace('purposes', purpose({ currentVersion: { id: id(9), state: 'UNDER_REVIEW', dailyCalls: 5 } }))
  await feed.read()
  t.strictSame(registry.purpose(ids.purpose)?.versions.map(({ state }) => state), ['UnderReview'])
  t.equal(activeVersion(registry.purpose(ids.purpose)!), undefined)
})

const file = (changes: Partial<RegistryFile>): RegistryFile => ({ tenants: [], eservices: [], agreements: [], purposes: [], clients: [], ...changes })

t.test('what the platform does not know comes from the local file, and what it knows from itself', async (t) => {
  const certificates = [{ thumbprint: 'T'.repeat(43) }]
  const ownClient = { id: id(7, 1), alias: 'own', name: 'Fuori piattaforma', consumerId: id(4, 1), kind: 'Consumer', purposes: [id(5, 1)] } as const
  const ownPurpose = { id: id(5, 1), alias: 'own', title: 'Propria', eserviceId: ids.eservice, consumerId: id(4, 1), versions: [{ id: id(9, 1), state: 'Active', dailyCalls: 3 }] } as const
  const ownAgreement = { id: id(6, 1), eserviceId: ids.eservice, descriptorId: ids.descriptor, producerId: ids.producer, consumerId: id(4, 1), state: 'Active' } as const
  const local = registryOf(file({
    tenants: [{ id: ids.consumer, alias: 'ente', name: 'Ente', externalId: { origin: 'IPA', value: 'ente' }, certificates }],
    clients: [ownClient],
    purposes: [ownPurpose, { ...ownPurpose, id: ids.purpose, alias: 'theirs', consumerId: ids.consumer }],
    agreements: [ownAgreement, { ...ownAgreement, id: id(6, 2), consumerId: ids.consumer }]
  }))
  const { registry, feed, standIn, asked } = await startRegistry(t, { local })
  t.equal(registry.settle({ purposeId: id(5, 1) }), 'undecided', 'also of it nothing is concluded without the platform')
  standIn.replace('purposes', purpose(suspended))
  standIn.replace('agreements', agreement({ state: 'SUSPENDED' }))
  await feed.read()
  asked()
  t.equal(registry.settle({ eserviceId: ids.eservice, consumerId: id(4, 1), purposeId: id(5, 1) }), 'settled')
  t.strictSame(registry.purpose(id(5, 1)), ownPurpose)
  t.strictSame(registry.agreement(ids.eservice, id(4, 1)), ownAgreement)
  t.strictSame(registry.client(id(7, 1)), ownClient)
  t.match(registry.purpose(ids.purpose), { versions: [{ state: 'Suspended' }] }, 'no local file takes up again what is suspended')
  t.match(registry.agreement(ids.eservice, ids.consumer), { state: 'Suspended' })
  t.strictSame(asked(), [])
  registry.doubt('purpose', ids.purpose)
  registry.doubt('agreement', ids.agreement)
  t.equal(registry.purpose(ids.purpose), undefined, 'nor what is in doubt')
  t.equal(registry.agreement(ids.eservice, ids.consumer), undefined)
  t.equal(await registry.settle(known), 'settled')
  t.match(registry.agreement(ids.eservice, ids.consumer), { id: ids.agreement, state: 'Suspended' })
  asked()
  t.equal(await registry.settle({ clientId: ids.client }), 'settled')
  t.strictSame(asked(), [`clients/${ids.client}`])
  t.match(registry.tenant(ids.consumer), { certificates }, 'a tenant has the certificates of the file')
})

t.test('after a day without the platform nothing is concluded any more, until it answers', async (t) => {
  const { registry, feed, platform, standIn } = await startRegistry(t)
  await feed.read()
  standIn.otherwise = () => json({}, 500)
  platform.now += 24 * hours - 1
  await t.rejects(feed.read())
  t.equal(registry.settle(known), 'settled')
  platform.now += 1
  t.equal(registry.settle(known), 'undecided')
  standIn.otherwise = () => undefined
  platform.now += 60_000
  await feed.read()
  t.equal(registry.settle(known), 'settled')
})
