import { randomUUID } from 'node:crypto'
import { calculateJwkThumbprint, SignJWT } from 'jose'
import { pino } from 'pino'
import t from 'tap'
import { hashOf } from '../pdnd/dpop-signing.ts'
import { apiCaller, callKey, getJson, obtainApiVoucher } from './interop-fixture.ts'
import { makeProof, makeProofKey } from './proof-fixture.ts'
import type { ProofChanges } from './proof-fixture.ts'
import { postJson, startSandbox, testSeconds, testTime } from './sandbox-fixture.ts'

let now = testTime
t.afterEach(() => { now = testTime })
const lines: string[] = []
const logger = pino({ level: 'trace' }, { write: (line: string) => { lines.push(line) } })
const sandbox = await startSandbox(t, { now: () => now, logger })
const tenant = sandbox.idOf('tenants', 'istat')
const path = `/tenants/${tenant}`
const url = `${sandbox.url}/v3${path}`
const [bearer, bound] = [await obtainApiVoucher(sandbox, 'v2'), await obtainApiVoucher(sandbox, 'v3')]
const cnf = { jkt: await calculateJwkThumbprint(callKey.jwk) }
const apiClaims = { aud: 'sandbox.varco.localhost/m2m', organizationId: tenant, role: 'm2m' }

/** A proof for the usual v3 call, valid but for the changes. */
function prove ({ payload, ...changes }: ProofChanges = {}, voucher = bound): string {
  return makeProof(sandbox.url, { key: callKey, ...changes, payload: { htm: 'GET', htu: url, ath: hashOf(voucher), iat: Math.floor(now / 1000), ...payload } })
}

const callV3 = async (proof = prove(), voucher = bound, address = url) => getJson(address, { authorization: `DPoP ${voucher}`, dpop: proof })
const callV2 = async (voucher: string) => getJson(`${sandbox.url}/v2${path}`, { authorization: `Bearer ${voucher}` })

/** A voucher that the platform signed, whatever it says. */
async function mint (claims: object, expiresIn = 600): Promise<string> {
  const { body } = await postJson(`${sandbox.url}/debug/vouchers`, { client: 'istat', purpose: 'istat-tickets', claims, expiresIn })
  return body.access_token as string
}

const foreign = async () => new SignJWT({ ...apiClaims, cnf, iss: 'sandbox.varco.localhost', client_id: 'c', sub: 'c', jti: 'j', iat: testSeconds, exp: testSeconds + 60 })
  .setProtectedHeader({ alg: 'RS256', typ: 'at+jwt', kid: 'k' }).sign(makeProofKey(2048).privateKey)

t.test('an API voucher reads v2 as Bearer, a bound one v3 with its proof; both are counted', async (t) => {
  for (const answer of [await callV2(bearer), await callV3()]) {
    t.match(answer, { status: 200, body: { id: tenant } })
    t.equal(answer.headers.get('x-rate-limit-limit'), '100')
    t.equal(answer.headers.get('x-rate-limit-interval'), '1000')
    t.equal(answer.headers.get('cache-control'), 'no-store')
  }
  t.equal((await callV3(prove({}, await mint({ ...apiClaims, cnf, role: 'm2m-admin' })), await mint({ ...apiClaims, cnf }))).status, 401, 'a proof is for one voucher')
  t.equal((await callV2(await mint({ ...apiClaims, role: 'm2m-admin' }))).status, 200, 'an administrator\'s client reads too')
})

const refusedVouchers: [string, number, string, () => Promise<string>][] = [
  ['is for an e-service', 403, '012-9989', async () => mint({ cnf })],
  ['is for the API by its audience only', 403, '012-9989', async () => mint({ cnf, aud: apiClaims.aud })],
  ['has a role that reads nothing', 403, '012-9989', async () => mint({ ...apiClaims, cnf, role: 'admin' })],
  ['is for another audience', 401, '012-10014', async () => mint({ ...apiClaims, cnf, aud: 'interop.pagopa.it/m2m' })],
  ['is of another issuer', 401, '012-10014', async () => mint({ ...apiClaims, cnf, iss: 'interop.pagopa.it' })],
  ['expired this second', 401, '012-10014', async () => mint({ ...apiClaims, cnf }, 0)],
  ['does not expire', 401, '012-10014', async () => mint({ ...apiClaims, cnf, exp: null })],
  ['is signed by somebody else', 401, '012-10014', foreign],
  ['was changed', 401, '012-10014', async () => bound.replace(/\.[^.]+\./, `.${bearer.split('.')[1]}.`)],
  ['is no JWT', 401, '012-10014', async () => 'voucher'],
  ['is not bound to a key', 400, '012-9990', async () => bearer]
]
for (const [what, status, code, make] of refusedVouchers) {
  t.test(`v3 refuses a voucher that ${what} with ${status}`, async (t) => {
    const voucher = await make()
    const { body, ...answer } = await callV3(prove({}, voucher), voucher)
    t.equal(answer.status, status)
    t.match(body, { status, errors: [{ code }], correlationId: answer.headers.get('x-correlation-id') })
    t.notOk(JSON.stringify(body).includes(voucher.slice(0, 60)) && voucher.length > 60, 'and does not quote it')
    t.equal((await callV3()).status, 200)
  })
}

t.test('v2 refuses the same vouchers, and a bound one', async (t) => {
  for (const [what, status, , make] of refusedVouchers.slice(0, -1)) {
    if (what === 'was changed') continue
    t.equal((await callV2(await make())).status, status, what)
  }
  t.match(await callV2(bound), { status: 401, body: { errors: [{ code: '012-10014', detail: /call v3/ }] } })
  now = testTime + 600_000
  t.equal((await callV2(bearer)).status, 401, 'and its own when it is over')
})

const refusedHeaders: [string, string, string, Record<string, string>][] = [
  ['without Authorization', url, '012-9994', {}],
  ['without Authorization', `${sandbox.url}/v2${path}`, '012-9994', {}],
  ['with a Bearer voucher', url, '012-10028', { authorization: `Bearer ${bearer}` }],
  ['with a bound voucher as Bearer', url, '012-10028', { authorization: `Bearer ${bound}`, dpop: prove() }],
  ['without a proof', url, '012-9994', { authorization: `DPoP ${bound}` }],
  ['with two words after the scheme', url, '012-10028', { authorization: `DPoP ${bound} ${bound}`, dpop: prove() }],
  ['with DPoP', `${sandbox.url}/v2${path}`, '012-10007', { authorization: `DPoP ${bound}`, dpop: prove() }],
  ['with a scheme alone', `${sandbox.url}/v2${path}`, '012-10007', { authorization: 'Bearer' }]
]
for (const [what, address, code, headers] of refusedHeaders) {
  t.test(`${new URL(address).pathname.slice(1, 3)} refuses a call ${what} with 400`, async (t) => {
    t.match(await getJson(address, headers), { status: 400, body: { errors: [{ code }] } })
  })
}

const other = makeProofKey()
const refusedProofs: [string, string, string | RegExp, () => string][] = [
  ['is for another address', '012-0041', /htu/, () => prove({ payload: { htu: `${sandbox.url}/v3/tenants/${randomUUID()}` } })],
  ['is for v2', '012-0041', /htu/, () => prove({ payload: { htu: `${sandbox.url}/v2${path}` } })],
  ['is for the token endpoint', '012-0041', /htu/, () => prove({ payload: { htu: `${sandbox.url}/token.oauth2` } })],
  ['has a query in its address', '012-0041', /htu/, () => prove({ payload: { htu: `${url}?limit=1` } })],
  ['has a slash after its address', '012-0041', /htu/, () => prove({ payload: { htu: `${url}/` } })],
  ['has another name for this machine', '012-0041', /htu/, () => prove({ payload: { htu: url.replace('127.0.0.1', 'localhost') } })],
  ['is for another method', '012-0041', /htm/, () => prove({ payload: { htm: 'POST' } })],
  ['has no ath', '012-0041', /ath/, () => prove({ payload: { ath: undefined } })],
  ['has the ath of another voucher', '012-0041', /ath/, () => prove({}, bearer)],
  ['has no jti', '012-0041', /jti/, () => prove({ payload: { jti: undefined } })],
  ['has an exp', '012-0041', /exp/, () => prove({ payload: { exp: testSeconds + 60 } })],
  ['is 61 s old', '012-0041', /60 s/, () => prove({ payload: { iat: testSeconds - 61 } })],
  ['is 11 s ahead', '012-0041', /future/, () => prove({ payload: { iat: testSeconds + 11 } })],
  ['has a kid in its jwk', '012-0041', /kid/, () => prove({ header: { jwk: { ...callKey.jwk, kid: 'k' } } })],
  ['is two proofs', '012-0041', /comma/, () => `${prove()}, ${prove()}`],
  ['is no JWT', '012-0041', /JWS/, () => 'proof'],
  ['is signed with another key than its jwk', '012-0042', /signature/, () => prove({ header: { jwk: other.jwk } })],
  ['proves another key than the voucher\'s', '012-0045', /another key/, () => prove({ key: other })]
]
for (const [what, code, detail, make] of refusedProofs) {
  t.test(`v3 refuses a proof that ${what} with 401`, async (t) => {
    t.match(await callV3(make()), { status: 401, body: { errors: [{ code, detail }] } })
    t.equal((await callV3()).status, 200)
  })
}

t.test('a proof is good once, whatever key signs its jti again, and for the path without the query', async (t) => {
  const proof = prove()
  t.equal((await callV3(proof, bound, `${url}?more=1`)).status, 200)
  t.match(await callV3(proof), { status: 401, body: { errors: [{ code: '012-0044' }] } })
  const jti = randomUUID()
  const statuses = await Promise.all(Array.from({ length: 6 }, async () => (await callV3(prove({ payload: { jti } }))).status))
  t.strictSame(statuses.toSorted((a, b) => a - b), [200, 401, 401, 401, 401, 401])
})

t.test('a proof that was refused for another reason can still be used', async (t) => {
  const proof = prove()
  t.equal((await callV3(proof, bearer)).status, 400)
  t.equal((await callV3(proof, bound, `${sandbox.url}/v3/purposes`)).status, 401)
  t.equal((await callV3(proof)).status, 200)
})

t.test('the call after the last of a tenant is 429, that of another tenant is not; token requests are counted apart', async (t) => {
  const limited = await startSandbox(t, { stateDir: sandbox.stateDir, voucherRate: { limit: 1, interval: 60_000 } })
  const [milano, firenze] = [await apiCaller(limited, 'v2'), await apiCaller(limited, 'v2', 'firenze')]
  t.equal((await milano(path)).headers.get('x-rate-limit-remaining'), '0')
  const refused = await milano(path)
  t.match(refused, { status: 429, body: { errors: [{ code: '012-10004' }] } })
  t.equal(refused.headers.get('x-rate-limit-interval'), '60000')
  t.equal((await firenze(path)).status, 200)
})

t.test('a page of another origin and another name for this machine are kept out', async (t) => {
  const headers = { authorization: `Bearer ${bearer}`, origin: 'https://attacker.example' }
  t.equal((await getJson(`${sandbox.url}/v2${path}`, headers)).status, 403)
})

t.test('nothing of vouchers or proofs is logged', async (t) => {
  const text = lines.join('')
  for (const secret of [bearer, bound].map((voucher) => voucher.split('.')[2]!)) t.notOk(text.includes(secret))
  t.notOk(text.includes('sandbox fault'))
})
