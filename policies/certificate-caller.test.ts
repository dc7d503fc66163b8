import { generateKeyPairSync } from 'node:crypto'
import * as fc from 'fast-check'
import t from 'tap'
import { prepareAdmission } from './admission.ts'
import { caller } from './caller.ts'
import type { CallerFact } from './caller.ts'
import { byCertificate, certificatesOf, certifiedClient, certifiedKey, certifiedRegistry, certifiedToken, once, thumbprint } from './certificate-fixture.ts'
import type { CertifiedChanges } from './certificate-fixture.ts'
import { noDemands } from './demands.ts'
import type { Demands } from './demands.ts'
import { isDenial } from './denials.ts'
import type { Denial, DenialCode } from './denials.ts'
import { callWith, encode, id, plainReplay, platformKey, portsOf, signText, strangerKey, terms, testSeconds, testTime, voucher } from './fixture.ts'
import type { Call, Ports } from './policy.ts'

const both: Demands = { ...noDemands, trust: ['pdnd', 'x509'] }
const world = (changes: Partial<Ports> = {}): Ports => portsOf({ certificates: certificatesOf(), registry: () => certifiedRegistry(), ...changes })

async function prove (token: string, call: Partial<Call> = {}, ports: Partial<Ports> = {}): Promise<CallerFact | Denial> {
  return caller.prepare(world(ports), terms)(callWith(`Bearer ${token}`, { demands: byCertificate, ...call }))
}

t.test('a good token proves the same as a voucher: client, consumer and purpose are the registry\'s, the rest is that of the e-service', async (t) => {
  t.match(await prove(certifiedToken()), {
    kind: 'x509', clientId: id(8), consumerId: id(2), producerId: id(1), purposeId: id(6), eserviceId: id(3), descriptorId: id(4), jti: 'token-1', kid: thumbprint, jkt: undefined, scheme: 'Bearer'
  })
  t.match(await prove(certifiedToken(), {}, { certificates: certificatesOf(Promise.resolve({ key: certifiedKey.publicKey, clientId: id(8), thumbprint })) }), { kind: 'x509' })
})

t.test('all the following policies hold it to the same registry', async (t) => {
  const admit = async (registry: Parameters<typeof certifiedRegistry>[0] = {}): Promise<DenialCode | undefined> => {
    const admission = prepareAdmission(world({ registry: () => certifiedRegistry(registry) }), terms)
    const call = callWith(`Bearer ${certifiedToken()}`, { demands: once })
    const denial = await admission.beforeBody(call)
    if (!denial) t.match(call, { dpop: null, purpose: { id: id(6), dailyCalls: 5 }, agreement: { id: id(5) } })
    return denial?.denial
  }
  t.equal(await admit(), undefined)
  t.equal(await admit({ descriptor: { state: 'Archived' } }), 'descriptor-not-usable')
  t.equal(await admit({ agreement: undefined }), 'agreement-missing')
  t.equal(await admit({ agreement: { state: 'Suspended' } }), 'agreement-not-active')
  t.equal(await admit({ agreement: { descriptorId: id(77) } }), 'descriptor-mismatch')
  t.equal(await admit({ purpose: { consumerId: id(77) } }), 'purpose-mismatch')
  t.equal(await admit({ purpose: { eserviceId: id(77) } }), 'purpose-mismatch')
  t.equal(await admit({ purpose: { versions: [] } }), 'purpose-not-active')
})

const one = noDemands
const kinds: readonly (readonly [name: string, token: string, demands: Demands, expected: string])[] = [
  ['a voucher where vouchers are taken', voucher(), one, 'pdnd'],
  ['a voucher where both are taken', voucher(), both, 'pdnd'],
  ['a voucher where certificates are taken', voucher(), byCertificate, 'caller-kind-not-trusted'],
  ['a token by certificate where certificates are taken', certifiedToken(), byCertificate, 'x509'],
  ['a token by certificate where both are taken', certifiedToken(), both, 'x509'],
  ['a token by certificate where vouchers are taken', certifiedToken(), one, 'caller-kind-not-trusted'],
  ['a token by certificate with a kid beside it', certifiedToken({ header: { kid: 'any' } }), both, 'x509'],
  ['a voucher with a certificate in it', voucher({ header: { x5c: ['MA=='] } }), both, 'voucher-malformed'],
  ['a voucher with a certificate in it where certificates are taken', voucher({ header: { x5c: ['MA=='] } }), byCertificate, 'caller-kind-not-trusted'],
  ['a token by certificate of a voucher\'s type', certifiedToken({ header: { typ: 'at+jwt' } }), both, 'voucher-malformed'],
  ['a token that names nothing where certificates are taken', certifiedToken({ header: { x5c: undefined } }), byCertificate, 'token-malformed'],
  ['a token that names nothing where both are taken', certifiedToken({ header: { x5c: undefined } }), both, 'voucher-malformed'],
  ['a voucher of the type JWT', voucher({ header: { typ: 'JWT' } }), both, 'voucher-malformed'],
  ['no token where certificates are taken', 'a.b.c', byCertificate, 'token-malformed'],
  ['no token where both are taken', 'a.b.c', both, 'voucher-malformed']
]

for (const [name, token, demands, expected] of kinds) {
  t.test(`${name}: ${expected}`, async (t) => {
    const verdict = await prove(token, { demands })
    t.equal(isDenial(verdict) ? verdict.denial : verdict.kind, expected)
  })
}

t.test('what was verified for one operation passes on no other that does not take it', async (t) => {
  const verdict = caller.prepare(world(), terms)
  const known = voucher()
  t.match(verdict(callWith(`Bearer ${known}`)), { kind: 'pdnd' })
  t.match(verdict(callWith(`Bearer ${known}`, { demands: byCertificate })), { denial: 'caller-kind-not-trusted' })
  const own = certifiedToken()
  t.match(verdict(callWith(`Bearer ${own}`, { demands: both })), { kind: 'x509' })
  t.match(verdict(callWith(`Bearer ${own}`)), { denial: 'caller-kind-not-trusted' })
})

const ecKey = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const headers: readonly (readonly [name: string, changes: CertifiedChanges, code: DenialCode])[] = [
  ...([undefined, '', 'jose', 'dpop+jwt', 7, ['JWT']] as const).map((typ) => [`typ ${JSON.stringify(typ)}`, { header: { typ } }, 'token-malformed'] as const),
  ...['none', 'None', 'HS256', 'EdDSA', 'RS1', '', undefined, 7, ['RS256']].map((alg) => [`alg ${JSON.stringify(alg)}`, { header: { alg } }, 'token-malformed'] as const),
  ...(['crit', 'b64', 'zip', 'cty', 'enc', 'jwk', 'jku', 'x5t'] as const).map((member) => [member, { header: { [member]: 'https://evil.example' } }, 'token-malformed'] as const),
  ['the algorithm of another kind of key', { header: { alg: 'ES256' } }, 'token-unverifiable'],
  ['another hash than that of the signature', { header: { alg: 'RS512' } }, 'token-unverifiable'],
  ['the other padding', { header: { alg: 'PS256' } }, 'token-unverifiable'],
  ['a key that is not the certificate\'s', { key: strangerKey.privateKey }, 'token-unverifiable'],
  ['a key on a curve that is not the certificate\'s', { key: ecKey.privateKey }, 'token-unverifiable']
]

for (const [name, changes, code] of headers) {
  t.test(`a header with ${name}: ${code}, and nothing told but that`, async (t) => {
    const denial = await prove(certifiedToken(changes)) as Denial
    t.match(denial, { denial: code, reason: String })
    t.equal(denial.detail, undefined)
  })
}

t.test('a changed token is none that its certificate signed (A12)', async (t) => {
  const [head = '', , signature = ''] = certifiedToken().split('.')
  t.match(await prove(`${head}.${encode({ aud: terms.audience[0], iat: testSeconds, exp: testSeconds + 60 })}.${signature}`), { denial: 'token-unverifiable' })
  t.match(await prove(signText({ alg: 'none', typ: 'JWT', x5c: [] }, {}).replace(/[^.]+$/, '')), { denial: 'token-malformed' })
})

t.test('until the signature is verified it makes no difference whether there is such a client, and a certificate that is not trusted looks like a bad signature', async (t) => {
  const forged = certifiedToken({ key: strangerKey.privateKey })
  const told = async (ports: Partial<Ports>, token = forged) => {
    const { denial, detail } = await prove(token, {}, ports) as Denial
    return { denial, detail }
  }
  const bad = { denial: 'token-unverifiable', detail: undefined }
  t.strictSame(await told({}), bad)
  t.strictSame(await told({ certificates: certificatesOf({ key: certifiedKey.publicKey, clientId: undefined, thumbprint }) }), bad)
  t.strictSame(await told({ registry: () => certifiedRegistry({ client: undefined }) }), bad)
  t.strictSame(await told({ certificates: certificatesOf({ untrusted: 'no authority that is trusted here issued it' }) }, certifiedToken()), bad)
  t.match(await prove(certifiedToken(), {}, { certificates: certificatesOf({ key: certifiedKey.publicKey, clientId: undefined, thumbprint }) }), { denial: 'client-unknown' })
  t.match(await prove(certifiedToken(), {}, { certificates: certificatesOf('unavailable') }), { denial: 'trust-source-unavailable', retryAfter: 30 })
})

const claims = (name: string, changes: Readonly<Record<string, unknown>>, code?: DenialCode, demands = byCertificate) => [name, changes, code, demands] as const
const [ours] = terms.audience as [string]
const agreeing: Demands = { ...byCertificate, evidence: { trust: ['x509'], bound: false, claims: { schema: {}, names: ['operatore'], findFaults: () => [] } } }
const claimCases = [
  claims('everything right', {}),
  claims('a signature over a message', { signed_headers: [{ digest: 'SHA-256=x' }] }, 'token-claims-invalid'),
  ...['dnonce', 'userID', 'userLocation', 'LoA'].map((name) => claims(`tracking evidence, by ${name}`, { [name]: '1234567890123' }, 'token-claims-invalid')),
  claims('tracking evidence, by a claim that the operation agrees on', { operatore: 'a' }, 'token-claims-invalid', agreeing),
  claims('a claim that is agreed elsewhere', { operatore: 'a' }),
  claims('nothing but what is needed', { iss: undefined, sub: undefined, nbf: undefined, jti: undefined, purposeId: undefined }),
  ...(['iat', 'exp', 'aud'] as const).map((name) => claims(`no ${name} (A24)`, { [name]: undefined }, name === 'aud' ? 'token-audience-mismatch' : 'token-claims-invalid')),
  ...(['iat', 'exp'] as const).flatMap((name) => ['1', 1.5, -1, 1e300, null, [testSeconds]].map((value) => claims(`${name} ${JSON.stringify(value)}`, { [name]: value }, 'token-claims-invalid'))),
  claims('exp a second ago (A14)', { exp: testSeconds - 1 }, 'token-expired'),
  claims('exp now', { exp: testSeconds }, 'token-expired'),
  claims('exp in a second', { exp: testSeconds + 1 }),
  claims('iat 5 s ahead', { iat: testSeconds + 5 }),
  claims('iat 6 s ahead', { iat: testSeconds + 6 }, 'token-not-yet-valid'),
  claims('nbf 5 s ahead', { nbf: testSeconds + 5 }),
  claims('nbf 8 s ahead', { nbf: testSeconds + 8 }, 'token-not-yet-valid'),
  claims('nbf of another form', { nbf: 'now' }, 'token-not-yet-valid'),
  claims('a lifetime of more than a day', { exp: testSeconds + 86_400 }, 'token-claims-invalid'),
  claims('another audience (A26)', { aud: 'https://other.example' }, 'token-audience-mismatch'),
  claims('an audience that starts with ours', { aud: `${ours}/x` }, 'token-audience-mismatch'),
  claims('our audience among others', { aud: ['https://other.example', ours] }),
  claims('an audience of another form', { aud: 7 }, 'token-audience-mismatch'),
  ...(['iss', 'sub', 'client_id'] as const).flatMap((name) => [
    claims(`${name} the client's id`, { [name]: id(8) }),
    claims(`${name} the consumer's id`, { [name]: id(2) }),
    claims(`${name} a registered name`, { [name]: 'protocollo' }),
    claims(`${name} another name`, { [name]: 'Protocollo' }, 'token-claims-invalid'),
    claims(`${name} the name that people call it by`, { [name]: certifiedClient.name }, 'token-claims-invalid'),
    claims(`${name} of another form`, { [name]: [id(8)] }, 'token-claims-invalid')
  ]),
  claims('no jti where it is needed once', { jti: undefined }, 'token-claims-invalid', once),
  ...['', 7, null, 'x'.repeat(201)].flatMap((jti) => [byCertificate, once].map((demands) => claims(`jti ${JSON.stringify(jti).slice(0, 10)}`, { jti }, 'token-claims-invalid', demands))),
  claims('a token of an hour that was just made, good for one call', { iat: testSeconds, exp: testSeconds + 3600 }, undefined, once),
  claims('a token 299 s old, good for one call', { iat: testSeconds - 299, exp: testSeconds + 3600 }, undefined, once),
  claims('a token 300 s old, good for one call', { iat: testSeconds - 300, exp: testSeconds + 3600 }, 'token-expired', once),
  claims('a token 300 s old, good for several', { iat: testSeconds - 300, exp: testSeconds + 3600 }),
  claims('a purpose that is not the client\'s', { purposeId: id(77) }, 'purpose-mismatch'),
  claims('a purpose in upper case', { purposeId: id(6).toUpperCase() }, 'token-claims-invalid'),
  claims('a purpose of another form', { purposeId: [id(6)] }, 'token-claims-invalid')
]

for (const [name, changes, code, demands] of claimCases) {
  t.test(`claims with ${name}${demands === once ? ' (once)' : ''}: ${code ?? 'admitted'}`, async (t) => {
    const verdict = await prove(certifiedToken({ claims: changes }), { demands })
    t.equal(isDenial(verdict) ? verdict.denial : undefined, code, JSON.stringify(verdict))
  })
}

t.test('without purposeId the client has exactly one purpose on this e-service, or it is told which there are', async (t) => {
  const token = certifiedToken({ claims: { purposeId: undefined } })
  const with2 = { ...certifiedRegistry({ client: { purposes: [id(6), id(16), id(26)] } }), purpose: (one: string) => ({ id: one, eserviceId: one === id(26) ? id(77) : id(3), consumerId: id(2), title: 'Una', versions: [] }) }
  t.match(await prove(token, {}, { registry: () => with2 }), { denial: 'purpose-unknown', detail: new RegExp(`expected one of its purposes on this e-service in the claim purposeId: "${id(6)}" or "${id(16)}", got no claim, and 2 purposes`) })
  t.match(await prove(certifiedToken({ claims: { purposeId: id(16) } }), {}, { registry: () => with2 }), { purposeId: id(16) })
  t.match(await prove(token, {}, { registry: () => certifiedRegistry({ client: { purposes: [] } }) }), { denial: 'purpose-unknown', detail: /a client with a purpose on this e-service/ })
  t.match(await prove(token), { purposeId: id(6) })
})

t.test('a token that is good once is good once, until it is too old, and only where that is demanded (C2)', async (t) => {
  const replay = plainReplay()
  const noted: [string, number][] = []
  const verdict = caller.prepare(world({ replay: { note: (...entry) => { noted.push([entry[0], entry[1]]); return replay.note(...entry) } } }), terms)
  const token = certifiedToken()
  const demanding = callWith(`Bearer ${token}`, { demands: once })
  t.match(verdict(callWith(`Bearer ${token}`, { demands: byCertificate })), { kind: 'x509' })
  t.strictSame(noted, [], 'where it may be used again nothing is remembered')
  t.match(verdict(demanding), { kind: 'x509' })
  t.match(verdict(demanding), { denial: 'token-replayed' })
  t.match(verdict(callWith(`Bearer ${certifiedToken({ claims: { jti: 'token-2' } })}`, { demands: once })), { kind: 'x509' })
  t.equal(noted[0]?.[1], (testSeconds + 290) * 1000, 'until exp')
  verdict(callWith(`Bearer ${certifiedToken({ claims: { jti: 'token-3', exp: testSeconds + 3600 } })}`, { demands: once }))
  t.equal(noted.at(-1)?.[1], (testSeconds - 10 + 300) * 1000, 'or until it is too old')
  t.notOk(noted[0]![0].includes('token-1'), 'what is remembered is of no use to anybody')
  t.match(verdict({ ...demanding, now: testTime + 290_000 }), { denial: 'token-expired' }, 'and when it is forgotten it is refused by itself')
})

t.test('a refused token is not used up, and an undecided one is no pass (C10)', async (t) => {
  const verdict = caller.prepare(world(), terms)
  const token = certifiedToken()
  t.match(verdict(callWith(`Bearer ${token}`, { demands: once, now: testTime - 60_000 })), { denial: 'token-not-yet-valid' })
  t.match(verdict(callWith(`Bearer ${token}`, { demands: once })), { kind: 'x509' })
  for (const note of [() => 'unavailable' as const, async () => 'unavailable' as const]) {
    t.match(await prove(token, { demands: once }, { replay: { note } }), { denial: 'replay-filter-unavailable', retryAfter: 5 })
  }
})

t.test('the same jti of another certificate is another token', async (t) => {
  const replay = plainReplay()
  t.match(await prove(certifiedToken(), { demands: once }, { replay }), { kind: 'x509' })
  t.match(await prove(certifiedToken(), { demands: once }, { replay, certificates: certificatesOf({ key: certifiedKey.publicKey, clientId: id(8), thumbprint: 'U'.repeat(43) }) }), { kind: 'x509' })
  t.match(await prove(certifiedToken(), { demands: once }, { replay }), { denial: 'token-replayed' })
})

t.test('from a blocked address nobody is asked about a certificate', async (t) => {
  let asked = 0
  const certificates = { find: () => { asked++; return 'unavailable' as const } }
  t.match(await prove(certifiedToken(), { blockedSeconds: 3 }, { certificates }), { denial: 'address-limit-exceeded', retryAfter: 3 })
  t.equal(asked, 0)
})

t.test('whatever a header says, only the good one passes, and nothing throws', async () => {
  const anything = fc.dictionary(fc.constantFrom('alg', 'typ', 'kid', 'x5c', 'x5t#S256', 'x5u', 'jku', 'jwk', 'crit', 'x5t', 'b64', '__proto__', 'constructor'), fc.oneof(fc.jsonValue(), fc.constantFrom('RS256', 'JWT', 'none')))
  await fc.assert(fc.asyncProperty(anything, fc.constantFrom(byCertificate, both, one), async (header, demands) => {
    const token = signText(JSON.stringify(header), { aud: ours }, platformKey.privateKey)
    return isDenial(await prove(token, { demands }))
  }), { numRuns: 500 })
})
