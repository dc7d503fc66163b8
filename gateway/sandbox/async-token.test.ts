import { randomUUID } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createLocalJWKSet, decodeJwt, jwtVerify, SignJWT } from 'jose'
import type { JSONWebKeySet, JWTPayload } from 'jose'
import t from 'tap'
import type { Test } from 'tap'
import type { RegistryFile } from '../adapters/registry-file.ts'
import { readRegistryFile } from '../adapters/registry-file.ts'
import { sandboxEnvironment } from '../pdnd-environments.ts'
import { readKeyPair } from '../pdnd/key-file.ts'
import { keychainKeyPath } from './key-store.ts'
import { keychainId } from './producer-keychain.ts'
import { makeProof } from './proof-fixture.ts'
import { demoRegistry, postTokenRequest, signAssertion, startSandbox, testSeconds, testTime } from './sandbox-fixture.ts'
import type { AssertionChanges, TestSandbox } from './sandbox-fixture.ts'

/** Tickets are served by asynchronous exchange here, surveys are not. */
const properties = { responseTime: 60, resourceAvailableTime: 120, confirmation: true, maxResultSet: 10 }

function withTickets (file: RegistryFile, asyncExchangeProperties: Partial<typeof properties> = {}): RegistryFile {
  const eservices = file.eservices.map((eservice) => eservice.alias !== 'tickets' ? eservice : {
    ...eservice,
    descriptors: eservice.descriptors.map((descriptor) => ({ ...descriptor, asyncExchangeProperties: { ...properties, ...asyncExchangeProperties } }))
  })
  return { ...file, eservices }
}

const demo = await demoRegistry()
const stateDir = join(t.testdir(), 'state')
const clock = { now: testTime }
t.beforeEach(() => { clock.now = testTime })

async function start (test: Test, file = withTickets(demo)): Promise<TestSandbox> {
  return startSandbox(test, { registryFile: file, stateDir, now: () => clock.now })
}

const sandbox = await start(t)
const producerId = sandbox.idOf('tenants', 'comune-di-milano')
const keychain = await readKeyPair(keychainKeyPath(stateDir, producerId))
const urlCallback = 'https://fruitore.example.it/callback'

/** An assertion for a scope, good but for the changes; times are those of the clock. */
async function assertionFor (payload: Record<string, unknown>, changes: AssertionChanges = {}): Promise<string> {
  const now = Math.floor(clock.now / 1000)
  const usual = payload['scope'] === 'start_interaction' ? { urlCallback } : { purposeId: undefined }
  return signAssertion(sandbox, { ...changes, payload: { iat: now, exp: now + 60, ...usual, ...payload, ...changes.payload } })
}

/** The assertion of the producer for its callback. */
async function callbackAssertion (payload: Record<string, unknown>, key = keychain): Promise<string> {
  const id = keychainId(producerId)
  const now = Math.floor(clock.now / 1000)
  const claims = { iss: id, sub: id, aud: sandboxEnvironment().clientAssertionAudience, jti: randomUUID(), iat: now, exp: now + 60, scope: 'callback_invocation', entityNumber: 1, ...payload }
  return new SignJWT(claims).setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid: key.kid }).sign(key.privateKey)
}

async function ask (assertion: string, at = sandbox, headers: Record<string, string> = {}, fields: Record<string, string | undefined> = {}): Promise<Response> {
  return postTokenRequest(at.url, assertion, fields, headers, '/token.oauth2.async')
}

async function claimsOf (response: Response): Promise<JWTPayload & { interactionId: string }> {
  const { access_token: voucher } = await response.json() as { access_token: string }
  return decodeJwt(voucher)
}

interface Reason { code: string, detail?: string, failures: { code: string }[] }

/** Asserts the platform's silent refusal and gives the reason that only the debug endpoint tells. */
async function refused (test: Test, response: Response, status: 400 | 500, at = sandbox): Promise<Reason> {
  const { correlationId, errors } = await response.json() as { correlationId: string, errors: { code: string }[] }
  test.equal(response.status, status)
  test.equal(errors[0]?.code, status === 400 ? '015-0008' : '015-0000')
  return (await (await fetch(`${at.url}/debug/token-requests/${correlationId}`)).json() as { reason: Reason }).reason
}

async function started (at = sandbox): Promise<string> {
  return (await claimsOf(await ask(await assertionFor({ scope: 'start_interaction' }), at))).interactionId
}

t.test('an exchange goes from start to confirmation, each step with a voucher of its own', async (t) => {
  const jwks = createLocalJWKSet(await (await fetch(`${sandbox.url}/.well-known/jwks.json`)).json() as JSONWebKeySet)
  const voucherOf = async (assertion: string) => {
    const response = await ask(assertion)
    const { access_token: voucher, ...rest } = await response.json() as { access_token: string }
    t.strictSame(rest, { token_type: 'Bearer', expires_in: 600 })
    const { payload, protectedHeader } = await jwtVerify(voucher, jwks, { currentDate: new Date(clock.now) })
    t.match(protectedHeader, { alg: 'RS256', use: 'sig', typ: 'at+jwt' })
    return payload
  }
  const client = sandbox.idOf('clients', 'istat')
  const tickets = sandbox.file.eservices.find(({ alias }) => alias === 'tickets')!
  const usual = {
    iss: 'sandbox.varco.localhost', aud: tickets.descriptors[0]!.audience[0], iat: testSeconds, nbf: testSeconds, exp: testSeconds + 600,
    purposeId: sandbox.idOf('purposes', 'istat-tickets'), producerId, consumerId: sandbox.idOf('tenants', 'istat'), eserviceId: tickets.id, descriptorId: tickets.descriptors[0]!.id
  }
  const { jti, interactionId, ...first } = await voucherOf(await assertionFor({ scope: 'start_interaction' }))
  t.strictSame(first, { ...usual, sub: client, client_id: client, scope: 'start_interaction', urlCallback })
  t.match(interactionId, /^[0-9a-f-]{36}$/)
  t.not(jti, interactionId)
  const { jti: _second, ...second } = await voucherOf(await callbackAssertion({ interactionId }))
  const holder = keychainId(producerId)
  t.strictSame(second, { ...usual, sub: holder, client_id: holder, interactionId, scope: 'callback_invocation' })
  for (const scope of ['get_resource', 'get_resource', 'confirmation', 'confirmation']) {
    const { jti: _next, ...next } = await voucherOf(await assertionFor({ scope, interactionId }))
    t.strictSame(next, { ...usual, sub: client, client_id: client, interactionId, scope })
  }
  t.match(await refused(t, await ask(await assertionFor({ scope: 'get_resource', interactionId })), 400), { code: '0019' })
})

const claimCases: readonly (readonly [outer: string, inner: string | readonly string[], status: 400 | 500, payload: Record<string, unknown>])[] = [
  ['0002', '0034', 500, { scope: undefined, urlCallback }],
  ['0002', '0035', 500, { scope: 'read' }],
  ['0002', '0035', 500, { scope: ['start_interaction'] }],
  ['0002', '0036', 500, { scope: 'get_resource', interactionId: '1' }],
  ['0002', '0037', 500, { scope: 'start_interaction', urlCallback: 'callback' }],
  ['0002', '0037', 500, { scope: 'start_interaction', urlCallback: 7 }],
  ['0002', '0038', 500, { scope: 'callback_invocation', interactionId: randomUUID(), entityNumber: -1 }],
  ['0002', '0038', 500, { scope: 'callback_invocation', interactionId: randomUUID(), entityNumber: '1' }],
  ['0002', '0032', 500, { scope: 'start_interaction', nbf: testSeconds }],
  ['0002', '0004', 500, { scope: 'start_interaction', aud: 'x' }],
  ['0016', '0040', 400, { scope: 'start_interaction', urlCallback: undefined }],
  ['0016', ['0040', '0030'], 400, { scope: 'start_interaction', urlCallback: undefined, purposeId: undefined }],
  ['0016', '0041', 400, { scope: 'get_resource' }],
  ['0016', '0041', 400, { scope: 'confirmation' }],
  ['0016', ['0041', '0042'], 400, { scope: 'callback_invocation' }],
  ['0016', '0043', 400, { scope: 'callback_invocation', interactionId: randomUUID(), entityNumber: 0 }]
]
for (const [outer, inner, status, payload] of claimCases) {
  t.test(`${JSON.stringify(payload).slice(0, 60)} is refused with ${outer}, ${[inner].flat().join(' and ')}`, async (t) => {
    const { code, failures } = await refused(t, await ask(await assertionFor(payload)), status)
    t.equal(code, outer)
    t.strictSame(failures.map((each) => each.code), [inner].flat())
  })
}

t.test('the form is judged with a code of its own', async (t) => {
  const response = await ask(await assertionFor({ scope: 'start_interaction' }), sandbox, {}, { client_assertion_type: 'jwt-bearer' })
  t.match(await refused(t, response, 400), { code: '0015', failures: [{ code: '0002' }] })
  t.equal((await ask('x', sandbox, {}, { grant_type: 'password' })).status, 400)
})

t.test('a start needs a purpose on an e-service of asynchronous exchange, and everything that any voucher needs', async (t) => {
  const startWith = async (changes: AssertionChanges) => ask(await assertionFor({ scope: 'start_interaction' }, changes))
  t.match(await refused(t, await startWith({ purpose: 'istat-surveys' }), 400), { code: '0017' })
  t.match(await refused(t, await startWith({ purpose: 'regione-lombardia-tickets' }), 400), { code: '0006' })
  t.match(await refused(t, await startWith({ header: { kid: 'x'.repeat(43) } }), 400), { code: '0006' })
  t.match(await refused(t, await startWith({ key: await sandbox.keyOf('comune-di-bologna') }), 500), { code: '0003', failures: [{ code: '0033' }] })
  t.match(await refused(t, await startWith({ payload: { exp: testSeconds } }), 500), { code: '0003', failures: [{ code: '0017' }] })
  t.match(await refused(t, await startWith({ client: 'comune-di-bologna', purpose: 'comune-di-bologna-tickets' }), 500), { code: '0008', failures: [{ code: '0020' }] })
})

t.test('an e-service of asynchronous exchange gets no voucher at the other endpoint', async (t) => {
  const response = await postTokenRequest(sandbox.url, await signAssertion(sandbox))
  t.match(await refused(t, response, 400), { code: '0008', failures: [{ code: '0039' }] })
  t.equal((await postTokenRequest(sandbox.url, await signAssertion(sandbox, { purpose: 'istat-surveys' }))).status, 200)
})

t.test('only the producer of the e-service calls back', async (t) => {
  const interactionId = await started()
  const other = await readKeyPair(keychainKeyPath(stateDir, sandbox.idOf('tenants', 'citta-metropolitana-di-firenze')))
  t.match(await refused(t, await ask(await callbackAssertion({ interactionId }, other)), 400), { code: '0020' })
  const foreign = keychainId(sandbox.idOf('tenants', 'citta-metropolitana-di-firenze'))
  t.match(await refused(t, await ask(await callbackAssertion({ interactionId, sub: foreign }, other)), 400), { code: '0020' })
  const client = sandbox.idOf('clients', 'istat')
  t.match(await refused(t, await ask(await callbackAssertion({ interactionId, sub: client }, await sandbox.keyOf('istat'))), 400), { code: '0020' })
  t.match(await refused(t, await ask(await callbackAssertion({ interactionId }, { ...other, kid: keychain.kid })), 500), { code: '0003', failures: [{ code: '0033' }] })
  t.match(await refused(t, await ask(await callbackAssertion({ interactionId, entityNumber: 11 })), 400), { code: '0023' })
  t.equal((await ask(await callbackAssertion({ interactionId, entityNumber: 10 }))).status, 200)
  t.equal((await ask(await callbackAssertion({ interactionId }))).status, 200, 'it may call back again')
})

t.test('only the client that started goes on', async (t) => {
  const interactionId = await started()
  t.match(await refused(t, await ask(await assertionFor({ scope: 'get_resource', interactionId })), 400), { code: '0019' }, 'not before the callback')
  await ask(await callbackAssertion({ interactionId }))
  for (const scope of ['get_resource', 'confirmation']) {
    t.match(await refused(t, await ask(await assertionFor({ scope, interactionId: randomUUID() })), 400), { code: '0018' })
    t.match(await refused(t, await ask(await assertionFor({ scope, interactionId }, { client: 'regione-lombardia' })), 400), { code: '0029' })
    t.match(await refused(t, await ask(await assertionFor({ scope, interactionId }, { key: keychain })), 500), { code: '0003' })
  }
  t.equal((await ask(await assertionFor({ scope: 'confirmation', interactionId }))).status, 200, 'a confirmation may follow the callback at once')
  t.match(await refused(t, await ask(await callbackAssertion({ interactionId })), 400), { code: '0019' }, 'nothing is called back after it')
})

t.test('a confirmation is taken only where the e-service says so', async (t) => {
  const other = await start(t, withTickets(demo, { confirmation: false }))
  const interactionId = await started(other)
  await ask(await callbackAssertion({ interactionId }), other)
  t.match(await refused(t, await ask(await assertionFor({ scope: 'confirmation', interactionId }), other), 400, other), { code: '0028' })
  t.equal((await ask(await assertionFor({ scope: 'get_resource', interactionId }), other)).status, 200)
})

t.test('the times of the e-service bind, to the second', async (t) => {
  const interactionId = await started()
  const late = await started()
  clock.now = testTime + 59_999
  t.equal((await ask(await callbackAssertion({ interactionId }))).status, 200)
  clock.now = testTime + 60_000
  t.match(await refused(t, await ask(await callbackAssertion({ interactionId: late })), 400), { code: '0022' })
  clock.now = testTime + 59_000 + 119_999
  t.equal((await ask(await assertionFor({ scope: 'get_resource', interactionId }))).status, 200)
  clock.now = testTime + 59_000 + 120_000
  for (const scope of ['get_resource', 'confirmation']) t.match(await refused(t, await ask(await assertionFor({ scope, interactionId })), 400), { code: '0027' })
  clock.now = testTime + 480_000
  t.match(await refused(t, await ask(await assertionFor({ scope: 'get_resource', interactionId })), 400), { code: '0018' }, 'and then it is forgotten')
})

t.test('a refused request changes nothing of the interaction', async (t) => {
  const interactionId = await started()
  await refused(t, await ask(await callbackAssertion({ interactionId, entityNumber: 11 })), 400)
  t.match(await refused(t, await ask(await assertionFor({ scope: 'get_resource', interactionId })), 400), { code: '0019' })
})

t.test('a voucher is bound to the key of the proof, and a proof is used up by a request that fails later', async (t) => {
  const proof = makeProof(sandbox.url)
  const response = await ask(await assertionFor({ scope: 'start_interaction' }), sandbox, { dpop: proof })
  t.match(await claimsOf(response.clone()), { cnf: { jkt: /^[\w-]{43}$/ }, scope: 'start_interaction' })
  t.match(await response.json(), { token_type: 'DPoP' })
  t.match(await refused(t, await ask(await assertionFor({ scope: 'start_interaction' }), sandbox, { dpop: proof }), 500), { code: '0012' })
  const second = makeProof(sandbox.url)
  t.match(await refused(t, await ask(await assertionFor({ scope: 'start_interaction' }, { purpose: 'istat-surveys' }), sandbox, { dpop: second }), 400), { code: '0017' })
  t.match(await refused(t, await ask(await assertionFor({ scope: 'start_interaction' }), sandbox, { dpop: second }), 500), { code: '0012' })
  t.match(await refused(t, await ask(await assertionFor({ scope: 'start_interaction' }), sandbox, { dpop: 'x' }), 500), { code: '0009' })
})

t.test('callbacks count for the producer, everything else for the consumer', async (t) => {
  const other = await startSandbox(t, { registryFile: withTickets(demo), stateDir, now: () => clock.now, voucherRate: { limit: 1, interval: 60_000 } })
  const interactionId = await started(other)
  const called = await ask(await callbackAssertion({ interactionId }), other)
  t.match([called.status, called.headers.get('x-rate-limit-remaining')], [200, '0'])
  t.equal((await ask(await assertionFor({ scope: 'get_resource', interactionId }), other)).status, 429)
  t.equal((await ask(await callbackAssertion({ interactionId }), other)).status, 429)
})

t.test('the properties of a version are checked when the registry is read', async (t) => {
  const path = join(t.testdir(), 'registry.yaml')
  const { agreements: _without, ...rest } = withTickets(demo)
  const content = { ...rest, agreements: demo.agreements.map(({ producerId: _own, ...agreement }) => agreement) }
  await writeFile(path, JSON.stringify(content))
  t.match((await readRegistryFile(path)).eservices[0]?.descriptors[0], { asyncExchangeProperties: properties })
  await writeFile(path, JSON.stringify({ ...content, eservices: withTickets(demo, { responseTime: 0, maxResultSet: 100_000 }).eservices }))
  await t.rejects(readRegistryFile(path), { message: /asyncExchangeProperties\.responseTime: must be >= 1[\s\S]*maxResultSet: must be <= 99999/ })
})
