import type { Test } from 'tap'
import { activeVersion, agreementStates, consumerDailyCalls, delegationStates, descriptorStates, purposeVersionStates } from '../../policies/registry.ts'
import type { Agreement, Delegation, Descriptor, Purpose, Registry } from '../../policies/registry.ts'
import type { Named, RegistryFile } from './registry-file.ts'

const id = (kind: number, number = 0): string => `aaaaaaaa-bbbb-4ccc-8${String(kind).padStart(3, '0')}-${String(number).padStart(12, '0')}`

/** What every registry is given to know: one e-service with a version in every state, and of everything else one in every state. */
const eserviceId = id(1)
const producerId = id(2)
const consumerOf = (number: number): string => id(3, number)
const audience = ['https://api.example.it/rest/things/v1']
const attribute = (number: number): string => id(10, number)
/** What the consumers have been certified, by their numbers. */
const certified: Readonly<Record<number, readonly string[]>> = { 1: [attribute(1), attribute(2)], 2: [attribute(3), attribute(2), ...Array.from({ length: 60 }, (_, number) => attribute(100 + number))], 3: [attribute(3)] }
const descriptors: readonly Descriptor[] = descriptorStates.map((state, number) => ({
  id: id(4, number), version: number + 1, state, audience, voucherLifespan: 600 + number, dailyCallsPerConsumer: 10, dailyCallsTotal: 100 + number,
  ...number === 1 && { attributes: { certified: [[{ id: attribute(1), dailyCallsPerConsumer: 50 }, { id: attribute(2), dailyCallsPerConsumer: 5 }], [{ id: attribute(3) }]] } },
  ...number === 0 && { asyncExchangeProperties: { responseTime: 60, resourceAvailableTime: 120, confirmation: true, bulk: false, maxResultSet: 5 } }
}))
const agreements: readonly Agreement[] = agreementStates.map((state, number) => ({ id: id(5, number), eserviceId, descriptorId: id(4, 1), producerId, consumerId: consumerOf(number), state }))
const purposes: readonly (Purpose & Named)[] = purposeVersionStates.map((state, number) => ({
  id: id(6, number), alias: `purpose-${number}`, title: `Finalità ${number}`, eserviceId, consumerId: consumerOf(number), versions: [{ id: id(7, number), state, dailyCalls: number + 1 }]
}))
const delegations: readonly Delegation[] = delegationStates.map((state, number) => ({ id: id(8, number), kind: number % 2 === 0 ? 'DelegatedConsumer' : 'DelegatedProducer', delegatorId: consumerOf(0), delegateId: consumerOf(number + 1), eserviceId, state }))

/** The suite's registry as a file. */
export const suiteFile: RegistryFile = {
  tenants: [producerId, ...agreementStates.map((_state, number) => consumerOf(number))].map((one, number) => ({ id: one, alias: `ente-${number}`, name: `Ente ${number}`, externalId: { origin: 'IPA', value: `e_${number}` }, ...certified[number - 1] && { attributes: certified[number - 1] as readonly string[] } })),
  eservices: [{ id: eserviceId, alias: 'things', name: 'Cose', producerId, descriptors }],
  agreements: [...agreements, { ...(agreements[0] as Agreement), id: id(5, 90), state: 'Active' }, { ...(agreements[0] as Agreement), id: id(5, 91), state: 'Archived' }],
  purposes: [...purposes, {
    id: id(6, 90), alias: 'raised', title: 'Rivista', eserviceId, consumerId: consumerOf(0), delegationId: id(8, 1),
    versions: [{ id: id(7, 90), state: 'Archived', dailyCalls: 1 }, { id: id(7, 91), state: 'Active', dailyCalls: 7 }, { id: id(7, 92), state: 'WaitingForApproval', dailyCalls: 100 }]
  }],
  clients: [
    { id: id(9, 1), alias: 'client', name: 'Client', consumerId: consumerOf(1), kind: 'Consumer', purposes: [] },
    { id: id(9, 2), alias: 'gateway', name: 'Gateway', consumerId: producerId, kind: 'Api', purposes: [] }
  ],
  delegations
}

/** The e-service of the suite with its versions, and the client of the interop API by which its producer reads. */
export const suiteServed: ReadonlyMap<string, readonly string[]> = new Map([[eserviceId, descriptors.map((one) => one.id)]])
export const suiteApiClient = id(9, 2)

/** What every registry must do, wherever it knows from. `open` gives one of the world of `suiteFile`. */
export async function testRegistry (t: Test, open: (t: Test) => Promise<Registry>): Promise<void> {
  await t.test('everything is known by id, in the spellings of the platform', async (t) => {
    const registry = await open(t)
    t.equal(await registry.settle({ eserviceId }), 'settled')
    t.match(registry.eservice(eserviceId), { id: eserviceId, producerId, name: 'Cose' })
    t.strictSame(registry.eservice(eserviceId)?.descriptors, descriptors)
    for (const purpose of purposes) {
      t.equal(await registry.settle({ eserviceId, consumerId: purpose.consumerId, purposeId: purpose.id }), 'settled')
      const { id, title, consumerId, versions } = purpose
      t.match(registry.purpose(id), { id, title, eserviceId, consumerId, versions })
    }
    for (const agreement of agreements.slice(1)) {
      t.equal(await registry.settle({ eserviceId, consumerId: agreement.consumerId }), 'settled')
      t.strictSame(registry.agreement(eserviceId, agreement.consumerId), agreement)
    }
  })

  await t.test('a purpose names its delegation, and both are known with it', async (t) => {
    const registry = await open(t)
    t.equal(await registry.settle({ purposeId: id(6, 90) }), 'settled')
    const purpose = registry.purpose(id(6, 90)) as Purpose
    t.equal(purpose.delegationId, id(8, 1))
    t.match(activeVersion(purpose), { id: id(7, 91), dailyCalls: 7 })
    t.strictSame(registry.delegation(id(8, 1)), delegations[1])
  })

  await t.test('of several agreements the Active one counts', async (t) => {
    const registry = await open(t)
    t.equal(await registry.settle({ eserviceId, consumerId: consumerOf(0) }), 'settled')
    t.equal(registry.agreement(eserviceId, consumerOf(0))?.id, id(5, 90))
  })

  await t.test('a consumer may call as often as the best of its certified attributes lets it', async (t) => {
    const registry = await open(t)
    const version = descriptors[1] as Descriptor
    for (const [number, expected] of [[0, 10], [1, 50], [2, 5], [3, 10], [4, 10]] as const) {
      t.equal(await registry.settle({ eserviceId, consumerId: consumerOf(number), purposeId: id(6, number) }), 'settled')
      const known = registry.eservice(eserviceId)?.descriptors.find((one) => one.id === version.id) as Descriptor
      t.equal(consumerDailyCalls(known, registry.tenant(consumerOf(number))), expected, `consumer ${number}`)
    }
  })

  await t.test('a client is known with its tenant', async (t) => {
    const registry = await open(t)
    t.equal(await registry.settle({ clientId: id(9, 1) }), 'settled')
    t.match(registry.client(id(9, 1)), { id: id(9, 1), consumerId: consumerOf(1), kind: 'Consumer' })
    t.match(registry.tenant(consumerOf(1)), { id: consumerOf(1), name: 'Ente 2', externalId: { origin: 'IPA', value: 'e_2' } })
  })

  await t.test('what is known never waits', async (t) => {
    const registry = await open(t)
    const known = { eserviceId, consumerId: consumerOf(0), purposeId: id(6, 90), clientId: id(9, 1) }
    await registry.settle(known)
    t.equal(registry.settle(known), 'settled', 'and no promise')
    t.equal(registry.settle({}), 'settled')
  })

  await t.test('what there is not is settled too, and nothing', async (t) => {
    const registry = await open(t)
    const nobody = { eserviceId, consumerId: id(3, 99), purposeId: id(6, 99), clientId: id(9, 99) }
    t.equal(await registry.settle(nobody), 'settled')
    t.equal(registry.settle(nobody), 'settled', 'and known to be nothing')
    t.equal(registry.purpose(id(6, 99)), undefined)
    t.equal(registry.agreement(eserviceId, id(3, 99)), undefined)
    t.equal(registry.client(id(9, 99)), undefined)
    for (const name of ['constructor', '__proto__', '', eserviceId]) {
      for (const found of [registry.tenant(name), registry.client(name), registry.purpose(name), registry.delegation(name)]) t.equal(found, undefined, name)
      t.equal(registry.agreement(name, name), undefined)
    }
    t.equal(registry.eservice(id(1, 99)), undefined)
  })
}
