import { createLocalJWKSet, jwtVerify } from 'jose'
import type { JSONWebKeySet } from 'jose'
import { pino } from 'pino'
import t from 'tap'
import type { Test } from 'tap'
import { postTokenRequest, signAssertion, startSandbox, testSeconds, testTime } from './sandbox-fixture.ts'
import type { AssertionChanges } from './sandbox-fixture.ts'

const sandbox = await startSandbox(t)
const sanitised = {
  type: 'about:blank',
  status: 400,
  title: 'The request contains bad syntax or cannot be fulfilled.',
  detail: 'Bad request',
  errors: [{ code: '015-0008', detail: 'Unable to generate a token for the given request' }]
}

interface Reason { code: string, detail?: string, failures: { code: string, detail?: string }[] }
interface Recorded { outcome: string, reason: Reason }

async function recorded (correlationId: string): Promise<Recorded> {
  return await (await fetch(`${sandbox.url}/debug/token-requests/${correlationId}`)).json() as Recorded
}

/** Asserts the platform's silent refusal and returns the reason that only the debug endpoint tells. */
async function refusedReason (test: Test, assertion: string, fields: Record<string, string | undefined> = {}) {
  const response = await postTokenRequest(sandbox.url, assertion, fields)
  const { correlationId, ...problem } = await response.json() as { correlationId: string }
  test.equal(response.status, 400)
  test.equal(response.headers.get('content-type'), 'application/problem+json; charset=utf-8')
  test.strictSame(problem, sanitised, 'the answer does not say why')
  test.equal(response.headers.get('x-correlation-id'), correlationId)
  const { outcome, reason } = await recorded(correlationId)
  test.equal(outcome, 'refused')
  return reason
}

t.test('a valid assertion gets a voucher with exactly the platform\'s header and claims', async (t) => {
  const digest = { alg: 'SHA256', value: 'A'.repeat(64) }
  const response = await postTokenRequest(sandbox.url, await signAssertion(sandbox, { payload: { digest } }))
  const { access_token: voucher, ...rest } = await response.json() as { access_token: string }
  t.equal(response.status, 200)
  t.strictSame(rest, { token_type: 'Bearer', expires_in: 600 })
  t.equal(response.headers.get('cache-control'), 'no-store')
  const jwks = await (await fetch(`${sandbox.url}/.well-known/jwks.json`)).json() as JSONWebKeySet
  const currentDate = new Date(testTime)
  const { payload, protectedHeader } = await jwtVerify(voucher, createLocalJWKSet(jwks), { currentDate })
  t.strictSame(protectedHeader, { alg: 'RS256', use: 'sig', typ: 'at+jwt', kid: jwks.keys[0]?.kid })
  const { jti, ...claims } = payload
  t.match(jti, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  const eservice = sandbox.file.eservices.find(({ alias }) => alias === 'tickets')
  t.strictSame(claims, {
    iss: 'sandbox.varco.localhost',
    aud: 'https://api.comune.milano.example.it/rest/tickets/v1',
    sub: sandbox.idOf('clients', 'istat'),
    client_id: sandbox.idOf('clients', 'istat'),
    iat: testSeconds,
    nbf: testSeconds,
    exp: testSeconds + 600,
    purposeId: sandbox.idOf('purposes', 'istat-tickets'),
    producerId: sandbox.idOf('tenants', 'comune-di-milano'),
    consumerId: sandbox.idOf('tenants', 'istat'),
    eserviceId: eservice?.id,
    descriptorId: eservice?.descriptors[0]?.id,
    digest
  })
})

t.test('the key set holds one public RSA key and nothing private', async (t) => {
  const { keys } = await (await fetch(`${sandbox.url}/.well-known/jwks.json`)).json() as JSONWebKeySet
  t.equal(keys.length, 1)
  t.strictSame(Object.keys(keys[0] ?? {}).toSorted(), ['alg', 'e', 'kid', 'kty', 'n', 'use'])
})

t.test('a Deprecated descriptor still gets vouchers', async (t) => {
  const assertion = await signAssertion(sandbox, { client: 'comune-di-bologna', purpose: 'comune-di-bologna-surveys' })
  t.equal((await postTokenRequest(sandbox.url, assertion)).status, 200)
})

const istat = sandbox.idOf('clients', 'istat')
const other = '11111111-2222-4333-8444-555555555555'
const bologna = await sandbox.keyOf('comune-di-bologna')
const claimCases: Record<string, AssertionChanges> = {
  '0004': { payload: { aud: 'auth.interop.pagopa.it/client-assertion' } },
  '0005': { payload: { aud: undefined } },
  '0008': { payload: { jti: undefined } },
  '0009': { payload: { iat: undefined } },
  '0010': { payload: { exp: undefined } },
  '0011': { payload: { iss: undefined } },
  '0012': { payload: { sub: undefined } },
  '0014': { payload: { purposeId: 'tickets' } },
  '0015': { header: { kid: undefined } },
  '0024': { payload: { sub: 'istat' } },
  '0025': { payload: { digest: { alg: 'SHA256', value: 'a'.repeat(64), more: 'x' } } },
  '0026': { payload: { digest: { alg: 'SHA256', value: 'a'.repeat(63) } } },
  '0027': { payload: { digest: { alg: 'SHA-256', value: 'a'.repeat(64) } } },
  '0029': { header: { alg: 'RS384' } },
  '0031': { header: { kid: 'my-key' } },
  '0032': { payload: { nbf: testSeconds } }
}
for (const [code, changes] of Object.entries(claimCases)) {
  t.test(`claims that fail with ${code} are refused in silence, told to the debugger`, async (t) => {
    const reason = await refusedReason(t, await signAssertion(sandbox, changes))
    t.equal(reason.code, '0002')
    t.strictSame(reason.failures.map((each) => each.code), [code])
  })
}

t.test('several wrong claims are told together', async (t) => {
  const changes = { payload: { jti: undefined, aud: 'x' }, header: { x5c: [] } }
  const { failures } = await refusedReason(t, await signAssertion(sandbox, changes))
  t.strictSame(failures.map(({ code }) => code), ['0008', '0004', '0032'])
})

const signed = await signAssertion(sandbox)
const [header, payload] = signed.split('.')
const formCases: readonly (readonly [string, string, Record<string, string | undefined>?])[] = [
  ['0002', signed, { client_assertion_type: 'jwt-bearer' }],
  ['0006', 'not-a-jws'],
  ['0006', `${header}.bm8ganNvbg.AA`],
  ['0007', `!.${payload}.AA`],
  ['0013', signed, { client_id: other }],
  ['0018', `${header}.${payload}.a!b`],
  ['0028', `${Buffer.from(JSON.stringify({ kid: bologna.kid })).toString('base64url')}.${payload}.AA`]
]
for (const [code, assertion, fields] of formCases) {
  t.test(`a request that fails with ${code} for its form (${assertion.slice(0, 12)}) is refused`, async (t) => {
    const { failures } = await refusedReason(t, assertion, fields)
    t.strictSame(failures.map((each) => each.code), [code])
  })
}

t.test('claims nested deep enough to break who writes them out are refused, and the debugger survives', async (t) => {
  const nested = `{"digest":${'['.repeat(20_000)}${']'.repeat(20_000)}}`
  const { failures } = await refusedReason(t, `${header}.${Buffer.from(nested).toString('base64url')}.AA`)
  t.strictSame(failures.map(({ code }) => code), ['0007'])
  t.equal((await fetch(`${sandbox.url}/debug/token-requests`)).status, 200)
})

const signatureCases: Record<string, AssertionChanges> = {
  '0017': { payload: { exp: testSeconds } },
  '0033': { key: bologna }
}
for (const [code, changes] of Object.entries(signatureCases)) {
  t.test(`an assertion that fails with ${code} is refused by the signature step`, async (t) => {
    const reason = await refusedReason(t, await signAssertion(sandbox, changes))
    t.equal(reason.code, '0003')
    t.strictSame(reason.failures.map((each) => each.code), [code])
  })
}

const unlinkedCases: Record<string, [AssertionChanges, RegExp]> = {
  'an unknown client': [{ payload: { sub: other } }, /no client/],
  'the key of another client': [{ header: { kid: bologna.kid } }, /no key with the kid/],
  'the purpose of another consumer': [{ purpose: 'regione-lombardia-tickets' }, /not linked/]
}
for (const [what, [changes, detail]] of Object.entries(unlinkedCases)) {
  t.test(`${what} is refused as not linked on the platform`, async (t) => {
    const reason = await refusedReason(t, await signAssertion(sandbox, changes))
    t.equal(reason.code, '0006')
    t.match(reason.detail, detail)
  })
}

const stateCases: readonly (readonly [string, string, string])[] = [
  ['0020', 'regione-lombardia', 'regione-lombardia-surveys'],
  ['0020', 'comune-di-bologna', 'comune-di-bologna-tickets'],
  ['0021', 'regione-toscana', 'regione-toscana-sla-telemetry'],
  ['0021', 'comune-di-prato', 'comune-di-prato-surveys'],
  ['0022', 'comune-di-scandicci', 'comune-di-scandicci-tickets']
]
for (const [code, client, purpose] of stateCases) {
  t.test(`${purpose} gets no voucher, with reason ${code}`, async (t) => {
    const reason = await refusedReason(t, await signAssertion(sandbox, { client, purpose }))
    t.equal(reason.code, '0008')
    t.strictSame(reason.failures.map((each) => each.code), [code])
  })
}

t.test('a consumer client that names no purpose is refused with reason 0030', async (t) => {
  const { failures } = await refusedReason(t, await signAssertion(sandbox, { payload: { purposeId: undefined } }))
  t.strictSame(failures.map(({ code }) => code), ['0030'])
})

t.test('a form that is not a token request is answered openly, field by field', async (t) => {
  const fields = { client_assertion: undefined, grant_type: 'password', client_id: 'istat' }
  const response = await postTokenRequest(sandbox.url, '', fields)
  const problem = await response.json() as { correlationId: string, detail: string, errors: { detail: string }[] }
  t.equal(response.status, 400)
  t.equal(problem.detail, 'Incorrect value for body')
  t.strictSame(problem.errors.map(({ detail }) => detail),
    ['client_assertion: required', 'client_id: must be a UUID', 'grant_type: must be client_credentials'])
  t.equal((await recorded(problem.correlationId)).outcome, 'malformed')
})

const form = { 'content-type': 'application/x-www-form-urlencoded' }

t.test('a repeated field is not guessed at', async (t) => {
  const twice = `client_assertion=${signed}&client_assertion=${signed}`
  const body = `${twice}&client_assertion_type=x&grant_type=client_credentials`
  const response = await fetch(`${sandbox.url}/token.oauth2`, { method: 'POST', headers: form, body })
  t.equal(response.status, 400)
  t.match(await response.text(), 'client_assertion: sent more than once')
})

t.test('a JSON body is 415, a body above 64 KiB 413', async (t) => {
  const json = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' }
  t.equal((await fetch(`${sandbox.url}/token.oauth2`, json)).status, 415)
  t.equal((await postTokenRequest(sandbox.url, 'a'.repeat(64 * 1024))).status, 413)
})

t.test('client_id may be sent when it is the subject', async (t) => {
  t.equal((await postTokenRequest(sandbox.url, signed, { client_id: istat })).status, 200)
})

t.test('a purpose without an agreement is the platform\'s 500', async (t) => {
  const { file, stateDir } = sandbox
  const withoutAgreement = await startSandbox(t, { stateDir, registryFile: { ...file, agreements: [] } })
  const fault = await postTokenRequest(withoutAgreement.url, signed)
  t.equal(fault.status, 500)
  t.match(await fault.json(), { type: 'internalServerError', errors: [{ code: '015-0000' }] })
})

t.test('the log says what became of a request and nothing of the assertion', async (t) => {
  const lines: string[] = []
  const logger = pino({ level: 'trace' }, { write: (line: string) => { lines.push(line) } })
  const logged = await startSandbox(t, { stateDir: sandbox.stateDir, logger })
  await postTokenRequest(logged.url, signed)
  await postTokenRequest(logged.url, await signAssertion(sandbox, { payload: { exp: 1 } }))
  await fetch(`${logged.url}/token.oauth2?client_assertion=${signed}`)
  const text = lines.join('')
  t.match(text, '"outcome":"issued"')
  t.match(text, '"reason":"clientAssertionSignatureValidationFailed"')
  for (const part of signed.split('.')) t.notOk(text.includes(part))
})
