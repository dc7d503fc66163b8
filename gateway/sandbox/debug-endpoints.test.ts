import { createLocalJWKSet, decodeJwt, jwtVerify } from 'jose'
import type { JSONWebKeySet } from 'jose'
import t from 'tap'
import { postJson, postTokenRequest, signAssertion, startSandbox, testSeconds, testTime } from './sandbox-fixture.ts'

const sandbox = await startSandbox(t)
const validate = `${sandbox.url}/tools/validateTokenGeneration`
const vouchers = `${sandbox.url}/debug/vouchers`

t.test('token requests are remembered newest first, a hundred of them', async (t) => {
  const assertion = await signAssertion(sandbox)
  await postTokenRequest(sandbox.url, assertion)
  for (let count = 0; count < 100; count++) await postTokenRequest(sandbox.url, 'not-a-jws')
  const issued = await postTokenRequest(sandbox.url, assertion)
  const list = await fetch(`${sandbox.url}/debug/token-requests`)
  const { tokenRequests } = await list.json() as { tokenRequests: any[] }
  t.equal(tokenRequests.length, 100)
  t.match(tokenRequests[0], { outcome: 'issued', status: 200, correlationId: issued.headers.get('x-correlation-id') })
  t.strictSame(new Set(tokenRequests.slice(1).map(({ outcome }) => outcome)), new Set(['refused']))
})

t.test('what is remembered holds no signature and no voucher', async (t) => {
  const assertion = await signAssertion(sandbox)
  const answer = await postTokenRequest(sandbox.url, assertion)
  const { access_token: voucher } = await answer.json() as { access_token: string }
  const remembered = await (await fetch(`${sandbox.url}/debug/token-requests`)).text()
  const tool = JSON.stringify((await postJson(validate, { client_assertion: assertion })).body)
  for (const secret of [assertion, voucher]) {
    for (const output of [remembered, tool]) t.notOk(output.includes(secret.split('.')[2]!.slice(0, 40)))
    t.notOk(remembered.includes(secret.split('.')[1]!))
  }
  t.match(remembered, decodeJwt(voucher).jti)
})

t.test('an unknown correlation id is 404', async (t) => {
  t.equal((await fetch(`${sandbox.url}/debug/token-requests/none`)).status, 404)
})

t.test('the tool passes every step of a valid assertion and names the e-service', async (t) => {
  const { status, body } = await postJson(validate, { client_assertion: await signAssertion(sandbox) })
  t.equal(status, 200)
  t.equal(body.valid, true)
  t.strictSame(body.steps.map(({ result }: { result: string }) => result), Array(5).fill('PASSED'))
  t.match(body.eservice, { id: sandbox.idOf('eservices', 'tickets'), version: 1 })
})

t.test('the tool lists every failure of every step, with code and explanation', async (t) => {
  const assertion = await signAssertion(sandbox, {
    client: 'regione-lombardia',
    purpose: 'regione-lombardia-surveys',
    payload: { jti: undefined, nbf: testSeconds + 60 }
  })
  const parameters = { grant_type: 'password', client_id: 'lombardia' }
  const { body } = await postJson(validate, { client_assertion: assertion, ...parameters })
  const codesOf = (refusal: any) => refusal?.failures.map(({ code }: any) => code)
  const codes = body.steps.map(({ name, result, refusal }: any) => [name, result, codesOf(refusal)])
  t.equal(body.valid, false)
  t.strictSame(codes, [
    ['requestParametersValidation', 'FAILED', ['0003']],
    ['clientAssertionValidation', 'FAILED', ['0008', '0023', '0032']],
    ['publicKeyRetrieve', 'PASSED', undefined],
    ['clientAssertionSignatureVerification', 'FAILED', ['0019']],
    ['platformStatesVerification', 'FAILED', ['0020']]
  ])
  const failures = body.steps.flatMap(({ refusal }: any) => refusal?.failures ?? [])
  for (const { explanation } of failures) t.match(explanation, /^[A-Za-z].*\.$/)
})

t.test('the tool skips what cannot be checked', async (t) => {
  const { body } = await postJson(validate, { client_assertion: 'not-a-jws' })
  const results = body.steps.map(({ result }: { result: string }) => result)
  t.strictSame(results, ['PASSED', 'FAILED', 'SKIPPED', 'SKIPPED', 'SKIPPED'])
})

t.test('a voucher can be had for a suspended purpose, as if it had been issued before', async (t) => {
  const { body } = await postJson(vouchers, { client: 'regione-lombardia', purpose: 'regione-lombardia-surveys' })
  const jwks = await (await fetch(`${sandbox.url}/.well-known/jwks.json`)).json() as JSONWebKeySet
  const { payload } = await jwtVerify(body.access_token, createLocalJWKSet(jwks), { currentDate: new Date(testTime) })
  t.equal(payload.purposeId, sandbox.idOf('purposes', 'regione-lombardia-surveys'))
  t.equal(payload.exp, testSeconds + 600)
  t.strictSame(payload, body.claims)
})

t.test('an expired voucher was issued before it expired', async (t) => {
  const { body } = await postJson(vouchers, { client: 'istat', purpose: 'istat-tickets', expiresIn: -10 })
  t.match(body.claims, { iat: testSeconds - 610, nbf: testSeconds - 610, exp: testSeconds - 10 })
})

t.test('claims can be replaced, added and taken out', async (t) => {
  const claims = { aud: ['a', 'b'], producerId: null, extra: true }
  const client = sandbox.idOf('clients', 'istat')
  const { body } = await postJson(vouchers, { client, purpose: 'istat-tickets', claims })
  const payload = decodeJwt(body.access_token)
  t.match(payload, { aud: ['a', 'b'], extra: true })
  t.notOk('producerId' in payload)
})

t.test('a name that leads nowhere is answered with the one that was meant', async (t) => {
  const wrong = await postJson(vouchers, { client: 'istta', purpose: 'istat-tickets' })
  t.equal(wrong.status, 400)
  t.match(wrong.body.detail, /no client is called "istta"\. Did you mean "istat"\?/)
  t.equal((await postJson(vouchers, { client: 'istat', purpose: 'istat-tickets', expiresIn: '600' })).status, 400)
  t.equal((await postJson(vouchers, { client: 'istat', purpose: 'istat-tickets', claim: {} })).status, 400)
})
