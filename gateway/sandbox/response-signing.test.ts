import { createHash } from 'node:crypto'
import { createLocalJWKSet, jwtVerify } from 'jose'
import type { JSONWebKeySet } from 'jose'
import t from 'tap'
import type { Test } from 'tap'
import { apiCaller, getJson } from './interop-fixture.ts'
import type { ApiResult } from './interop-fixture.ts'
import { startSandbox, testSeconds, testTime } from './sandbox-fixture.ts'

const sandbox = await startSandbox(t)
const v3 = await apiCaller(sandbox, 'v3')
const jwks = await (await fetch(`${sandbox.url}/.well-known/jwks.json`)).json() as JSONWebKeySet

async function checkSignature (t: Test, { headers, bytes }: ApiResult): Promise<string> {
  const digest = `SHA-256=${createHash('sha256').update(bytes).digest('base64')}`
  t.equal(headers.get('digest'), digest, 'the digest is of the bytes that were sent')
  const currentDate = new Date(testTime)
  const { payload, protectedHeader } = await jwtVerify(headers.get('agid-jwt-signature')!, createLocalJWKSet(jwks), { currentDate, typ: 'at+jwt' })
  t.strictSame(protectedHeader, { alg: 'RS256', use: 'sig', typ: 'at+jwt', kid: jwks.keys[0]?.kid })
  const { jti, ...claims } = payload
  const signed = [{ digest }, { 'x-correlation-id': headers.get('x-correlation-id') }, { 'content-type': headers.get('content-type') }]
  t.strictSame(claims, { iss: 'sandbox.varco.localhost', iat: testSeconds, exp: testSeconds + 100, signed_headers: signed })
  return String(jti)
}

t.test('every answer of v3 is signed, each on its own, refusals too', async (t) => {
  const { url } = sandbox
  const answers: [number, ApiResult][] = [
    [200, await v3(`/tenants/${sandbox.idOf('tenants', 'comune-di-prato')}`)],
    [200, await v3('/purposes?offset=0&limit=50')],
    [200, await v3('/keyEvents?limit=1')],
    [400, await v3('/purposes')],
    [404, await v3('/keys/none')],
    [404, await v3('/none')],
    [400, await getJson(`${url}/v3/keyEvents`)],
    [401, await getJson(`${url}/v3/keyEvents`, { authorization: 'DPoP voucher', dpop: 'proof' })],
    [403, await getJson(`${url}/v3/keyEvents`, { origin: 'https://attacker.example' })]
  ]
  const jtis = new Set<string>()
  for (const [status, answer] of answers) {
    t.equal(answer.status, status)
    jtis.add(await checkSignature(t, answer))
  }
  t.equal(jtis.size, answers.length)
})

t.test('v2 and the rest are not signed', async (t) => {
  const v2 = await apiCaller(sandbox, 'v2')
  for (const answer of [await v2('/keyEvents?limit=1'), await getJson(`${sandbox.url}/status`)]) {
    t.equal(answer.headers.get('digest'), null)
    t.equal(answer.headers.get('agid-jwt-signature'), null)
  }
})
