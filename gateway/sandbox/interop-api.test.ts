import t from 'tap'
import { apiCaller } from './interop-fixture.ts'
import { readKeyPair } from '../pdnd/key-file.ts'
import { keychainKeyPath } from './key-store.ts'
import { keychainId } from './producer-keychain.ts'
import { startSandbox } from './sandbox-fixture.ts'

const sandbox = await startSandbox(t)
const [v2, v3, firenze] = [await apiCaller(sandbox, 'v2'), await apiCaller(sandbox, 'v3'), await apiCaller(sandbox, 'v2', 'firenze')]
const { idOf, file } = sandbox
const milano = idOf('tenants', 'comune-di-milano')
const istat = { tenant: idOf('tenants', 'istat'), client: idOf('clients', 'istat'), purpose: idOf('purposes', 'istat-tickets') }
const tickets = file.eservices.find(({ alias }) => alias === 'tickets')!
const agreement = file.agreements.find(({ eserviceId, consumerId }) => eserviceId === tickets.id && consumerId === istat.tenant)!
const createdAt = '2026-01-01T00:00:00.000Z'
const nobody = '11111111-2222-4333-8444-555555555555'

for (const [version, call] of [['v2', v2], ['v3', v3]] as const) {
  t.test(`${version} tells what a provider's gateway asks for, in the platform's shapes`, async (t) => {
    const expected: [string, object][] = [
      [`/clients/${istat.client}`, { id: istat.client, consumerId: istat.tenant }],
      [`/tenants/${istat.tenant}`, { id: istat.tenant, externalId: { origin: 'IPA', value: 'istat' }, name: 'ISTAT - Istituto nazionale di statistica', kind: 'PA', createdAt, onboardedAt: createdAt }],
      [`/eservices/${tickets.id}`, { id: tickets.id, producerId: milano, name: tickets.name, description: tickets.name, technology: 'REST', mode: 'DELIVER', asyncExchange: false }],
      [`/eservices/${tickets.id}/descriptors/${tickets.descriptors[1]!.id}`, {
        id: tickets.descriptors[1]!.id, version: '2', state: 'SUSPENDED', audience: tickets.descriptors[1]!.audience, voucherLifespan: 600, dailyCallsPerConsumer: 20000,
        dailyCallsTotal: 100000, serverUrls: tickets.descriptors[1]!.audience, agreementApprovalPolicy: 'AUTOMATIC', publishedAt: createdAt
      }],
      [`/purposes/${istat.purpose}`, {
        id: istat.purpose, eserviceId: tickets.id, consumerId: istat.tenant, suspendedByConsumer: false, suspendedByProducer: false,
        title: 'Statistiche sui canali di contatto dei comuni', description: 'Statistiche sui canali di contatto dei comuni', createdAt, isFreeOfCharge: true,
        currentVersion: { id: '8fd17a3c-05eb-4962-b4f8-c6e0d9a27141', state: 'ACTIVE', dailyCalls: 10000, createdAt }
      }],
      ...[`/purposes/${istat.purpose}/agreement`, `/agreements/${agreement.id}`].map((path): [string, object] => [path, {
        id: agreement.id, eserviceId: tickets.id, descriptorId: agreement.descriptorId, producerId: milano, consumerId: istat.tenant, state: 'ACTIVE',
        suspendedByConsumer: false, suspendedByProducer: false, suspendedByPlatform: false, createdAt
      }])
    ]
    for (const [path, body] of expected) t.match(await call(path), { status: 200, body }, path)
    for (const [path, body] of expected) t.strictSame((await call(path)).body, body, `${path} and nothing else`)
  })

  t.test(`${version} tells a client's key and a producer's by their kid`, async (t) => {
    const { kid, publicJwk } = await sandbox.keyOf('istat')
    t.strictSame((await call(`/keys/${kid}`)).body, { clientId: istat.client, jwk: publicJwk })
    t.strictSame(Object.keys(publicJwk).toSorted(), ['alg', 'e', 'kid', 'kty', 'n', 'use'])
    const keychain = await readKeyPair(keychainKeyPath(sandbox.stateDir, milano))
    t.strictSame((await call(`/producerKeys/${keychain.kid}`)).body, { producerKeychainId: keychainId(milano), jwk: keychain.publicJwk })
    t.equal((await call(`/keys/${keychain.kid}`)).status, 404, 'a producer\'s key is no client\'s')
    t.equal((await call(`/producerKeys/${kid}`)).status, 404, 'and the other way round')
  })
}

t.test('the certified attributes of a tenant, and those that a version asks for, are lists below them', async (t) => {
  const attribute = (number: number): string => `20000000-0000-4000-8000-00000000000${number}`
  const [descriptor, ...older] = tickets.descriptors
  const other = await startSandbox(t, { stateDir: sandbox.stateDir, registryFile: {
    ...file,
    tenants: file.tenants.map((tenant) => tenant.id === istat.tenant ? { ...tenant, attributes: [attribute(1), attribute(3)] } : tenant),
    eservices: file.eservices.map((eservice) => eservice.id === tickets.id ? { ...tickets, descriptors: [{ ...descriptor!, attributes: { certified: [[{ id: attribute(1), dailyCallsPerConsumer: 50 }, { id: attribute(2) }], [{ id: attribute(3) }]] } }, ...older] } : eservice)
  } })
  const asked = (id: string) => `/eservices/${tickets.id}/descriptors/${id}/certifiedAttributes`
  const shown = (number: number) => ({ id: attribute(number), name: attribute(number), description: attribute(number), createdAt })
  for (const call of [await apiCaller(other, 'v2'), await apiCaller(other, 'v3')]) {
    t.strictSame((await call(`/tenants/${istat.tenant}/certifiedAttributes?offset=0&limit=50`)).body, { results: [1, 3].map((number) => ({ id: attribute(number), assignedAt: createdAt })), pagination: { offset: 0, limit: 50, totalCount: 2 } })
    t.strictSame((await call(`${asked(descriptor!.id)}?offset=1&limit=2`)).body, { results: [{ groupIndex: 0, attribute: shown(2) }, { groupIndex: 1, attribute: shown(3) }], pagination: { offset: 1, limit: 2, totalCount: 3 } })
    t.match((await call(`${asked(descriptor!.id)}?offset=0&limit=1`)).body, { results: [{ groupIndex: 0, dailyCallsPerConsumer: 50 }] })
    t.match((await call(`/tenants/${milano}/certifiedAttributes?offset=0&limit=50`)).body, { results: [], pagination: { totalCount: 0 } })
    t.equal((await call(`/tenants/${nobody}/certifiedAttributes?offset=0&limit=50`)).status, 404)
    t.equal((await call(`${asked(nobody)}?offset=0&limit=50`)).status, 404)
    t.equal((await call(`/tenants/${istat.tenant}/certifiedAttributes`)).status, 400, 'without offset and limit')
    t.equal((await call('/tenants/istat/certifiedAttributes?offset=0&limit=50')).status, 400)
  }
})

t.test('a producer\'s keychain has an id of its own that is a UUID and stays the same', async (t) => {
  t.match(keychainId(milano), /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  t.equal(keychainId(milano), keychainId(milano))
  t.not(keychainId(milano), keychainId(idOf('tenants', 'citta-metropolitana-di-firenze')))
})

t.test('what is not there is 404 with a code, what is no id 400, another path 404', async (t) => {
  const unknown = [`/keys/${'k'.repeat(43)}`, '/producerKeys/k', ...['clients', 'tenants', 'eservices', 'purposes', 'agreements'].map((kind) => `/${kind}/${nobody}`),
    `/eservices/${tickets.id}/descriptors/${nobody}`, `/purposes/${nobody}/agreement`, `/clients/${idOf('clients', 'comune-di-milano-api')}`]
  for (const path of unknown) {
    const { status, body, headers } = await v2(path)
    t.equal(status, 404, path)
    t.equal(headers.get('content-type'), 'application/problem+json; charset=utf-8')
    t.match(body, { type: 'about:blank', status: 404, errors: [{ code: /^(012-\d{4}|sandbox-404)$/, detail: /./ }], correlationId: headers.get('x-correlation-id') })
  }
  for (const path of ['/clients/istat', '/purposes/1/agreement', `/eservices/${tickets.id}/descriptors/1`]) {
    t.match(await v2(path), { status: 400, body: { errors: [{ code: '012-9999', detail: /must be a UUID/ }] } }, path)
  }
  t.equal((await v2('/nothing')).status, 404)
})

t.test('a client is told whole to its owner only', async (t) => {
  const { file, stateDir } = sandbox
  const clients = file.clients.map((client) => client.alias === 'istat' ? { ...client, consumerId: milano } : client)
  const owned = await startSandbox(t, { stateDir, registryFile: { ...file, clients } })
  const { body } = await (await apiCaller(owned, 'v2'))(`/clients/${istat.client}`)
  t.strictSame(body, { id: istat.client, consumerId: milano, name: 'ISTAT - raccolta dati', description: 'ISTAT - raccolta dati', createdAt })
})

t.test('a descriptor tells how it exchanges asynchronously', async (t) => {
  const asyncExchangeProperties = { responseTime: 60, resourceAvailableTime: 600, confirmation: true, bulk: false, maxResultSet: 10 }
  const eservices = file.eservices.map((each) => each.id === tickets.id ? { ...each, descriptors: each.descriptors.map((one) => ({ ...one, asyncExchangeProperties })) } : each)
  const call = await apiCaller(await startSandbox(t, { stateDir: sandbox.stateDir, registryFile: { ...file, eservices } }), 'v2')
  t.match(await call(`/eservices/${tickets.id}`), { body: { asyncExchange: true } })
  t.strictSame((await call(`/eservices/${tickets.id}/descriptors/${tickets.descriptors[0]!.id}`)).body.asyncExchangeProperties, asyncExchangeProperties)
})

t.test('purposes and agreements are for their consumer and their producer', async (t) => {
  for (const path of [`/purposes/${istat.purpose}`, `/purposes/${istat.purpose}/agreement`, `/agreements/${agreement.id}`]) {
    t.match(await firenze(path), { status: 403, body: { errors: [{ code: '012-9993' }] } }, path)
  }
})

t.test('a purpose that waits for approval or was rejected has no current version', async (t) => {
  const bologna = await v2(`/purposes/${idOf('purposes', 'comune-di-bologna-tickets')}`)
  t.match(bologna.body, { waitingForApprovalVersion: { state: 'WAITING_FOR_APPROVAL', dailyCalls: 50000 } })
  t.notOk('currentVersion' in bologna.body)
  const suspended = await v2(`/purposes/${idOf('purposes', 'regione-lombardia-surveys')}`)
  t.match(suspended.body, { suspendedByProducer: true, currentVersion: { state: 'SUSPENDED' } })
  const pending = await v2(`/purposes/${idOf('purposes', 'comune-di-prato-surveys')}/agreement`)
  t.match(pending, { status: 404, body: { errors: [{ code: '012-0022' }] } }, 'a Pending agreement gives no right to a purpose')
})

const ids = (body: { results: { id: string }[] }) => body.results.map(({ id }) => id)

t.test('lists are by page, of what the caller may see, narrowed by every parameter that is sent', async (t) => {
  const ofMilano = file.purposes.filter(({ eserviceId }) => file.eservices.find(({ id }) => id === eserviceId)!.producerId === milano).map(({ id }) => id)
  const all = await v3('/purposes?offset=0&limit=50')
  t.strictSame(ids(all.body), ofMilano)
  t.strictSame(all.body.pagination, { offset: 0, limit: 50, totalCount: ofMilano.length })
  const second = await v2('/purposes?offset=2&limit=2')
  t.strictSame(ids(second.body), ofMilano.slice(2, 4))
  t.strictSame(second.body.pagination, { offset: 2, limit: 2, totalCount: ofMilano.length })
  t.strictSame(ids((await v2(`/purposes?offset=${ofMilano.length}&limit=1`)).body), [])
  const active = await v2(`/purposes?eserviceIds=${tickets.id}&states=ACTIVE&offset=0&limit=50`)
  t.strictSame(ids(active.body), ['istat-tickets', 'regione-lombardia-tickets', 'comune-di-scandicci-tickets', 'milano-crm-tickets'].map((alias) => idOf('purposes', alias)))
  for (const states of ['states=SUSPENDED,WAITING_FOR_APPROVAL', 'states=SUSPENDED&states=WAITING_FOR_APPROVAL']) {
    const found = await v2(`/purposes?${states}&offset=0&limit=50`)
    t.strictSame(ids(found.body), ['regione-lombardia-surveys', 'comune-di-bologna-tickets'].map((alias) => idOf('purposes', alias)), states)
  }
  const agreements = await v2(`/agreements?consumerIds=${istat.tenant}&eserviceIds=${tickets.id}&producerIds=${milano}&states=ACTIVE&offset=0&limit=50`)
  t.strictSame(ids(agreements.body), [agreement.id])
  t.strictSame(ids((await firenze(`/agreements?descriptorIds=${agreement.descriptorId}&offset=0&limit=50`)).body), [])
  for (const list of ['/producerDelegations', '/consumerDelegations']) {
    t.strictSame((await v2(`${list}?states=ACTIVE&offset=0&limit=50`)).body, { results: [], pagination: { offset: 0, limit: 50, totalCount: 0 } })
  }
})

t.test('a list without its page, or with a parameter that is none, is 400', async (t) => {
  const wrong = ['', '?offset=0', '?limit=10', '?offset=0&limit=0', '?offset=0&limit=51', '?offset=-1&limit=1', '?offset=0&limit=1e1', '?offset=0&offset=1&limit=1',
    '?offset=99999999999&limit=1', '?offset=0&limit=1&states=Active', '?offset=0&limit=1&eserviceIds=tickets', '?offset=0&limit=1&eserviceIds[]=x&eserviceIds=__proto__']
  for (const query of wrong) t.match(await v2(`/purposes${query}`), { status: 400, body: { errors: [{ code: '012-9999' }] } }, query)
  for (const query of ['', '?limit=0', '?limit=501', `?limit=1&lastEventId=1`]) {
    t.match(await v2(`/keyEvents${query}`), { status: 400, body: { errors: [{ code: '012-9999' }] } }, `keyEvents ${query}`)
  }
})
