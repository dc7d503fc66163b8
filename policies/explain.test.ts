import { generateKeyPairSync } from 'node:crypto'
import * as fc from 'fast-check'
import t from 'tap'
import { prepareAdmission } from './admission.ts'
import { prepareAgreedClaims } from './agreed-claims.ts'
import { byCertificate, certificatesOf, certifiedKey, certifiedRegistry, certifiedToken, once, thumbprint } from './certificate-fixture.ts'
import type { CertifiedChanges } from './certificate-fixture.ts'
import type { FoundCertificate } from './certificates.ts'
import type { Line } from './check.ts'
import { noDemands } from './demands.ts'
import type { Demands } from './demands.ts'
import type { Denial } from './denials.ts'
import { agreedClaims, evidenceDigestOf, makeEvidence } from './evidence-fixture.ts'
import type { EvidenceChanges } from './evidence-fixture.ts'
import type { Signers } from './explained.ts'
import { explainVoucher } from './explain.ts'
import { callWith, goodClaims, id, keysOf, platformKey, portsOf, registryOf, strangerKey, terms, testSeconds, testTime, voucher } from './fixture.ts'
import type { Changes, RegistryChanges } from './fixture.ts'
import type { FoundKey } from './keys.ts'
import { ecKey, jktOf, jwkOf, makeProof, rsaKey } from './proof-fixture.ts'
import type { ProofChanges } from './proof-fixture.ts'
import { clientKeysOf, otherClientKey, otherClientKid } from './signature-fixture.ts'

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

interface CertifiedSituation { readonly changes: CertifiedChanges, readonly registry: Parameters<typeof certifiedRegistry>[0] & object, readonly found: FoundCertificate, readonly demands: Demands }

const certifiedSituations: fc.Arbitrary<CertifiedSituation> = fc.record({
  changes: fc.record({
    header: rarely(otherwise({ typ: [undefined, 'at+jwt'], alg: ['none', 'PS256'], x5c: [undefined], x5t: ['x'], jku: ['https://evil.example'] })),
    claims: rarely(otherwise({
      iss: [id(77)], sub: [7], aud: ['https://other.example', 7], exp: [testSeconds, '1', undefined], iat: [testSeconds + 6, undefined, testSeconds - 300], nbf: [testSeconds + 6, null], jti: [undefined, 7],
      purposeId: [undefined, id(77), 'x']
    })),
    key: fc.oneof({ weight: 6, arbitrary: fc.constant(certifiedKey.privateKey) }, { weight: 1, arbitrary: fc.constant(strangerKey.privateKey) })
  }),
  registry: rarely(otherwise<Parameters<typeof certifiedRegistry>[0] & object>({
    client: [undefined, { purposes: [] }, { consumerId: id(77) }],
    descriptor: [undefined, { state: 'Suspended' }],
    agreement: [undefined, { state: 'Pending' }, { descriptorId: id(77) }],
    purpose: [undefined, { consumerId: id(77) }, { eserviceId: id(77) }, { versions: [] }]
  })),
  found: fc.constantFrom<FoundCertificate>(...Array.from({ length: 4 }, () => ({ key: certifiedKey.publicKey, clientId: id(8), thumbprint })), { key: certifiedKey.publicKey, clientId: undefined, thumbprint }, { untrusted: 'it is expired' }, 'unavailable'),
  demands: fc.constantFrom(byCertificate, once, { ...once, trust: ['pdnd', 'x509'] as const }, noDemands)
})

t.test('of a token by certificate it says what admission says', async (t) => {
  let passed = 0
  await fc.assert(fc.asyncProperty(certifiedSituations, async ({ changes, registry, found, demands }) => {
    const token = certifiedToken(changes)
    const ports = portsOf({ certificates: certificatesOf(found), registry: () => certifiedRegistry(registry) })
    const call = callWith(`Bearer ${token}`, { demands })
    const lines = explainVoucher(token, { terms, registry: certifiedRegistry(registry), key: 'not known here', now: testTime, call, signers: ports })
    const denial = await prepareAdmission(ports, terms).beforeBody(call)
    if (!denial) passed++
    return lines.find(({ outcome }) => outcome === 'fail')?.code === denial?.denial && !JSON.stringify(lines).includes(token.split('.')[2]!.slice(0, 16))
  }), { numRuns: 1500 })
  t.ok(passed > 20, `${passed} of 1500 were admitted`)
})

t.test('a certificate that is not known here, or not at once, is no pass', async (t) => {
  const token = certifiedToken()
  const explained = (signers?: Signers) => explainVoucher(token, { terms, registry: certifiedRegistry(), key: 'not known here', now: testTime, signers }).at(-1)
  t.match(explained(), { check: 'Authorization signature', outcome: 'not checked' })
  t.match(explained(portsOf({ certificates: certificatesOf(Promise.resolve('unavailable')) })), { outcome: 'not checked' })
  t.match(explained(portsOf({ certificates: { find: async () => { throw new Error('no') } } })), { outcome: 'not checked' })
})

const evidenceFaults: Readonly<Record<string, (evidence: (changes?: EvidenceChanges) => string) => string>> = {
  'nothing': (make) => make(),
  'all of it': () => '',
  'its form': () => 'a.b.c',
  'kid': (make) => make({ header: { kid: undefined } }),
  'a key that is not there': (make) => make({ header: { kid: 'another' } }),
  'its signature': (make) => make({ key: strangerKey.privateKey }),
  'its signer': (make) => make({ header: { kid: otherClientKid }, key: otherClientKey.privateKey }),
  'exp': (make) => make({ claims: { exp: testSeconds } }),
  'aud and purposeId': (make) => make({ claims: { aud: 'x', purposeId: id(77) } }),
  'dnonce': (make) => make({ claims: { dnonce: undefined } }),
  'agreed claims': (make) => make({ claims: { userID: undefined, userid: 'user293' } })
}

t.test('of a call with tracking evidence it explains the evidence as admission does', async (t) => {
  const make = (changes?: EvidenceChanges): string => makeEvidence({ clientId: id(8), purposeId: id(6), audience: terms.audience[0] as string, now: testTime }, changes)
  for (const [name, fault] of Object.entries(evidenceFaults)) {
    for (const bound of [true, false]) {
      const value = fault(make)
      for (const digest of [evidenceDigestOf(value), evidenceDigestOf('another'), undefined]) {
        const token = voucher({ claims: { digest } })
        const call = callWith(`Bearer ${token}`, { rawHeaders: ['Agid-JWT-TrackingEvidence', value], demands: { ...noDemands, evidence: { trust: ['pdnd'], bound, claims: prepareAgreedClaims({})(agreedClaims) } } })
        const ports = portsOf({ clientKeys: clientKeysOf(id(8), id(77)) })
        const denial = await prepareAdmission(ports, terms).beforeBody(call)
        const lines = explainVoucher(token, { terms, registry: registryOf(), key: { key: platformKey.publicKey }, now: testTime, call, signers: ports })
        t.equal(lines.find(({ outcome }) => outcome === 'fail')?.code, denial?.denial, `${name} ${bound} ${digest?.value.slice(0, 4)}: ${denial?.denial ?? 'admitted'}`)
        t.notMatch(JSON.stringify(lines), /user293|station012/, 'nothing of the agreed claims')
      }
    }
  }
})

t.test('for a call that was refused before its evidence was looked at nobody is asked for a key', async (t) => {
  const clientKeys = clientKeysOf(id(8), id(77))
  const token = voucher({ key: strangerKey.privateKey })
  const evidence = makeEvidence({ clientId: id(8), purposeId: id(6), audience: terms.audience[0] as string, now: testTime })
  const call = callWith(`Bearer ${token}`, { rawHeaders: ['Agid-JWT-TrackingEvidence', evidence], demands: { ...noDemands, evidence: { trust: ['pdnd'], bound: false, claims: undefined } } })
  const denial = await prepareAdmission(portsOf({ clientKeys }), terms).beforeBody(call) as Denial
  t.equal(denial.denial, 'voucher-unverifiable')
  const lines = explainVoucher(token, { terms, registry: registryOf(), key: { key: platformKey.publicKey }, now: testTime, call, signers: portsOf({ clientKeys }), refused: { denial, proved: call } })
  t.match(lines.find(({ check }) => check === 'Agid-JWT-TrackingEvidence signature'), { outcome: 'not checked' })
  t.strictSame(clientKeys.asked, [])
})
