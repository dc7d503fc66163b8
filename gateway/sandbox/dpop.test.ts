import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import { calculateJwkThumbprint, createLocalJWKSet, decodeJwt, errors, jwtVerify } from 'jose'
import type { JSONWebKeySet } from 'jose'
import t from 'tap'
import type { Test } from 'tap'
import { makeProof, makeProofKey } from './proof-fixture.ts'
import type { ProofChanges } from './proof-fixture.ts'
import { proofSignatureFailure } from './proof-signature.ts'
import { postJson, postTokenRequest, signAssertion, startSandbox, testSeconds, testTime } from './sandbox-fixture.ts'

let now = testTime
t.afterEach(() => { now = testTime })
const sandbox = await startSandbox(t, { now: () => now })
const assertion = await signAssertion(sandbox, { payload: { exp: testSeconds + 600 } })
const key = makeProofKey()
const prove = (changes?: ProofChanges): string => makeProof(sandbox.url, { key, ...changes })

async function ask (proof: string, signed = assertion, url = sandbox.url): Promise<Response> {
  return postTokenRequest(url, signed, {}, { DPoP: proof })
}

interface Reason { code: string, name: string, failures: { code: string, name: string, detail?: string }[] }

interface Recorded { outcome: string, reason: Reason, proofClaims?: object }

async function recorded (correlationId: string): Promise<Recorded> {
  return await (await fetch(`${sandbox.url}/debug/token-requests/${correlationId}`)).json() as Recorded
}

/** Asserts the platform's silent refusal and returns the reason that only the debug endpoint tells. */
async function refusedReason (t: Test, proof: string, signed?: string): Promise<Reason> {
  const response = await ask(proof, signed)
  const { correlationId, ...problem } = await response.json() as { correlationId: string }
  t.equal(response.status, 400)
  t.strictSame(problem, {
    type: 'about:blank',
    status: 400,
    title: 'The request contains bad syntax or cannot be fulfilled.',
    detail: 'Bad request',
    errors: [{ code: '015-0008', detail: 'Unable to generate a token for the given request' }]
  }, 'the answer does not say why')
  const { outcome, reason } = await recorded(correlationId)
  t.equal(outcome, 'refused')
  return reason
}

for (const [alg, proofKey] of [['ES256', key], ['RS256', makeProofKey(2048)]] as const) {
  t.test(`a proof signed with ${alg} gets a voucher bound to its key, with exactly the platform's header and claims`, async (t) => {
    const response = await ask(prove({ key: proofKey }))
    const { access_token: voucher, ...rest } = await response.json() as { access_token: string }
    t.equal(response.status, 200)
    t.strictSame(rest, { token_type: 'DPoP', expires_in: 600 })
    const jwks = await (await fetch(`${sandbox.url}/.well-known/jwks.json`)).json() as JSONWebKeySet
    const currentDate = new Date(testTime)
    const { payload, protectedHeader } = await jwtVerify(voucher, createLocalJWKSet(jwks), { currentDate })
    t.strictSame(protectedHeader, { alg: 'RS256', use: 'sig', typ: 'at+jwt', kid: jwks.keys[0]?.kid })
    const { cnf, jti, ...claims } = payload
    t.strictSame(cnf, { jkt: await calculateJwkThumbprint(proofKey.jwk) })
    const bearer = await (await postTokenRequest(sandbox.url, assertion)).json() as { access_token: string }
    const { jti: otherJti, ...unbound } = decodeJwt(bearer.access_token)
    t.strictSame(claims, unbound, 'the other claims are those of a Bearer voucher, which has no cnf')
    t.not(jti, otherJti)
  })
}

t.test('a digest and a key are bound to the same voucher', async (t) => {
  const digest = { alg: 'SHA256', value: 'a'.repeat(64) }
  const response = await ask(prove(), await signAssertion(sandbox, { payload: { digest } }))
  const { access_token: voucher } = await response.json() as { access_token: string }
  t.match(decodeJwt(voucher), { digest, cnf: { jkt: await calculateJwkThumbprint(key.jwk) } })
})

const weak = makeProofKey(1024)
const [header, payload] = prove().split('.')
const encode = (text: string): string => Buffer.from(text).toString('base64url')
const withJwk = (jwk: unknown): string => prove({ header: { jwk } })

const validationCases: readonly (readonly [string, string, string])[] = [
  ['0002', 'is no JWT', 'proof'],
  ['0002', 'is empty', ''],
  ['0002', 'has a payload that is not JSON', `${header}.${encode('no json')}.AA`],
  ['0003', 'has a header that is not JSON', `!.${payload}.AA`],
  ['0003', 'is nested too deep', `${header}.${encode(`{"jti":${'['.repeat(2000)}${']'.repeat(2000)}}`)}.AA`],
  ['0003', 'has a kid in its jwk', withJwk({ ...key.jwk, kid: 'k' })],
  ['0003', 'has a private key in its jwk', withJwk(key.privateKey.export({ format: 'jwk' }))],
  ['0003', 'has a number in its jwk', withJwk({ ...key.jwk, x: 1 })],
  ['0003', 'has a jwk without y', withJwk({ ...key.jwk, y: undefined })],
  ['0003', 'has a jwk of a symmetric key', withJwk({ kty: 'oct', k: 'AAAA' })],
  ['0003', 'has a jwk that is not an object', withJwk('jwk')],
  ['0004', 'has no jti', prove({ payload: { jti: undefined } })],
  ['0006', 'has no iat', prove({ payload: { iat: undefined } })],
  ['0007', 'has no typ', prove({ header: { typ: undefined } })],
  ['0008', 'has the typ of another JWT', prove({ header: { typ: 'JWT' } })],
  ['0008', 'has its typ in capitals', prove({ header: { typ: 'DPOP+JWT' } })],
  ['0009', 'has no jwk', prove({ header: { jwk: undefined } })],
  ['0010', 'has no htm', prove({ payload: { htm: undefined } })],
  ['0010', 'has an htm that is not text', prove({ payload: { htm: ['POST'] } })],
  ['0011', 'is for another method', prove({ payload: { htm: 'GET' } })],
  ['0011', 'has its method in small letters', prove({ payload: { htm: 'post' } })],
  ['0012', 'has no htu', prove({ payload: { htu: undefined } })],
  ['0013', 'is for another address', prove({ payload: { htu: 'https://auth.interop.pagopa.it/token.oauth2' } })],
  ['0013', 'has a query in its address', prove({ payload: { htu: `${sandbox.url}/token.oauth2?a=1` } })],
  ['0013', 'has a slash after its address', prove({ payload: { htu: `${sandbox.url}/token.oauth2/` } })],
  ['0013', 'has another name for this machine', prove({ payload: { htu: `${sandbox.url}/token.oauth2`.replace('127.0.0.1', 'localhost') } })],
  ['0016', 'has no alg', prove({ header: { alg: undefined } })],
  ['0017', 'has another alg', prove({ header: { alg: 'ES384' } })],
  ['0017', 'is not signed', prove({ header: { alg: 'none' } })],
  ['0017', 'is signed with a secret', prove({ header: { alg: 'HS256' } })],
  ['0018', 'has one more member in its header', prove({ header: { kid: 'k' } })],
  ['0018', 'has an exp', prove({ payload: { exp: testSeconds + 60 } })],
  ['0018', 'has a nonce', prove({ payload: { nonce: 'n' } })],
  ['0018', 'has an ath, which is for a call', prove({ payload: { ath: 'a' } })],
  ['0018', 'has an iat that is not a number', prove({ payload: { iat: `${testSeconds}` } })],
  ['0018', 'has a jti that is not text', prove({ payload: { jti: 1 } })],
  ['0020', 'is 61 s old', prove({ payload: { iat: testSeconds - 61 } })],
  ['0021', 'is 11 s ahead', prove({ payload: { iat: testSeconds + 11 } })],
  ['0022', 'is two proofs', `${prove()}, ${prove()}`]
]
for (const [code, what, proof] of validationCases) {
  t.test(`a proof that ${what} is refused in silence, told to the debugger as ${code}`, async (t) => {
    const reason = await refusedReason(t, proof)
    t.match(reason, { code: '0009', name: 'dpopProofValidationFailed' })
    t.strictSame(reason.failures.map((each) => each.code), [code])
  })
}

const other = makeProofKey()
const offCurve = { ...key.jwk, x: other.jwk['x'] }
const signatureCases: readonly (readonly [string, string, string])[] = [
  ['0001', 'has a key that is not on its curve', withJwk(offCurve)],
  ['0001', 'has an RSA key below 2048 bits', prove({ key: weak })],
  ['0014', 'has an alg that does not fit its key', prove({ header: { alg: 'RS256' } })],
  ['0014', 'has a key of a kind that does not exist', withJwk({ ...key.jwk, kty: 'XY' })],
  ['0015', 'has a signature that is not base64url', `${prove().split('.').slice(0, 2).join('.')}.a!b`],
  ['0019', 'is signed with another key than its jwk', withJwk(other.jwk)],
  ['0019', 'was changed after it was signed', prove().replace(/\.[^.]+\./, `.${prove().split('.')[1]}.`)]
]
for (const [code, what, proof] of signatureCases) {
  t.test(`a proof that ${what} is refused by the signature step with ${code}`, async (t) => {
    const reason = await refusedReason(t, proof)
    t.match(reason, { code: '0010', name: 'dpopProofSignatureValidationFailed' })
    t.strictSame(reason.failures.map((each) => each.code), [code])
  })
}

t.test('whatever the JOSE library throws is a failure with the platform\'s code', async (t) => {
  t.equal(proofSignatureFailure(new RangeError('unforeseen')).code, '0001')
  t.equal(proofSignatureFailure(new errors.JOSEAlgNotAllowed('alg')).code, '0014')
  t.equal(proofSignatureFailure(new errors.JWTClaimValidationFailed('iat', {}, 'iat')).code, '0015')
})

t.test('several wrong members are told together, in the platform\'s order', async (t) => {
  const payload = { htm: 'GET', htu: 'x', iat: 1, jti: undefined, more: 1 }
  const { failures } = await refusedReason(t, prove({ header: { typ: 'JWT', alg: 'none' }, payload }))
  t.strictSame(failures.map(({ code }) => code), ['0008', '0017', '0011', '0013', '0020', '0004'])
})

t.test('a proof is good from 10 s before its iat to 60 s after it', async (t) => {
  t.equal((await ask(prove({ payload: { iat: testSeconds + 10 } }))).status, 200)
  t.equal((await ask(prove({ payload: { iat: testSeconds - 60 } }))).status, 200)
})

t.test('two DPoP headers are two proofs', async (t) => {
  const { hostname, port, host } = new URL(sandbox.url)
  const socket = connect(Number(port), hostname)
  const body = new URLSearchParams({
    client_assertion: assertion,
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    grant_type: 'client_credentials'
  }).toString()
  const head = ['POST /token.oauth2 HTTP/1.1', `Host: ${host}`, `DPoP: ${prove()}`, `DPoP: ${prove()}`, 'Connection: close',
    'Content-Type: application/x-www-form-urlencoded', `Content-Length: ${body.length}`]
  socket.write([...head, '', body].join('\r\n'))
  let answer = ''
  socket.setEncoding('utf8').on('data', (chunk: string) => { answer += chunk })
  await once(socket, 'close')
  t.match(answer, /^HTTP\/1\.1 400 /)
  const { reason } = await recorded(/x-correlation-id: (\S+)/i.exec(answer)?.[1] ?? '')
  t.strictSame(reason.failures.map(({ name }) => name), ['multipleDPoPProofsError'])
})

t.test('a proof gets one voucher, whatever key signs its jti again', async (t) => {
  const jti = randomUUID()
  t.equal((await ask(prove({ payload: { jti } }))).status, 200)
  const changes: ProofChanges[] = [{ payload: { jti } }, { payload: { jti, iat: testSeconds + 5 } }, { key: other, payload: { jti } }]
  for (const change of changes) {
    const reason = await refusedReason(t, prove(change))
    t.match(reason, { code: '0012', name: 'dpopProofJtiAlreadyUsed' })
    t.match(reason.failures, [{ code: '0005', name: 'dpopJtiAlreadyCached' }])
  }
  t.equal((await ask(prove())).status, 200)
})

t.test('of many requests with one proof at once a single one gets a voucher', async (t) => {
  const proof = prove()
  const statuses = await Promise.all(Array.from({ length: 8 }, async () => (await ask(proof)).status))
  t.strictSame(statuses.toSorted((a, b) => a - b), [200, ...Array<number>(7).fill(400)])
})

t.test('a jti is remembered until 70 s after its iat (60 s of the proof, 10 s of a slow request) and no longer', async (t) => {
  const jti = randomUUID()
  t.equal((await ask(prove({ payload: { jti, iat: testSeconds + 10 } }))).status, 200)
  now = testTime + 80_999
  t.equal((await refusedReason(t, prove({ payload: { jti, iat: testSeconds + 80 } }))).code, '0012')
  now = testTime + 81_000
  t.equal((await ask(prove({ payload: { jti, iat: testSeconds + 81 } }))).status, 200)
})

t.test('the form comes first, then the proof, before everything about the assertion', async (t) => {
  const malformed = await postTokenRequest(sandbox.url, assertion, { grant_type: undefined }, { DPoP: 'proof' })
  t.match(await malformed.json(), { detail: 'Incorrect value for body' })
  t.equal((await refusedReason(t, 'proof', 'not-a-jws')).code, '0009')
  t.equal((await refusedReason(t, withJwk(other.jwk), 'not-a-jws')).code, '0010')
  t.equal((await refusedReason(t, prove(), 'not-a-jws')).code, '0002')
  const parameters = await postTokenRequest(sandbox.url, 'not-a-jws', { client_assertion_type: 'x' }, { DPoP: 'proof' })
  const { correlationId } = await parameters.json() as { correlationId: string }
  t.equal((await recorded(correlationId)).reason.code, '0009')
})

t.test('a proof whose request was refused for another reason can be used again: its jti comes last', async (t) => {
  const proof = prove()
  const suspended = await signAssertion(sandbox, { client: 'regione-lombardia', purpose: 'regione-lombardia-surveys' })
  t.equal((await refusedReason(t, proof, 'not-a-jws')).code, '0002')
  t.equal((await refusedReason(t, proof, await signAssertion(sandbox, { payload: { exp: 1 } }))).code, '0003')
  t.equal((await refusedReason(t, proof, suspended)).code, '0008')
  t.equal((await ask(proof)).status, 200)
  t.equal((await refusedReason(t, proof, suspended)).code, '0008', 'and the platform\'s state comes before a replay')
})

t.test('the tenant\'s rate comes before the jti: a limited proof can be used again, a replayed one is counted', async (t) => {
  let time = testTime
  const limited = await startSandbox(t, { stateDir: sandbox.stateDir, voucherRate: { limit: 2, interval: 1000 }, now: () => time })
  const [first, second] = [makeProof(limited.url), makeProof(limited.url)]
  const statuses: number[] = []
  for (const proof of [first, first, first, second]) statuses.push((await ask(proof, assertion, limited.url)).status)
  t.strictSame(statuses, [200, 400, 429, 429])
  time += 1000
  t.equal((await ask(second, assertion, limited.url)).status, 200)
})

t.test('what is remembered of a proof is what it said: no signature, no key, least of all a private one', async (t) => {
  const proof = withJwk(key.privateKey.export({ format: 'jwk' }))
  const { d } = key.privateKey.export({ format: 'jwk' })
  await ask(proof)
  const examined = await postJson(`${sandbox.url}/tools/validateTokenGeneration`, { client_assertion: assertion, dpop: proof })
  const tool = JSON.stringify(examined.body)
  const good = await ask(prove())
  const remembered = await (await fetch(`${sandbox.url}/debug/token-requests`)).text()
  for (const output of [tool, remembered]) {
    t.match(output, /jwk has the members \[/)
    for (const secret of [String(d), String(key.jwk['x']), proof.split('.')[2] ?? '']) t.notOk(output.includes(secret))
  }
  t.match((await recorded(good.headers.get('x-correlation-id') ?? '')).proofClaims, { htm: 'POST', iat: testSeconds })
})

t.test('the tool examines a proof in the same steps, without using it up', async (t) => {
  const examine = async (dpop: string) => {
    const { body } = await postJson(`${sandbox.url}/tools/validateTokenGeneration`, { client_assertion: assertion, dpop })
    const steps = body.steps as { name: string, result: string, refusal?: Reason }[]
    return { valid: body.valid as boolean, steps: steps.map(({ name, result, refusal }) => [name, result, refusal?.code]) }
  }
  const passed = (...names: string[]) => names.map((name) => [name, 'PASSED', undefined])
  const assertionSteps = passed('requestParametersValidation', 'clientAssertionValidation', 'publicKeyRetrieve',
    'clientAssertionSignatureVerification', 'platformStatesVerification')
  const holds = [...passed('dpopProofValidation', 'dpopProofSignatureVerification'), ...assertionSteps]
  const proof = prove()
  for (let time = 0; time < 2; time++) {
    t.strictSame(await examine(proof), { valid: true, steps: [...holds, ['dpopProofFirstUse', 'PASSED', undefined]] })
  }
  t.equal((await ask(proof)).status, 200)
  t.strictSame(await examine(proof), { valid: false, steps: [...holds, ['dpopProofFirstUse', 'FAILED', '0012']] })
  t.strictSame(await examine('proof'), {
    valid: false,
    steps: [['dpopProofValidation', 'FAILED', '0009'], ['dpopProofSignatureVerification', 'SKIPPED', undefined], ...assertionSteps]
  })
})

t.test('a voucher bound to any key can be had from the debug endpoint', async (t) => {
  const jkt = '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I'
  const wanted = { client: 'istat', purpose: 'istat-tickets' }
  const { body } = await postJson(`${sandbox.url}/debug/vouchers`, { ...wanted, claims: { cnf: { jkt } } })
  t.equal(body.token_type, 'DPoP')
  t.strictSame(decodeJwt(body.access_token)['cnf'], { jkt })
  t.equal((await postJson(`${sandbox.url}/debug/vouchers`, wanted)).body.token_type, 'Bearer')
})
