import { createPublicKey } from 'node:crypto'
import t from 'tap'
import type { Test } from 'tap'
import type { JsonObject } from '../openapi/document.ts'
import { thumbprintOf } from '../policies/jwk.ts'
import { clientKey, otherClientKey, signMessage } from '../policies/signature-fixture.ts'
import { startGateway } from './harness/gateway.ts'
import type { Harness } from './harness/gateway.ts'
import { archiveContract, audience, ids } from './harness/platform.ts'
import { checkNextServed, checkProblem } from './harness/refusal.ts'
import type { WireAnswer } from './harness/wire.ts'
import { json, notFound, startPlatform, writeClientKey } from './pdnd/platform-fixture.ts'
import type { TestPlatform } from './pdnd/platform-fixture.ts'

const now = Date.parse('2026-03-02T10:00:00Z')
const item = Buffer.from('{"name":"Ciao mondo"}')
const jwk = { ...createPublicKey(clientKey.privateKey).export({ format: 'jwk' }) }
const kid = thumbprintOf(jwk)
const signedContract = (patterns: readonly string[]): JsonObject => ({ ...archiveContract, 'x-modi': { patterns } })

/** A gateway whose contract demands signatures, and the platform on which the key of its caller is deposited. */
async function start (t: Test) {
  const platform = await startPlatform(t)
  platform.now = now
  platform.answer = json({ clientId: ids.client, jwk: { ...jwk, kid, use: 'sig', alg: 'whatever' } })
  const privateKey = await writeClientKey(t)
  const gateway = await startGateway(t, {
    now,
    contract: signedContract(['INTEGRITY_REST_02']),
    config: (config) => ({ ...config, pdnd: { ...config.pdnd, apiBase: platform.origin, tokenUrl: platform.environment.tokenUrl, api: { version: 'v2', clientId: ids.client, privateKey } } })
  })
  return { gateway, platform }
}

async function send (gateway: Harness, header: object = {}, key = clientKey): Promise<WireAnswer> {
  const headers = signMessage(item, { clientId: ids.client, audience, now: gateway.clock.now }, { header: { kid, ...header }, key })
  return gateway.raw(gateway.request('/items', { method: 'POST', headers: { 'Content-Length': String(item.length), ...headers }, body: item }))
}

const tellDeleted = (platform: TestPlatform): void => {
  platform.answer = (request, response) => {
    const events = request.url?.includes('lastEventId') ? [] : [{ id: '01930000-0000-7000-8000-000000000001', eventType: 'CLIENT_KEY_DELETED', kid }]
    return (request.url?.includes('/keyEvents') ? json({ events }) : notFound)(request, response)
  }
}

t.test('a message is known by the key that its client deposited, asked for once', async (t) => {
  const { gateway, platform } = await start(t)
  for (let time = 0; time < 3; time++) t.equal((await send(gateway)).status, 200, 'by a key that its client deposited: admitted')
  t.strictSame(platform.asked, [`/v2/keys/${kid}`])
  t.equal((await send(gateway, {}, otherClientKey)).status, 401)
})

t.test('a key that was deleted stops working with the next reading of the events', async (t) => {
  const { gateway, platform } = await start(t)
  t.equal((await send(gateway)).status, 200)
  tellDeleted(platform)
  t.equal((await send(gateway)).status, 200, 'not told yet')
  await gateway.takeRecords(2)
  await gateway.gateway.trust.feed?.read()
  const served = gateway.upstream.requests.length
  const refused = await send(gateway)
  t.equal(refused.json.code, 'signature-unverifiable', 'by a key that was deleted: signature-unverifiable')
  await checkProblem(t, gateway, refused, { status: 401, code: 'signature-unverifiable' })
  t.equal(gateway.upstream.requests.length, served)
})

t.test('a key that cannot be asked for is no answer about the caller: 503, later', async (t) => {
  const { gateway, platform } = await start(t)
  platform.answer = json({}, 500)
  const answer = await send(gateway)
  t.equal(answer.json.code, 'trust-source-unavailable', 'by a key that cannot be asked for: trust-source-unavailable')
  await checkProblem(t, gateway, answer, { status: 503, code: 'trust-source-unavailable' })
  t.match(answer.headers['retry-after'], /^\d+$/)
  t.equal(gateway.upstream.requests.length, 0)
  platform.answer = json({ clientId: ids.client, jwk })
  gateway.clock.now += 60_000
  t.equal((await send(gateway)).status, 200)
})

t.test('10000 invented kids cause a bounded number of questions; the known client is served meanwhile', async (t) => {
  const { gateway, platform } = await start(t)
  t.equal((await send(gateway)).status, 200)
  platform.answer = notFound
  const { clientKeys } = gateway.gateway.trust
  const invented = Array.from({ length: 10_000 }, (_, index) => String(index).padStart(43, 'x'))
  await Promise.all(invented.map(async (one) => clientKeys.find(one)))
  t.ok(platform.asked.length <= 21, `${platform.asked.length} questions`)
  t.equal((await send(gateway)).status, 200)
  t.equal((await send(gateway, { kid: 'y'.repeat(43) })).status, 503, 'over the limit nothing is decided')
})

for (const pattern of ['INTEGRITY_REST_02', 'AUDIT_REST_01', 'AUDIT_REST_02']) {
  t.test(`a contract that demands ${pattern} does not go live without a client of the interop API`, async (t) => {
    const contract = signedContract([pattern])
    const message = 'e-service "archive": operation "listItems" demands a signature that is known by a key on the platform (INTEGRITY_REST_02, AUDIT_REST_01, AUDIT_REST_02): configure pdnd.api'
    await t.rejects(startGateway(t, { contract, config: (usual) => ({ ...usual, pdnd: { ...usual.pdnd, api: undefined } }) }), { message: new RegExp(`^${message.replaceAll(/[().]/g, '\\$&')}`) })
    await t.resolves(startGateway(t, { contract }))
  })
}

t.test('no key and no voucher is told, neither to callers nor in the log', async (t) => {
  const { gateway, platform } = await start(t)
  const answers = [await send(gateway)]
  platform.answer = json({ clientId: ids.client, jwk: { ...jwk, d: 'AQAB' } })
  answers.push(await send(gateway, { kid: 'y'.repeat(43) }))
  await checkNextServed(t, gateway)
  t.ok(gateway.logs.some((line) => String(line['message']).includes('secret members')))
  t.notMatch(JSON.stringify([gateway.logs, answers]), new RegExp(`PRIVATE KEY|${String(jwk.n)}|voucher-1`))
})
