import { createHmac, generateKeyPairSync } from 'node:crypto'
import * as fc from 'fast-check'
import t from 'tap'
import { prepareAdmission } from './admission.ts'
import type { AdmittedCall } from './admission.ts'
import { caller } from './caller.ts'
import type { CallerFact } from './caller.ts'
import { certifiedToken } from './certificate-fixture.ts'
import { noDemands } from './demands.ts'
import type { Demands } from './demands.ts'
import { isDenial } from './denials.ts'
import type { Denial, DenialCode } from './denials.ts'
import { makeEvidence } from './evidence-fixture.ts'
import { explainCall, explainVoucher } from './explain.ts'
import { callWith, encode, id, plainReplay, portsOf, registryOf, terms, testSeconds, testTime, voucher } from './fixture.ts'
import type { RegistryChanges } from './fixture.ts'
import { goodInternalClaims, internalCertificate, internalClient, internalClientsWith, internalKey, internalKid, internalToken, kidOf, otherInternalClient, otherInternalKey, otherInternalKid } from './internal-fixture.ts'
import type { InternalChanges } from './internal-fixture.ts'
import type { Call, Ports } from './policy.ts'
import { clientKeysOf, signMessage } from './signature-fixture.ts'

const world = (changes: Partial<Ports> = {}): Ports => portsOf({ internalClients: internalClientsWith(), ...changes })
const inside = (token: string, call: Partial<Call> = {}): AdmittedCall => callWith(`Bearer ${token}`, { listener: 'internal', ...call })
const connected = (call: Partial<Call> = {}): AdmittedCall => callWith('', { listener: 'internal', authorization: [], connection: { secure: true, certificate: internalCertificate }, ...call })
const prove = async (call: AdmittedCall, ports: Partial<Ports> = {}): Promise<CallerFact | Denial> => caller.prepare(world(ports), terms)(call)
const codeOf = (verdict: CallerFact | Denial): string => isDenial(verdict) ? verdict.denial : verdict.kind

const proven = { kind: 'internal', clientId: internalClient.id, consumerId: id(2), producerId: id(1), purposeId: id(6), eserviceId: id(3), descriptorId: id(4), jkt: undefined, scheme: 'Bearer' }

t.test('an application proves the same as a voucher, by its token or by its certificate', async (t) => {
  t.match(await prove(inside(internalToken())), { ...proven, jti: 'token-1', kid: internalKid })
  t.match(await prove(connected()), { ...proven, jti: undefined, kid: internalCertificate.thumbprint })
})

t.test('whatever the contract says of its callers: that is about the other listener', async (t) => {
  for (const trust of [['pdnd'], ['x509'], ['pdnd', 'x509']] as const) t.equal(codeOf(await prove(inside(internalToken(), { demands: { ...noDemands, trust } }))), 'internal')
})

t.test('all the following policies hold it to the same registry', async (t) => {
  const admit = async (make: () => AdmittedCall, registry: RegistryChanges): Promise<DenialCode | undefined> => {
    const admission = prepareAdmission(world({ registry: () => registryOf(registry) }), terms)
    const call = make()
    const denial = await admission.beforeBody(call) ?? await admission.afterBody(call)
    if (!denial) t.match(call, { dpop: null, purpose: { id: id(6), dailyCalls: 5 }, agreement: { id: id(5) }, quota: Object })
    return denial?.denial
  }
  for (const make of [() => inside(internalToken()), () => connected()]) {
    t.equal(await admit(make, {}), undefined)
    t.equal(await admit(make, { descriptor: { state: 'Archived' } }), 'descriptor-not-usable')
    t.equal(await admit(make, { agreement: undefined }), 'agreement-missing')
    t.equal(await admit(make, { agreement: { state: 'Suspended' } }), 'agreement-not-active')
    t.equal(await admit(make, { agreement: { descriptorId: id(77) } }), 'descriptor-mismatch')
    t.equal(await admit(make, { purpose: { consumerId: id(77) } }), 'purpose-mismatch')
    t.equal(await admit(make, { purpose: { eserviceId: id(77) } }), 'purpose-unknown', 'none of its purposes is on this e-service')
    t.equal(await admit(make, { purpose: { versions: [] } }), 'purpose-not-active')
  }
})

t.test('whether it has a purpose is not concluded from what is not known here', async (t) => {
  for (const make of [() => inside(internalToken()), () => connected()]) {
    const settleAs = (settled: 'settled' | 'undecided', changes: RegistryChanges) => ({ registry: () => ({ ...registryOf(changes), settle: async ({ purposeId }: { readonly purposeId?: string | undefined }) => purposeId === undefined ? 'settled' as const : settled }) })
    t.equal(codeOf(await prove(make(), settleAs('undecided', { purpose: undefined }))), 'registry-unavailable')
    t.equal(codeOf(await prove(make(), settleAs('undecided', { purpose: { eserviceId: id(77) } }))), 'registry-unavailable', 'one on another e-service may not be all')
    t.equal(codeOf(await prove(make(), settleAs('settled', { purpose: undefined }))), 'purpose-unknown')
    t.equal(codeOf(await prove(make(), settleAs('undecided', {}))), 'internal', 'nobody waits where one is known')
  }
})

const kinds: readonly (readonly [name: string, call: AdmittedCall, expected: string])[] = [
  ['a token of an application where consumers call', callWith(`Bearer ${internalToken()}`), 'caller-kind-not-trusted'],
  ['the same where certificates are taken', callWith(`Bearer ${internalToken()}`, { demands: { ...noDemands, trust: ['x509'] } }), 'caller-kind-not-trusted'],
  ['its certificate where consumers call', callWith('', { authorization: [], connection: { secure: true, certificate: internalCertificate } }), 'voucher-missing'],
  ['a voucher inside', inside(voucher()), 'caller-kind-not-trusted'],
  ['a voucher inside, on a connection of an application', connected({ authorization: [`Bearer ${voucher()}`] }), 'caller-kind-not-trusted'],
  ['a token by certificate inside', inside(certifiedToken()), 'caller-kind-not-trusted'],
  ['no token, and no certificate', connected({ connection: { secure: true, certificate: undefined } }), 'voucher-missing'],
  ['no token at all', inside('a.b.c'), 'token-malformed'],
  ['two tokens', connected({ authorization: [`Bearer ${internalToken()}`, `Bearer ${internalToken()}`] }), 'malformed-request'],
  ['an empty token on a connection of an application', connected({ authorization: [''] }), 'voucher-missing'],
  ['a token that says nothing of its key', inside(internalToken({ header: { kid: undefined } })), 'token-malformed']
]

for (const [name, call, expected] of kinds) t.test(`${name}: ${expected}`, async (t) => { t.equal(codeOf(await prove(call)), expected) })

const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' })
const pem = internalKey.publicKey.export({ type: 'spki', format: 'pem' })
const shared = (secret: string | Buffer): string => {
  const signed = `${encode({ alg: 'HS256', typ: 'client-authentication+jwt', kid: internalKid })}.${encode(goodInternalClaims)}`
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`
}
const good = internalToken()
const [head = '', claims = '', signature = ''] = good.split('.')

/** Table a of the attacks on tokens, for this form. */
const forged: readonly (readonly [name: string, token: string, code: DenialCode])[] = [
  ...['none', 'None', 'NONE', 'nOnE', 'HS256', 'EdDSA', 'ES256K', '', undefined, 7, ['ES256']].map((alg) => [`alg ${JSON.stringify(alg)}`, internalToken({ header: { alg } }), 'token-malformed'] as const),
  ['no signature', `${head}.${claims}.`, 'token-malformed'],
  ['no signature, alg none', `${encode({ alg: 'none', typ: 'client-authentication+jwt', kid: internalKid })}.${claims}.`, 'token-malformed'],
  ['HS256 with the public key in PEM', shared(pem), 'token-malformed'],
  ['HS256 with the public key in DER', shared(internalKey.publicKey.export({ type: 'spki', format: 'der' })), 'token-malformed'],
  ['HS256 with nothing', shared(''), 'token-malformed'],
  ...['ES384', 'RS256', 'PS256'].map((alg) => [`alg ${alg} with a P-256 key`, internalToken({ header: { alg } }), 'token-unverifiable'] as const),
  ...[undefined, '', 'JWT', 'at', 'dpop+jwt', 'jose', 7].map((typ) => [`typ ${JSON.stringify(typ)}`, internalToken({ header: { typ } }), 'token-malformed'] as const),
  ...(['crit', 'b64', 'zip', 'cty', 'enc', 'jwk', 'jku', 'x5t'] as const).map((member) => [member, internalToken({ header: { [member]: 'https://evil.example' } }), 'token-malformed'] as const),
  ...['x5c', 'x5u', 'x5t#S256'].map((member) => [`${member} beside the kid`, internalToken({ header: { [member]: ['MA=='] } }), 'token-malformed'] as const),
  ...['', '../../../dev/null', "x' OR 1=1", 'x\u0000', 7, [internalKid], {}, 'k'.repeat(201)].map((kid) => [`kid ${JSON.stringify(kid).slice(0, 30)}`, internalToken({ header: { kid } }), 'token-malformed'] as const),
  ...['__proto__', 'constructor', 'k'.repeat(43), internalKid.toLowerCase()].map((kid) => [`kid ${kid}`, internalToken({ header: { kid } }), 'token-unverifiable'] as const),
  ['the key of another application under this kid', internalToken({ key: otherInternalKey.privateKey }), 'token-unverifiable'],
  ['a key that nobody has', internalToken({ key: p384.privateKey, header: { kid: kidOf(p384.publicKey) } }), 'token-unverifiable'],
  ['a bit of the signature changed', `${head}.${claims}.${signature[0] === 'A' ? 'B' : 'A'}${signature.slice(1)}`, 'token-unverifiable'],
  ['other claims under the signature', `${head}.${encode({ ...goodInternalClaims, exp: testSeconds + 590 })}.${signature}`, 'token-unverifiable'],
  ['another segment', `${good}.x`, 'token-malformed'],
  ['a member twice', `${encode(`{"alg":"ES256","alg":"ES256","typ":"client-authentication+jwt","kid":"${internalKid}"}`)}.${claims}.${signature}`, 'token-malformed']
]

for (const [name, token, code] of forged) {
  t.test(`${name}: ${code}, and nothing told but that`, async (t) => {
    const denial = await prove(inside(token)) as Denial
    t.match(denial, { denial: code, reason: String })
    t.equal(denial.detail, undefined)
  })
}

t.test('every algorithm with the kind of key that it is for', async (t) => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
  for (const { publicKey, privateKey } of [p384, generateKeyPairSync('ec', { namedCurve: 'P-521' }), rsa]) {
    const kid = kidOf(publicKey)
    t.equal(codeOf(await prove(inside(internalToken({ key: privateKey, header: { kid } })), { internalClients: internalClientsWith({}, { [kid]: publicKey }) })), 'internal', privateKey.asymmetricKeyDetails?.namedCurve ?? 'RSA')
  }
})

const once: Demands = { ...noDemands, singleUse: true }
const said = (name: string, changes: Readonly<Record<string, unknown>>, code?: DenialCode, demands = noDemands) => [name, changes, code, demands] as const
const [ours] = terms.audience as [string]
const claimCases = [
  said('everything right', {}),
  said('its purpose', { purposeId: id(6) }),
  ...(['iss', 'sub', 'iat', 'exp', 'jti'] as const).map((name) => said(`no ${name}`, { [name]: undefined }, 'token-claims-invalid')),
  said('no aud', { aud: undefined }, 'token-audience-mismatch'),
  ...(['iss', 'sub'] as const).flatMap((name) => [id(2), otherInternalClient.id, 'CRM', internalClient.id.toUpperCase(), [internalClient.id], 7].map((value) => said(`${name} ${JSON.stringify(value)}`, { [name]: value }, 'token-claims-invalid'))),
  said('the audience of the e-service among others', { aud: ['https://other.example', ours] }),
  said('the URL of the e-service on this listener', { aud: terms.internal?.eservice }),
  ...[terms.internal?.url, terms.publicUrl, `${ours}/`, `${ours}x`, ours.toUpperCase(), '*', [], 7, {}].map((aud) => said(`aud ${JSON.stringify(aud)}`, { aud }, 'token-audience-mismatch')),
  said('exp now', { exp: testSeconds }, 'token-expired'),
  said('exp in a second', { exp: testSeconds + 1 }),
  said('iat 5 s ahead', { iat: testSeconds + 5 }),
  said('iat 6 s ahead', { iat: testSeconds + 6 }, 'token-not-yet-valid'),
  said('nbf 8 s ahead', { nbf: testSeconds + 8 }, 'token-not-yet-valid'),
  said('a life of 10 minutes', { iat: testSeconds - 1, exp: testSeconds + 599 }),
  said('a life of a second more', { iat: testSeconds - 1, exp: testSeconds + 600 }, 'token-claims-invalid'),
  ...['1', 1.5, -1, 1e300, null].map((exp) => said(`exp ${exp}`, { exp }, 'token-claims-invalid')),
  ...['signed_headers', 'dnonce', 'userID'].map((name) => said(`something else, by ${name}`, { [name]: '1' }, 'token-claims-invalid')),
  ...['', 7, 'x'.repeat(201)].map((jti) => said(`jti ${JSON.stringify(jti).slice(0, 10)}`, { jti }, 'token-claims-invalid')),
  said('a purpose that is not its own', { purposeId: id(77) }, 'purpose-mismatch'),
  said('a purpose of another form', { purposeId: [id(6)] }, 'token-claims-invalid'),
  said('a token 300 s old that is good for one call', { iat: testSeconds - 300, exp: testSeconds + 200 }, 'token-expired', once),
  said('a token 300 s old that is good for several', { iat: testSeconds - 300, exp: testSeconds + 200 })
]

for (const [name, changes, code, demands] of claimCases) {
  t.test(`claims with ${name}${demands === once ? ' (once)' : ''}: ${code ?? 'admitted'}`, async (t) => {
    const verdict = await prove(inside(internalToken({ claims: changes }), { demands }))
    t.equal(isDenial(verdict) ? verdict.denial : undefined, code, JSON.stringify(verdict))
  })
}

t.test('a token with the key of one application in the name of another is neither\'s', async (t) => {
  const by = (changes: InternalChanges): string => internalToken({ key: otherInternalKey.privateKey, header: { kid: otherInternalKid }, ...changes })
  t.match(await prove(inside(by({}))), { denial: 'token-claims-invalid', detail: new RegExp(`Authorization iss: expected the client that the key is registered with, "${otherInternalClient.id}", got another name`) })
  t.match(await prove(inside(by({ claims: { iss: otherInternalClient.id, sub: otherInternalClient.id } }))), { clientId: otherInternalClient.id })
})

t.test('where it has several purposes on the e-service a token says which, and a certificate cannot', async (t) => {
  const registry = () => ({ ...registryOf(), purpose: (one: string) => ({ id: one, eserviceId: one === id(26) ? id(77) : id(3), consumerId: id(2), title: 'Una', versions: [] }) })
  const ports = { registry, internalClients: internalClientsWith({ purposes: [id(6), id(16), id(26)] }) }
  for (const call of [inside(internalToken()), connected()]) t.match(await prove(call, ports), { denial: 'purpose-unknown', detail: new RegExp(`in the claim purposeId: "${id(6)}" or "${id(16)}", got no claim, and 2 purposes`) })
  t.match(await prove(inside(internalToken({ claims: { purposeId: id(16) } })), ports), { purposeId: id(16) })
  t.match(await prove(inside(internalToken()), { internalClients: internalClientsWith({ purposes: [] }) }), { denial: 'purpose-unknown' })
})

const certificates: readonly (readonly [name: string, changes: object, code: string])[] = [
  ['one that is registered', {}, 'internal'],
  ['one that an authority vouches for, and is not registered', { thumbprint: 'D'.repeat(43), untrusted: undefined }, 'client-unknown'],
  ['one of the same name', { thumbprint: 'E'.repeat(43) }, 'client-unknown'],
  ['one that cannot be read', { thumbprint: '', subject: '', notBefore: 0, notAfter: 0 }, 'client-unknown'],
  ['an expired one', { notAfter: testTime - 1 }, 'client-certificate-untrusted'],
  ['one that is not valid yet', { notBefore: testTime + 1 }, 'client-certificate-untrusted'],
  ['one without times', { notBefore: Number.NaN, notAfter: Number.NaN }, 'client-certificate-untrusted']
]

for (const [name, changes, code] of certificates) {
  t.test(`a connection with ${name}: ${code}`, async (t) => { t.equal(codeOf(await prove(connected({ connection: { secure: true, certificate: { ...internalCertificate, ...changes } } }))), code) })
}

t.test('what only a voucher can bring is not waived, and said', async (t) => {
  const evidence = { trust: ['pdnd'], bound: true, claims: undefined } as const
  const integrity = { trust: ['pdnd'], headers: [], emptyBody: 'signed', contentCodings: [] } as const
  for (const [demands, what] of [[{ dpop: true }, /DPoP/], [{ scope: 'get_resource' }, /asynchronous exchange/], [{ evidence }, /AUDIT_REST_02/]] as const) {
    for (const call of [inside(internalToken(), { demands: { ...noDemands, ...demands } }), connected({ demands: { ...noDemands, ...demands } })]) t.match(await prove(call), { denial: 'caller-kind-not-trusted', detail: what })
  }
  t.match(await prove(connected({ demands: once })), { denial: 'caller-kind-not-trusted', detail: /ID_AUTH_REST_02/ })
  t.match(await prove(connected({ demands: { ...once, integrity } })), { kind: 'internal' }, 'each message is signed, and its signature is good once')
  t.match(await prove(inside(internalToken({ key: otherInternalKey.privateKey }), { demands: { ...noDemands, dpop: true } })), { denial: 'token-unverifiable' }, 'told to nobody who is not known')
})

t.test('a token can be used again, unless it is good once', async (t) => {
  const ports = { replay: plainReplay() }
  for (const expected of ['internal', 'internal']) t.equal(codeOf(await prove(inside(good), ports)), expected)
  for (const expected of ['internal', 'token-replayed']) t.equal(codeOf(await prove(inside(good, { demands: once }), ports)), expected)
  t.match(await prove(inside(good, { demands: once }), { replay: { note: () => 'unavailable' } }), { denial: 'replay-filter-unavailable', retryAfter: 5 })
})

t.test('nobody is taken for unknown while the registry cannot tell', async (t) => {
  const registry = () => ({ ...registryOf(), settle: () => 'undecided' as const })
  for (const call of [inside(good), connected()]) t.match(await prove(call, { registry }), { denial: 'registry-unavailable' })
})

t.test('from a blocked address no signature is verified; a connection has shown already who it is', async (t) => {
  t.match(await prove(inside(good, { blockedSeconds: 3 })), { denial: 'address-limit-exceeded', retryAfter: 3 })
  t.match(await prove(connected({ blockedSeconds: 3 })), { kind: 'internal' })
})

t.test('messages and evidence are signed with the keys of the registration, never with one of the platform', async (t) => {
  const body = Buffer.from('{"testo":"Ciao"}')
  const clientKeys = clientKeysOf(internalClient.id, id(77))
  const signing = { clientId: internalClient.id, audience: ours, now: testTime }
  const demands: Demands = { ...noDemands, integrity: { trust: ['pdnd'], headers: [], emptyBody: 'unsigned', contentCodings: [] }, evidence: { trust: ['pdnd'], bound: false, claims: undefined } }
  const own = { header: { kid: internalKid, alg: 'ES256' }, key: internalKey }
  const evidenceOf = (changes: object): string => makeEvidence({ clientId: internalClient.id, purposeId: id(6), audience: ours, now: testTime }, { header: { kid: internalKid, alg: 'ES256' }, key: internalKey.privateKey, ...changes })
  const admit = async (signature: Parameters<typeof signMessage>[2], evidence = evidenceOf({}), make = () => inside(internalToken())): Promise<string | undefined> => {
    const admission = prepareAdmission(world({ clientKeys }), terms)
    const call = { ...make(), demands, body, rawHeaders: [...Object.entries(signMessage(body, signing, signature)).flat(), 'Agid-JWT-TrackingEvidence', evidence] }
    const denial = await admission.beforeBody(call) ?? await admission.overBody(call)
    const lines = explainCall(call, { terms, registry: registryOf(), key: 'unknown', now: testTime, signers: world({ clientKeys }) })
    t.equal(lines.find(({ outcome }) => outcome === 'fail')?.code, denial?.denial, 'it is explained as it was judged')
    return denial?.denial
  }
  t.equal(await admit(own), undefined)
  t.equal(await admit(own, evidenceOf({}), () => connected()), undefined)
  t.equal(await admit({ ...own, claims: { aud: terms.internal?.eservice } }), undefined)
  t.equal(await admit({}), 'signature-unverifiable', 'a key that the platform has')
  t.equal(await admit({ ...own, header: { ...own.header, kid: otherInternalKid }, key: otherInternalKey }), 'signature-signer-mismatch')
  t.equal(await admit({ ...own, claims: { iss: otherInternalClient.id } }), 'signature-signer-mismatch')
  t.equal(await admit({ certificate: true }), 'signature-malformed')
  t.equal(await admit(own, evidenceOf({ header: { kid: otherInternalKid, alg: 'ES256' }, key: otherInternalKey.privateKey })), 'evidence-signer-mismatch')
  t.equal(await admit(own, evidenceOf({ claims: { iss: 'CRM' } })), 'evidence-claims-invalid')
  t.strictSame(clientKeys.asked, [], 'the platform is not asked')
  const consumer = prepareAdmission(world({ clientKeys }), terms)
  const call = callWith(`Bearer ${voucher()}`, { demands: { ...demands, evidence: undefined }, body, rawHeaders: Object.entries(signMessage(body, { ...signing, clientId: id(8) }, { ...own, header: { ...own.header, alg: 'RS256' } })).flat() })
  t.match(await consumer.beforeBody(call) ?? await consumer.overBody(call), { denial: 'signature-unverifiable' }, 'and no consumer signs with a key of an application')
})

t.test('a certificate that is registered is one to come with where a contract demands mutual TLS', async (t) => {
  const admit = async (call: AdmittedCall): Promise<string | undefined> => (await prepareAdmission(world(), terms).beforeBody(call))?.denial
  const demands: Demands = { ...noDemands, channel: 'mutual-tls' }
  t.equal(await admit(connected({ demands })), undefined)
  t.equal(await admit(connected({ demands, authorization: [`Bearer ${good}`] })), undefined)
  t.equal(await admit(inside(good, { demands })), 'tls-required')
  t.equal(await admit(connected({ demands, authorization: [`Bearer ${good}`], connection: { secure: true, certificate: { ...internalCertificate, thumbprint: 'x' } } })), 'client-certificate-untrusted')
  t.equal(await admit(connected({ demands, authorization: [`Bearer ${internalToken({ key: otherInternalKey.privateKey, header: { kid: otherInternalKid }, claims: { iss: otherInternalClient.id, sub: otherInternalClient.id } })}`] })), 'client-certificate-untrusted', 'that of another application')
})

t.test('an explanation says what admission does, and of a token alone what can be said of it', async (t) => {
  const context = { terms, registry: registryOf(), key: 'unknown', now: testTime, signers: world() } as const
  for (const [name, token, code] of forged) t.equal(explainCall(inside(token), context).find(({ outcome }) => outcome === 'fail')?.code, code, name)
  for (const [name, changes, code, demands] of claimCases) t.equal(explainCall(inside(internalToken({ claims: changes }), { demands }), context).find(({ outcome }) => outcome === 'fail')?.code, code, name)
  for (const [name, changes, code] of certificates) t.equal(explainCall(connected({ connection: { secure: true, certificate: { ...internalCertificate, ...changes } } }), context).find(({ outcome }) => outcome === 'fail')?.code ?? 'internal', code, name)
  t.match(explainCall({ ...connected(), connection: undefined }, context), [{ check: 'client certificate', outcome: 'not checked' }])
  const alone = explainVoucher(good, { ...context, signers: undefined })
  t.strictSame(alone.filter(({ outcome }) => outcome !== 'pass').map(({ check, outcome }) => `${check}: ${outcome}`), ['Authorization signature: not checked'])
  t.notOk(explainVoucher(good, context).find(({ outcome }) => outcome !== 'pass'))
})

t.test('whatever a header says, only the good one passes, and nothing throws', async () => {
  const anything = fc.dictionary(fc.constantFrom('alg', 'typ', 'kid', 'x5c', 'jku', 'jwk', 'crit', 'b64', '__proto__', 'constructor'), fc.oneof(fc.jsonValue(), fc.constantFrom('ES256', 'client-authentication+jwt', 'none', internalKid)))
  await fc.assert(fc.asyncProperty(anything, async (header) => isDenial(await prove(inside(`${encode(JSON.stringify(header))}.${claims}.${signature}`)))), { numRuns: 300 })
})
