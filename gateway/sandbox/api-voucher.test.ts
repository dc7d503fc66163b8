import { calculateJwkThumbprint, createLocalJWKSet, jwtVerify } from 'jose'
import type { JSONWebKeySet } from 'jose'
import t from 'tap'
import { makeProof, makeProofKey } from './proof-fixture.ts'
import { postTokenRequest, signAssertion, startSandbox, testSeconds, testTime } from './sandbox-fixture.ts'

const sandbox = await startSandbox(t)
const client = 'comune-di-milano-api'
const unnamed = { client, payload: { purposeId: undefined } }
const jwks = createLocalJWKSet(await (await fetch(`${sandbox.url}/.well-known/jwks.json`)).json() as JSONWebKeySet)

async function ask (headers: Record<string, string> = {}) {
  const response = await postTokenRequest(sandbox.url, await signAssertion(sandbox, unnamed), {}, headers)
  const { access_token: voucher, ...rest } = await response.json() as { access_token: string }
  t.equal(response.status, 200)
  t.strictSame(response.headers.get('x-rate-limit-limit'), '100')
  const { payload: { jti, ...claims }, protectedHeader } = await jwtVerify(voucher, jwks, { currentDate: new Date(testTime) })
  t.match(protectedHeader, { alg: 'RS256', use: 'sig', typ: 'at+jwt' })
  t.match(jti, /^[0-9a-f-]{36}$/)
  return { claims, rest }
}

const claims = {
  iss: 'sandbox.varco.localhost',
  aud: 'sandbox.varco.localhost/m2m',
  sub: sandbox.idOf('clients', client),
  client_id: sandbox.idOf('clients', client),
  iat: testSeconds,
  nbf: testSeconds,
  exp: testSeconds + 600,
  organizationId: sandbox.idOf('tenants', 'comune-di-milano'),
  role: 'm2m'
}

t.test('a client of kind Api gets a voucher for the interop API, with exactly the platform\'s claims', async (t) => {
  t.strictSame(await ask(), { claims, rest: { token_type: 'Bearer', expires_in: 600 } })
})

t.test('with a proof it is bound to the key of the proof', async (t) => {
  const key = makeProofKey()
  const cnf = { jkt: await calculateJwkThumbprint(key.jwk) }
  const bound = await ask({ DPoP: makeProof(sandbox.url, { key }) })
  t.strictSame(bound, { claims: { ...claims, cnf }, rest: { token_type: 'DPoP', expires_in: 600 } })
})

t.test('a digest does not enter a voucher for the interop API', async (t) => {
  const digest = { alg: 'SHA256', value: 'a'.repeat(64) }
  const assertion = await signAssertion(sandbox, { client, payload: { purposeId: undefined, digest } })
  const { access_token: voucher } = await (await postTokenRequest(sandbox.url, assertion)).json() as { access_token: string }
  t.notOk('digest' in (await jwtVerify(voucher, jwks, { currentDate: new Date(testTime) })).payload)
})

t.test('it is linked to no purpose, even if the registry says so', async (t) => {
  const { file, stateDir } = sandbox
  const clients = file.clients.map((each) => each.alias === 'istat' ? { ...each, kind: 'Api' as const } : each)
  const other = await startSandbox(t, { stateDir, registryFile: { ...file, clients } })
  const assertions = [
    await signAssertion(sandbox, { client }),
    await signAssertion(sandbox, { client: 'istat' })
  ]
  for (const assertion of assertions) {
    const response = await postTokenRequest(other.url, assertion)
    const { correlationId } = await response.json() as { correlationId: string }
    t.equal(response.status, 400)
    const recorded = await (await fetch(`${other.url}/debug/token-requests/${correlationId}`)).json()
    t.match(recorded, { reason: { code: '0006', detail: /is not linked to the client/ } })
  }
})
