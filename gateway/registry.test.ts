import { readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { certifiedKey, certifiedToken, thumbprint } from '../policies/certificate-fixture.ts'
import type { DenialCode } from '../policies/denials.ts'
import { runCommandLine } from './command-line.ts'
import type { Config } from './config.ts'
import { startGateway, until } from './harness/gateway.ts'
import type { Harness, HarnessOptions } from './harness/gateway.ts'
import { archiveContract, audience, basePath, ids } from './harness/platform.ts'
import { temporaryFolder } from './harness/process.ts'
import { checkNextServed, checkProblem } from './harness/refusal.ts'
import { operationsOf } from './harness/operations.ts'
import { sandboxEnvironment } from './pdnd-environments.ts'
import { json, startPlatform, writeClientKey } from './pdnd/platform-fixture.ts'
import { agreement, delegation, purpose, StandIn } from './pdnd/registry-fixture.ts'
import { clientKeyPath } from './sandbox/key-store.ts'
import { demoRegistry, postJson, startSandbox, testTime } from './sandbox/sandbox-fixture.ts'

const minute = 60_000
const uuid = (number: number): string => `20000000-0000-4000-8000-${String(number).padStart(12, '0')}`
const hour = 60 * minute

/** Makes a call; what is refused reaches nobody and does no harm. */
async function expectOutcome (t: Test, gateway: Harness, code: DenialCode | 'served', status = 403, voucher = gateway.voucher()): Promise<void> {
  const before = gateway.upstream.requests.length
  const answer = await gateway.call('/items', { voucher })
  if (code === 'served') {
    t.equal(answer.status, 200, answer.body)
    await gateway.takeRecords(1)
    return
  }
  await checkProblem(t, gateway, answer, { status, code })
  if (status === 503) t.match(answer.headers['retry-after'], /^\d+$/)
  t.equal(gateway.upstream.requests.length, before, 'nothing reached the upstream')
  await checkNextServed(t, gateway)
}

/** A sandbox in which ISTAT's purpose on the tickets was declared by a delegate, and a gateway for the tickets that knows from it who may call. */
async function startOnSandbox (t: Test, version: 'v2' | 'v3' = 'v3') {
  const file = await demoRegistry()
  const [tenant, eservice] = [(alias: string) => file.tenants.find((one) => one.alias === alias)!.id, file.eservices.find(({ alias }) => alias === 'tickets')!]
  const delegationId = '0d5e8b71-94a2-4b6f-bc3d-21f7a6e09dff'
  const clock = { now: testTime }
  const sandbox = await startSandbox(t, {
    now: () => clock.now,
    voucherRate: { limit: 100_000, interval: 1000 },
    registryFile: {
      ...file,
      purposes: file.purposes.map((one) => one.alias === 'istat-tickets' ? { ...one, delegationId } : one),
      delegations: [{ id: delegationId, kind: 'DelegatedConsumer', delegatorId: tenant('istat'), delegateId: tenant('regione-lombardia'), eserviceId: eservice.id, state: 'Active' }]
    }
  })
  const clientId = sandbox.idOf('clients', 'comune-di-milano-api')
  const config = (usual: Config): Config => ({
    ...usual,
    registry: 'platform',
    pdnd: { ...sandboxEnvironment(), jwksUri: `${sandbox.url}/.well-known/jwks.json`, apiBase: sandbox.url, tokenUrl: `${sandbox.url}/token.oauth2`, api: { version, clientId, privateKey: clientKeyPath(sandbox.stateDir, clientId) } },
    eservices: usual.eservices.map((one) => ({ ...one, producer: eservice.producerId, eserviceId: eservice.id, descriptorIds: eservice.descriptors.map(({ id }) => id), audience: eservice.descriptors.flatMap((descriptor) => descriptor.audience) }))
  })
  const gateway = await startGateway(t, { now: testTime, config })
  const voucherOf = async (consumer: string): Promise<string> => (await postJson(`${sandbox.url}/debug/vouchers`, { client: consumer, purpose: `${consumer}-tickets` })).body['access_token'] as string
  const debug = async (path: string, state: string): Promise<void> => { t.equal((await postJson(`${sandbox.url}/debug/${path}/state`, { state })).status, 200) }
  const agreementId = file.agreements.find((one) => one.eserviceId === eservice.id && one.consumerId === tenant('istat'))!.id
  const pass = (ms: number): void => { gateway.clock.now = clock.now += ms }
  const voucher = await voucherOf('istat')
  const expect = async (t: Test, code: DenialCode | 'served', status?: number): Promise<void> => expectOutcome(t, gateway, code, status, voucher)
  return { sandbox, gateway, config, debug, pass, expect, voucherOf, voucher, registry: gateway.gateway.live.registry, delegationId, agreementId, descriptorPath: `eservices/tickets/descriptors/${eservice.descriptors[0]!.id}` }
}

for (const version of ['v2', 'v3'] as const) {
  t.test(`what is suspended on the platform (${version}) is refused with the next reading although the voucher lives on, and served again once it is taken up`, async (t) => {
    const { registry, debug, expect, pass, agreementId, descriptorPath } = await startOnSandbox(t, version)
    await expect(t, 'registry-unavailable', 503)
    await registry.read()
    await expect(t, 'served')
    for (const [path, code, active] of [['purposes/istat-tickets', 'purpose-not-active', 'Active'], [`agreements/${agreementId}`, 'agreement-not-active', 'Active'], [descriptorPath, 'descriptor-not-usable', 'Published']] as const) {
      await debug(path, 'Suspended')
      await expect(t, 'served')
      pass(30_000)
      await registry.read()
      await expect(t, code)
      await debug(path, active)
      pass(30_000)
      await registry.read()
      await expect(t, 'served')
    }
    t.match(registry.health, { source: 'platform', state: 'current', ageMs: 0 })
  })
}

t.test('a purpose over a delegation that was revoked is refused, whatever its own state says', async (t) => {
  const { registry, debug, expect, pass, delegationId } = await startOnSandbox(t)
  await registry.read()
  await expect(t, 'served')
  await debug(`delegations/${delegationId}`, 'Revoked')
  pass(30_000)
  await registry.read()
  await expect(t, 'delegation-not-active')
})

t.test('while it is followed nobody has to ask: it fills, and takes in what happens', async (t) => {
  const { registry, debug, expect, gateway, voucher } = await startOnSandbox(t)
  const stopping = new AbortController()
  const following = registry.follow(stopping.signal, { eventsMs: 10, retryMs: 10 })
  await until(() => registry.health.state === 'current')
  await expect(t, 'served')
  await debug('purposes/istat-tickets', 'Suspended')
  let status = 200
  for (const end = performance.now() + 5000; status === 200 && performance.now() < end;) status = (await gateway.call('/items', { voucher })).status
  t.equal(status, 403)
  stopping.abort()
  await following
})

t.test('other consumers of the e-service are judged each by itself, by what the platform says', async (t) => {
  const { registry, gateway, voucherOf } = await startOnSandbox(t)
  await registry.read()
  const outcomes: Record<string, string> = {}
  for (const consumer of ['regione-lombardia', 'comune-di-bologna', 'comune-di-scandicci']) {
    const answer = await gateway.call('/items', { voucher: await voucherOf(consumer) })
    outcomes[consumer] = answer.json?.code ?? answer.status
  }
  t.strictSame(outcomes, { 'regione-lombardia': 200, 'comune-di-bologna': 'purpose-not-active', 'comune-di-scandicci': 'descriptor-not-usable' })
})

/** A gateway of the usual e-service that knows from a stand-in for the platform who may call. */
async function startOnStandIn (t: Test, { config = (usual) => usual, contract, ...options }: HarnessOptions = {}) {
  const platform = await startPlatform(t)
  const standIn = new StandIn()
  platform.answer = (request, response) => { standIn.answer(request, response) }
  standIn.documents['purposes'] = [purpose({ id: ids.purpose, eserviceId: ids.eservice, consumerId: ids.consumer })]
  standIn.documents['agreements'] = [agreement({ id: ids.agreement, eserviceId: ids.eservice, descriptorId: ids.descriptor, producerId: ids.producer, consumerId: ids.consumer })]
  standIn.documents['eservices'] = [{ id: ids.eservice, producerId: ids.producer, name: 'Archivio' }]
  standIn.documents['descriptors'] = [{ ...standIn.documents['descriptors']![0], id: ids.descriptor, audience: [audience], dailyCallsPerConsumer: 1000, dailyCallsTotal: 1000 }]
  standIn.documents['clients'] = [{ id: ids.client, consumerId: ids.consumer }]
  standIn.documents['tenants'] = [{ id: ids.consumer, name: 'Ente fruitore', externalId: { origin: 'IPA', value: 'fruitore' } }]
  const privateKey = await writeClientKey(t)
  const state = join(await temporaryFolder(t), 'state')
  const start = async (): Promise<Harness> => startGateway(t, {
    ...options, ...contract && { contract },
    config: (usual) => config({ ...usual, state, registry: 'platform', pdnd: { ...usual.pdnd, apiBase: platform.origin, tokenUrl: platform.environment.tokenUrl, api: { version: 'v2', clientId: ids.client, privateKey } } })
  })
  return { platform, standIn, state, start, expect: expectOutcome, gateway: await start() }
}

t.test('without platform and without anything kept the gateway starts, answers 503, and serves as soon as the platform answers', async (t) => {
  const { gateway, standIn, expect } = await startOnStandIn(t)
  const { registry } = gateway.gateway.live
  standIn.otherwise = () => json({}, 500)
  await t.rejects(registry.read())
  for (const voucher of [gateway.voucher(), gateway.voucher({ claims: { purposeId: ids.client } })]) await expect(t, gateway, 'registry-unavailable', 503, voucher)
  t.match(await gateway.raw([`GET /status HTTP/1.1`, `Host: ${gateway.host}`]), { status: 503, json: { code: 'registry-unavailable' }, headers: { 'retry-after': /^\d+$/ } })
  t.match(registry.health, { state: 'unavailable', ageMs: Infinity, lastError: /status 500/ })
  standIn.otherwise = () => undefined
  const stopping = new AbortController()
  const following = registry.follow(stopping.signal, { eventsMs: 30, retryMs: 10 })
  gateway.clock.now += minute
  await until(() => registry.health.state === 'current')
  await gateway.takeRecords(1)
  await expect(t, gateway, 'served')
  t.equal((await gateway.raw([`GET /status HTTP/1.1`, `Host: ${gateway.host}`])).status, 200)
  stopping.abort()
  await following
})

t.test('a start without the platform works from what was kept, for as long as is configured and no longer', async (t) => {
  for (const [registryStaleHours, ...served] of [[24, 23], [2, 1]] as const) {
    const { platform, standIn, gateway, state, start, expect } = await startOnStandIn(t, { config: (usual) => ({ ...usual, registryStaleHours }) })
    await gateway.gateway.live.registry.read()
    standIn.replace('purposes', { ...standIn.documents['purposes']![0], id: ids.purposeVersion })
    const lookedUp = { claims: { purposeId: ids.purposeVersion } }
    await expect(t, gateway, 'served', 200, gateway.voucher(lookedUp))
    await gateway.gateway.close()
    t.ok((await readdir(state)).includes('registry.json'))
    platform.answer = (_request, response) => { response.destroy() }
    const second = await start()
    await t.rejects(second.gateway.live.registry.read())
    second.clock.now += served[0] * hour
    await expect(t, second, 'served')
    await expect(t, second, 'served', 200, second.voucher(lookedUp))
    await expect(t, second, 'registry-unavailable', 503, second.voucher({ claims: { purposeId: ids.client } }))
    second.clock.now += hour
    await expect(t, second, 'registry-unavailable', 503)
    t.equal(second.gateway.live.registry.health.state, 'unavailable')
  }
})

t.test('an id that is not known is looked up: served, refused or undecided as the platform answers', async (t) => {
  const { gateway, platform, standIn, expect } = await startOnStandIn(t)
  await gateway.gateway.live.registry.read()
  platform.asked.length = 0
  await expect(t, gateway, 'served')
  t.strictSame(platform.asked, [], 'a known id asks nobody')
  const other = gateway.voucher({ claims: { purposeId: ids.client } })
  await expect(t, gateway, 'purpose-unknown', 403, other)
  standIn.replace('purposes', { ...standIn.documents['purposes']![0], id: ids.client })
  await expect(t, gateway, 'purpose-unknown', 403, other)
  gateway.clock.now += minute
  await expect(t, gateway, 'served', 200, other)
  standIn.otherwise = (path) => path.startsWith('purposes/') ? json({}, 500) : undefined
  await expect(t, gateway, 'registry-unavailable', 503, gateway.voucher({ claims: { purposeId: ids.descriptor } }))
  await expect(t, gateway, 'served')
})

t.test('no empty list, however often it comes, admits or refuses anybody', async (t) => {
  const { gateway, standIn, expect } = await startOnStandIn(t)
  const { registry } = gateway.gateway.live
  standIn.otherwise = (path) => ['purposes', 'agreements'].includes(path) ? json({ results: [], pagination: { offset: 0, limit: 50, totalCount: 0 } }) : undefined
  for (let time = 0; time < 3; time++) {
    gateway.clock.now += hour
    await registry.read()
    await expect(t, gateway, 'served')
  }
})

t.test('callers by certificate are known by the local file, and undecided while the platform is not', async (t) => {
  const outside = { client: '10000000-0000-4000-8000-000000000018', consumer: '10000000-0000-4000-8000-000000000012', purpose: '10000000-0000-4000-8000-000000000016' }
  const folder = await temporaryFolder(t)
  const localRegistry = join(folder, 'local.yaml')
  await writeFile(localRegistry, JSON.stringify({
    clients: [{ id: outside.client, alias: 'protocollo', name: 'Protocollo', consumerId: outside.consumer, kind: 'Consumer', purposes: [outside.purpose], certificates: [{ thumbprint }] }],
    purposes: [{ id: outside.purpose, alias: 'propria', title: 'Propria', eserviceId: ids.eservice, consumerId: outside.consumer, versions: [{ id: ids.purposeVersion, state: 'Active', dailyCalls: 10 }] }],
    agreements: [{ id: ids.agreement, eserviceId: ids.eservice, descriptorId: ids.descriptor, consumerId: outside.consumer, state: 'Active' }]
  }))
  const { gateway, expect } = await startOnStandIn(t, {
    contract: { ...archiveContract, 'x-modi': { trust: ['pdnd', 'x509'] } },
    certificates: { find: () => ({ key: certifiedKey.publicKey, clientId: outside.client, thumbprint }) },
    config: (usual) => ({ ...usual, localRegistry })
  })
  const seconds = Math.floor(gateway.clock.now / 1000)
  const token = certifiedToken({ claims: { iss: outside.client, sub: outside.client, aud: audience, iat: seconds, nbf: seconds, exp: seconds + 60, purposeId: undefined } })
  await expect(t, gateway, 'registry-unavailable', 503, token)
  await gateway.gateway.live.registry.read()
  await expect(t, gateway, 'served', 200, token)
  await expect(t, gateway, 'served')
})

t.test('whose machine connects is looked up where it matters, and undecided is no refusal', async (t) => {
  const { gateway, platform, standIn, expect } = await startOnStandIn(t, {
    contract: { ...archiveContract, 'x-modi': { patterns: ['ID_AUTH_CHANNEL_02'] } }, config: (usual) => ({ ...usual, trustedProxies: ['127.0.0.1'] })
  })
  await gateway.gateway.live.registry.read()
  standIn.otherwise = (path) => path.startsWith('clients/') ? json({}, 500) : undefined
  await expect(t, gateway, 'registry-unavailable', 503)
  standIn.otherwise = () => undefined
  gateway.clock.now += minute
  platform.asked.length = 0
  await expect(t, gateway, 'tls-required', 401)
  t.match(platform.asked, [`/v2/clients/${ids.client}`, `/v2/tenants/${ids.consumer}`])
})

t.test('a consumer has the calls of the best of its certified attributes, as soon as the platform tells of them', async (t) => {
  const { gateway, standIn } = await startOnStandIn(t)
  const { registry } = gateway.gateway.live
  standIn.documents['purposes'] = [purpose({ id: ids.purpose, eserviceId: ids.eservice, consumerId: ids.consumer, currentVersion: { id: ids.purposeVersion, state: 'ACTIVE', dailyCalls: 5000 } })]
  standIn.attributes[ids.descriptor] = [[0, 2000], [0, 3], [1, undefined]].map(([groupIndex, dailyCallsPerConsumer], number) => ({ groupIndex, attribute: { id: uuid(number) }, dailyCallsPerConsumer }))
  standIn.documents['descriptors'] = [{ ...standIn.documents['descriptors']![0], dailyCallsTotal: 5000 }]
  const limit = async (): Promise<string | undefined> => (await gateway.call('/items')).headers['x-ratelimit-limit']
  await registry.read()
  t.equal(await limit(), '1000', 'the usual')
  standIn.attributes[ids.consumer] = [{ id: uuid(1), assignedAt: '2026-01-01T00:00:00Z' }, { id: uuid(2), assignedAt: '2026-01-01T00:00:00Z' }]
  for (const expected of ['3', '2000']) {
    standIn.tell('tenantEvents', 'tenantId', ids.consumer, 'TENANT_CERTIFIED_ATTRIBUTE_ASSIGNED')
    await registry.read()
    t.equal(await limit(), expected)
    standIn.attributes[ids.consumer]!.push({ id: uuid(0), assignedAt: '2026-02-01T00:00:00Z' })
  }
})

t.test('a purpose of a delegate needs its delegation, which is looked up with it', async (t) => {
  const { gateway, standIn, expect } = await startOnStandIn(t)
  standIn.replace('purposes', { ...standIn.documents['purposes']![0], delegationId: ids.agreement })
  await gateway.gateway.live.registry.read()
  await expect(t, gateway, 'delegation-not-active')
  standIn.replace('consumerDelegations', delegation({ id: ids.agreement, eserviceId: ids.eservice }))
  gateway.clock.now += minute
  await expect(t, gateway, 'served')
})

t.test('the operations listener says in words how it stands with the registry', async (t) => {
  const { gateway, standIn } = await startOnStandIn(t)
  const operations = operationsOf(t, gateway)
  const ask = async () => (await operations('/-/registry')).json<object>()
  t.match(await ask(), { source: 'platform', state: 'unavailable', ageSeconds: null, lastError: null, detail: /It was never read as a whole\./ })
  t.match(await operations('/status', {}), { statusCode: 503 })
  await gateway.gateway.live.registry.read()
  gateway.clock.now += 12_000
  t.strictSame(await ask(), { source: 'platform', state: 'current', ageSeconds: 12, lastError: null, undecided: 0, missing: 0, detail: 'Agreements and purposes are in step with their source.' })
  t.match(await operations('/status', {}), { statusCode: 200 })
  standIn.otherwise = () => json({}, 500)
  await t.rejects(gateway.gateway.live.registry.read())
  t.match(await ask(), { state: 'failing', ageSeconds: 12, lastError: 'the interop API gave no usable answer: status 500' })
  t.equal((await operations('/-/registry', {})).statusCode, 401)
  const plain = await startGateway(t)
  t.match(plain.gateway.live.registry.health, { source: 'file', state: 'current', ageMs: 0 })
})

t.test('no id of anybody and no credential is in what is told of readings that failed', async (t) => {
  const { gateway, standIn, expect } = await startOnStandIn(t)
  await gateway.gateway.live.registry.read()
  standIn.tell('purposeEvents', 'purposeId', ids.purpose)
  standIn.otherwise = (path) => path.startsWith('purposes') ? json({ id: ids.client }) : undefined
  gateway.clock.now += hour
  await t.rejects(gateway.gateway.live.registry.read())
  await expect(t, gateway, 'registry-unavailable', 503)
  const told = JSON.stringify([gateway.logs, gateway.gateway.live.registry.health])
  for (const secret of [ids.purpose, ids.client, 'voucher-1', 'PRIVATE']) t.notMatch(told, secret)
})

t.test('the platform without a client to ask it is a boot error', async (t) => {
  await t.rejects(startGateway(t, { config: (usual) => ({ ...usual, registry: 'platform', pdnd: { ...usual.pdnd, api: undefined } }) }), { message: 'registry: platform needs a client of the interop API: configure pdnd.api' })
})

t.test('varco explain knows what the platform knows, or what the gateway kept of it', async (t) => {
  const { gateway, voucher, debug, registry } = await startOnSandbox(t)
  const { pdnd, eservices: [eservice], state } = gateway.config
  const path = join(gateway.folder, 'gateway.yaml')
  const { producer, eserviceId, descriptorIds, audience: aud } = eservice!
  await writeFile(path, JSON.stringify({
    pdnd: { environment: 'sandbox', jwksUri: pdnd.jwksUri, apiBase: pdnd.apiBase, tokenUrl: pdnd.tokenUrl, api: pdnd.api }, publicUrl: gateway.config.publicUrl, registry: 'platform', state,
    eservices: { archive: { contract: 'contract.json', upstream: { url: 'http://127.0.0.1:9', secret: 'x' }, producer, eserviceId, descriptorIds, audience: aud, path: basePath } }
  }))
  const explain = async () => {
    let out = ''
    const code = await runCommandLine(['explain', '--config', path, '--json'], { out: (text) => { out += text }, err: (text) => { out += text }, stdin: async () => Buffer.from(voucher), env: {}, now: () => testTime })
    return { code, out }
  }
  t.match(JSON.parse((await explain()).out), { verdict: 'accepted' })
  await debug('purposes/istat-tickets', 'Suspended')
  t.match(JSON.parse((await explain()).out), { verdict: 'refused' })
  t.notOk((await readdir(state)).includes('registry.json'), 'the command keeps nothing')
  await registry.read()
  await registry.close()
  await rm(pdnd.api!.privateKey)
  t.match(await explain(), { code: 1, out: /purpose-not-active/ }, 'offline, as the gateway kept it')
})

t.test('an e-service that a reload adds is served from the first call on, and not added while the platform does not tell of it', async (t) => {
  const annex = { eservice: '20000000-0000-4000-8000-000000000003', descriptor: '20000000-0000-4000-8000-000000000004', agreement: '20000000-0000-4000-8000-000000000005', purpose: '20000000-0000-4000-8000-000000000006' }
  const { gateway, standIn, platform, expect } = await startOnStandIn(t)
  await gateway.gateway.live.registry.read()
  const [usual] = gateway.config.eservices as [(typeof gateway.config.eservices)[number]]
  const config = { ...gateway.config, eservices: [usual, { ...usual, name: 'annex', path: '/rest/annex/v1', eserviceId: annex.eservice, descriptorIds: [annex.descriptor] }] }
  standIn.replace('eservices', { id: annex.eservice, producerId: ids.producer, name: 'Allegato' })
  standIn.replace('descriptors', { ...standIn.documents['descriptors']![0], id: annex.descriptor })
  standIn.replace('agreements', agreement({ id: annex.agreement, eserviceId: annex.eservice, descriptorId: annex.descriptor, producerId: ids.producer, consumerId: ids.consumer }))
  standIn.replace('purposes', purpose({ id: annex.purpose, eserviceId: annex.eservice, consumerId: ids.consumer }))
  standIn.otherwise = (path) => path.includes(annex.eservice) ? json({}, 500) : undefined
  await t.rejects(gateway.gateway.prepare(config), { message: /what the platform knows of the e-services that are new could not be read/ })
  await expect(t, gateway, 'served')
  standIn.otherwise = () => undefined
  gateway.clock.now += minute
  const { commit } = await gateway.gateway.prepare(config)
  commit()
  platform.asked.length = 0
  const voucher = gateway.voucher({ claims: { eserviceId: annex.eservice, descriptorId: annex.descriptor, purposeId: annex.purpose } })
  const answer = await gateway.raw(['GET /rest/annex/v1/items HTTP/1.1', `Host: ${gateway.host}`, `Authorization: Bearer ${voucher}`])
  t.equal(answer.status, 200, answer.body)
  t.strictSame(platform.asked, [], 'nobody waits for the platform')
  await gateway.takeRecords(1)
  await expect(t, gateway, 'served')
  t.equal(gateway.gateway.live.registry.health.state, 'current')
})

t.test('what a local file says beside the platform changes when a reload goes live, and not before', async (t) => {
  const folder = await temporaryFolder(t)
  const own = '30000000-0000-4000-8000-000000000006'
  const write = async (state: string): Promise<void> => writeFile(join(folder, 'local.yaml'), JSON.stringify({ purposes: [{ id: own, alias: 'locale', title: 'Locale', eserviceId: ids.eservice, consumerId: ids.consumer, versions: [{ id: ids.purposeVersion, state, dailyCalls: 100 }] }] }))
  await write('Active')
  const { gateway, expect } = await startOnStandIn(t, { config: (usual) => ({ ...usual, localRegistry: join(folder, 'local.yaml') }) })
  await gateway.gateway.live.registry.read()
  const voucher = gateway.voucher({ claims: { purposeId: own } })
  await expect(t, gateway, 'served', 200, voucher)
  await write('Suspended')
  const discarded = await gateway.gateway.prepare(gateway.config)
  await discarded.discard()
  await expect(t, gateway, 'served', 200, voucher)
  const { commit } = await gateway.gateway.prepare(gateway.config)
  await expect(t, gateway, 'served', 200, voucher)
  commit()
  await expect(t, gateway, 'purpose-not-active', 403, voucher)
})
