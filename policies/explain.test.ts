import { generateKeyPairSync } from 'node:crypto'
import * as fc from 'fast-check'
import t from 'tap'
import { prepareAdmission } from './admission.ts'
import type { Line } from './check.ts'
import { noDemands } from './demands.ts'
import type { Denial } from './denials.ts'
import { explainVoucher } from './explain.ts'
import { callWith, goodClaims, id, keysOf, platformKey, portsOf, registryOf, strangerKey, terms, testSeconds, testTime, voucher } from './fixture.ts'
import type { Changes, RegistryChanges } from './fixture.ts'
import type { FoundKey } from './keys.ts'
import { ecKey, jktOf, jwkOf, makeProof, rsaKey } from './proof-fixture.ts'
import type { ProofChanges } from './proof-fixture.ts'

interface Situation { readonly changes: Changes, readonly registry: RegistryChanges, readonly key: FoundKey }

const otherwise = <T extends object>(values: Readonly<Record<string, readonly unknown[]>>): fc.Arbitrary<T> =>
  fc.record(Object.fromEntries(Object.entries(values).map(([name, wrong]) => [name, fc.constantFrom(...wrong)])), { requiredKeys: [] }) as fc.Arbitrary<T>
/** Mostly nothing changed, so that vouchers with one fault and with several both come up. */
const rarely = <T extends object>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | Record<string, never>> => fc.oneof({ weight: 2, arbitrary: fc.constant({}) }, { weight: 1, arbitrary })

const situations: fc.Arbitrary<Situation> = fc.record({
  changes: fc.record({
    header: rarely(otherwise({ typ: [undefined, 'JWT', 'AT+JWT'], alg: ['none', 'PS256'], kid: ['another', 7], jku: ['https://evil.example'] })),
    claims: rarely(otherwise({
      iss: ['uat.interop.example', 7], aud: ['https://other.example', [goodClaims.aud], [], '*'], sub: [id(77), 'x'], client_id: [id(77), undefined],
      exp: [testSeconds, testSeconds - 1, '1', undefined, testSeconds + 90_000], iat: [testSeconds + 5, testSeconds + 6], nbf: [testSeconds + 6, 1.5],
      cnf: [{ jkt: 'x' }, null], producerId: [id(77), null], eserviceId: [id(77)], descriptorId: [id(77)], consumerId: [id(77)], purposeId: [id(77), [id(6)]]
    })),
    key: fc.oneof({ weight: 6, arbitrary: fc.constant(platformKey.privateKey) }, { weight: 1, arbitrary: fc.constant(strangerKey.privateKey) })
  }),
  registry: rarely(otherwise<RegistryChanges>({
    descriptor: [undefined, { state: 'Suspended' }, { state: 'Deprecated' }],
    agreement: [undefined, { state: 'Pending' }, { descriptorId: id(77) }],
    purpose: [undefined, { consumerId: id(77) }, { eserviceId: id(77) }, { versions: [{ id: id(7), state: 'Suspended', dailyCalls: 1 }] }]
  })),
  key: fc.constantFrom<FoundKey>({ key: platformKey.publicKey }, { key: platformKey.publicKey }, { key: platformKey.publicKey }, 'unknown', 'unavailable')
})

function explain (token: string, { registry, key }: Omit<Situation, 'changes'>): readonly Line[] {
  return explainVoucher(token, { terms, registry: registryOf(registry), key, now: testTime })
}

async function admit (token: string, { registry, key }: Omit<Situation, 'changes'>): Promise<Denial | undefined> {
  const ports = portsOf({ keys: keysOf(() => key), registry: () => registryOf(registry) })
  return prepareAdmission(ports, terms).beforeBody(callWith(`Bearer ${token}`))
}

t.test('an explanation has no failed line exactly when admission passes, and its first one is the denial', async (t) => {
  let passed = 0
  await fc.assert(fc.asyncProperty(situations, async (situation) => {
    const token = voucher(situation.changes)
    const failed = explain(token, situation).find(({ outcome }) => outcome === 'fail')
    const denial = await admit(token, situation)
    if (!denial) passed++
    return failed?.code === denial?.denial
  }), { numRuns: 1500 })
  t.ok(passed > 20, `${passed} of 1500 were admitted`)
})

const boundVoucher = (changes: Changes = {}): string => voucher({ ...changes, claims: { cnf: { jkt: jktOf(ecKey.publicKey) }, ...changes.claims } })
const url = `${terms.publicUrl}/rest/things/v1/things`
const proofFaults: Readonly<Record<string, ProofChanges>> = {
  'nothing': {},
  'typ': { header: { typ: 'JWT' } },
  'a private key': { header: { jwk: jwkOf(ecKey.privateKey) } },
  'another signer': { key: { publicKey: ecKey.publicKey, privateKey: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey } },
  'another key': { key: rsaKey },
  'htm': { claims: { htm: 'POST' } },
  'htu': { claims: { htu: 'https://evil.example' } },
  'iat': { claims: { iat: testSeconds - 61 } },
  'ath and jti': { claims: { ath: 'x', jti: 7 } }
}

t.test('of a call with a proof it explains the proof as admission does', async (t) => {
  const attempts = [boundVoucher(), boundVoucher({ claims: { exp: testSeconds } }), voucher()].flatMap((token) => ['Bearer', 'DPoP'].flatMap((scheme) => [false, true].flatMap((demanded) => [
    { name: 'no proof', token, scheme, demanded, proofs: [] as string[] },
    ...Object.entries(proofFaults).map(([name, changes]) => ({ name, token, scheme, demanded, proofs: [makeProof({ method: 'GET', url, voucher: token, now: testTime }, changes)] }))
  ])))
  for (const { name, token, scheme, demanded, proofs } of attempts) {
    const call = callWith(`${scheme} ${token}`, { proofs, demands: { ...noDemands, dpop: demanded } })
    const lines = explainVoucher(token, { terms, registry: registryOf(), key: { key: platformKey.publicKey }, now: testTime, call })
    const denial = await prepareAdmission(portsOf(), terms).beforeBody(call)
    t.equal(lines.find(({ outcome }) => outcome === 'fail')?.code, denial?.denial, `${name} ${scheme} ${demanded}: ${denial?.denial ?? 'admitted'}`)
  }
})

t.test('of a bound voucher alone it cannot be decided whether a call would be admitted', async (t) => {
  const line = (token: string) => explainVoucher(token, { terms, registry: registryOf(), key: { key: platformKey.publicKey }, now: testTime }).find(({ check }) => check === 'cnf')
  t.match(line(boundVoucher()), { outcome: 'not checked', got: /^bound to a key/ })
  t.match(line(voucher()), { outcome: 'pass' })
})

t.test('what is no voucher at all has one line, and admission says the same', async (t) => {
  for (const token of ['x', 'a.b.c', 'e30.e30.', `${voucher()}.x`]) {
    t.match(explain(token, { registry: {}, key: 'unknown' }), [{ check: 'form', outcome: 'fail', code: 'voucher-malformed', mend: String }])
    t.match(await admit(token, { registry: {}, key: 'unknown' }), { denial: 'voucher-malformed' })
  }
})

t.test('every fault of a voucher has its line, not only the first', async (t) => {
  const token = voucher({ header: { typ: 'JWT' }, claims: { exp: testSeconds - 60, aud: 'https://other.example' } })
  const lines = explain(token, { registry: { purpose: undefined }, key: { key: strangerKey.publicKey } })
  t.strictSame(lines.filter(({ outcome }) => outcome === 'fail').map(({ check }) => check), ['typ', 'signature', 'exp', 'aud', 'purpose', 'purpose consumer', 'purpose e-service', 'purpose state'])
  t.match(lines.find(({ check }) => check === 'exp'), { expected: 'later than 2026-11-21T10:00:00Z', got: '2026-11-21T09:59:00Z', code: 'voucher-expired', mend: String })
})

t.test('without the key the signature is not checked, which is no pass', async (t) => {
  const lines = explainVoucher(voucher(), { terms, registry: registryOf(), key: 'not known here', now: testTime })
  t.match(lines.find(({ check }) => check === 'signature'), { outcome: 'not checked' })
  t.equal(lines.filter(({ outcome }) => outcome === 'pass').length, lines.length - 1)
})

t.test('neither the signature nor what a claim of another form holds is shown', async (t) => {
  const canary = 'canary4711'
  for (const name of Object.keys(goodClaims).filter((claim) => claim !== 'iss' && claim !== 'aud')) {
    const token = voucher({ claims: { [name]: canary, more: canary }, header: { kid: canary, use: canary } })
    const text = JSON.stringify(explain(token, { registry: {}, key: { key: platformKey.publicKey } }))
    t.notMatch(text, canary, name)
    t.notMatch(text, token.split('.')[2]!.slice(0, 16))
  }
})
