import crypto from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'
import * as fc from 'fast-check'
import t from 'tap'
import { prepareAgreedClaims } from './agreed-claims.ts'
import type { CallerFact } from './caller.ts'
import type { Denial, DenialCode } from './denials.ts'
import { noDemands } from './demands.ts'
import type { EvidenceDemand } from './demands.ts'
import { evidence } from './evidence.ts'
import type { EvidenceFact } from './evidence.ts'
import { agreedClaims, evidenceDigestOf, makeEvidence } from './evidence-fixture.ts'
import type { EvidenceChanges } from './evidence-fixture.ts'
import { callWith, id, portsOf, registryOf, strangerKey, terms, testSeconds, testTime } from './fixture.ts'
import type { ClientKeys, FoundClientKey } from './keys.ts'
import type { Call, Ports, Terms } from './policy.ts'
import { certificatesOf, certificateThumbprint, clientKey, clientKeysOf, clientKid, otherClientKey, otherClientKid, signToken } from './signature-fixture.ts'
import { anyText } from './text-fixture.ts'

const header = 'Agid-JWT-TrackingEvidence'
const audience = terms.audience[0] as string
const claims = prepareAgreedClaims({})(agreedClaims)
/** AUDIT_REST_02 and AUDIT_REST_01. */
const bound: EvidenceDemand = { trust: ['pdnd'], bound: true, claims }
const unbound: EvidenceDemand = { ...bound, bound: false }
const make = (changes: EvidenceChanges = {}): string => makeEvidence({ clientId: id(8), purposeId: id(6), audience, now: testTime }, changes)
const hexOf = (value: string): string => evidenceDigestOf(value).value
const signer = clientKid

interface Attempt {
  readonly value?: string
  readonly rawHeaders?: readonly string[]
  readonly demand?: EvidenceDemand | undefined
  readonly caller?: Partial<CallerFact>
  readonly ports?: Partial<Ports>
  readonly terms?: Partial<Terms>
  readonly call?: Partial<Call>
}

type Prove = (attempt?: Attempt) => Promise<EvidenceFact | Denial>

/** The policy with the ports of a test: what it says of a call that is good but for the attempt. */
function prepare (ports: Partial<Ports> = {}, changedTerms: Partial<Terms> = {}): Prove {
  const prove = evidence.prepare(portsOf({ clientKeys: clientKeysOf(id(8), id(77)), ...ports }), { ...terms, ...changedTerms })
  return async ({ value = make(), rawHeaders = [header, value], demand = bound, caller, call } = {}) => {
    const known = { kind: 'pdnd', clientId: id(8), consumerId: id(2), purposeId: id(6), evidenceDigest: hexOf(value), ...caller } as CallerFact
    return prove({ ...callWith('Bearer x', { rawHeaders, demands: { ...noDemands, evidence: demand }, ...call }), caller: known, purpose: { id: id(6), dailyCalls: 1 } })
  }
}

const prove: Prove = async (attempt = {}) => prepare(attempt.ports, attempt.terms)(attempt)

t.test('evidence by a key of the client proves its digest and that key, and holds nothing of its claims', async (t) => {
  const value = make()
  t.strictSame(await prove({ value }), { digest: hexOf(value), signer })
  t.strictSame(await prove({ value, demand: unbound, caller: { evidenceDigest: undefined } }), { digest: hexOf(value), signer })
  t.strictSame(await prove({ value, demand: { ...bound, claims: undefined } }), { digest: hexOf(value), signer })
})

t.test('the header has two spellings, in any case, among others', async (t) => {
  for (const name of [header, 'Agid-JWT-Tracking-Evidence', 'agid-jwt-trackingevidence', 'AGID-JWT-TRACKING-EVIDENCE']) {
    const value = make()
    t.match(await prove({ value, rawHeaders: ['Host', 'x', name, value, 'Accept', '*/*'] }), { digest: hexOf(value) }, name)
  }
})

t.test('where none is demanded nothing is looked at', async (t) => {
  const prove = evidence.prepare(portsOf(), terms)
  for (const evidenceDigest of [undefined, hexOf('x')]) {
    for (const rawHeaders of [[], [header, 'x'], [header, 'x', header, 'y']]) {
      t.equal(await prove({ ...callWith('Bearer x', { rawHeaders }), caller: { evidenceDigest } as CallerFact, purpose: { id: id(6), dailyCalls: 1 } }), null)
    }
  }
})

const other = 'Agid-JWT-Tracking-Evidence'
const one = make()
const amounts: Readonly<Record<string, readonly [rawHeaders: readonly string[], code: DenialCode]>> = {
  'none': [[], 'evidence-missing'],
  'an empty one': [[header, ''], 'evidence-missing'],
  'a header of another name': [['Agid-JWT-Evidence', one], 'evidence-missing'],
  'a header with underscores': [['Agid_JWT_TrackingEvidence', one], 'evidence-missing'],
  'one twice': [[header, one, header, one], 'evidence-malformed'],
  'one in both spellings': [[header, one, other, one], 'evidence-malformed'],
  'two in both spellings': [[other, make(), header, one], 'evidence-malformed'],
  'one and an empty one': [[header, one, other, ''], 'evidence-malformed'],
  'an empty one and one': [[header, '', other, one], 'evidence-missing'],
  'two in one header': [[header, `${one}, ${one}`], 'evidence-malformed']
}

for (const [name, [rawHeaders, code]] of Object.entries(amounts)) {
  t.test(`${name}: ${code}`, async (t) => { t.match(await prove({ value: one, rawHeaders }), { denial: code, detail: undefined, reason: String }) })
}

const [head = '', body = '', signature = ''] = one.split('.')
const flipped = Buffer.from(signature, 'base64url')
flipped[40]! ^= 1
const malformed: Readonly<Record<string, string>> = {
  ...Object.fromEntries([undefined, 'at+jwt', 'dpop+jwt', 'JOSE', ['JWT'], 7].map((typ) => [`typ ${JSON.stringify(typ)}`, make({ header: { typ } })])),
  ...Object.fromEntries([undefined, 'none', 'None', 'HS256', 'ES256', 'rs256', 'EdDSA', ['RS256']].map((alg) => [`alg ${JSON.stringify(alg)}`, make({ header: { alg } })])),
  ...Object.fromEntries([undefined, '', 7, {}, ['a'], '../../../dev/null', '|sleep 10', 'a\u0000', "x' UNION SELECT '1';--", 'x'.repeat(201)].map((kid) => [`kid ${JSON.stringify(kid)?.slice(0, 20)}`, make({ header: { kid } })])),
  ...Object.fromEntries(['crit', 'b64', 'zip', 'cty', 'enc', 'jwk', 'jku', 'x5t', 'x5u', 'x5c', 'x5t#S256'].map((name) => [`${name} in the header`, make({ header: { [name]: 'x' } })])),
  'no signature': `${head}.${body}.`,
  'a signature with padding': `${one}==`,
  'a space behind': `${one} `,
  'a JWE of five parts': `${one}.a.b`,
  'JSON serialisation': JSON.stringify({ payload: body }),
  'a member twice': `${Buffer.from('{"typ":"JWT","typ":"JWT"}').toString('base64url')}.${body}.${signature}`,
  'claims that are no object': signToken({ typ: 'JWT', alg: 'RS256', kid: clientKid }, '[]', clientKey.privateKey),
  'more than 8 KiB': make({ claims: { more: 'x'.repeat(8192) } })
}

for (const [name, value] of Object.entries(malformed)) {
  t.test(`evidence with ${name} is malformed, and more is not told`, async (t) => {
    const denial = await prove({ value })
    t.match(denial, { denial: 'evidence-malformed', reason: String })
    t.equal((denial as Denial).detail, undefined)
  })
}

t.test('every RSA algorithm of a key on the platform is taken', async (t) => {
  for (const alg of ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512']) t.match(await prove({ value: make({ header: { alg } }) }), { signer }, alg)
})

t.test('what is not by the key that its header names is not verifiable', async (t) => {
  const forged: Readonly<Record<string, string>> = {
    'a key that the platform never had': make({ header: { kid: 'another' } }),
    'a name that every object has': make({ header: { kid: 'constructor' } }),
    'another key': make({ key: strangerKey.privateKey }),
    'one bit flipped': `${head}.${body}.${flipped.toString('base64url')}`,
    'of other evidence': `${head}.${body}.${make().split('.')[2]}`,
    'other claims': `${head}.${Buffer.from(JSON.stringify({ ...JSON.parse(Buffer.from(body, 'base64url').toString()) as object, userID: 'x' })).toString('base64url')}.${signature}`,
    'an HMAC with the public key': `${head}.${body}.${crypto.createHmac('sha256', clientKey.publicKey.export({ format: 'pem', type: 'spki' })).update(`${head}.${body}`).digest('base64url')}`
  }
  for (const [name, value] of Object.entries(forged)) t.match(await prove({ value }), { denial: 'evidence-unverifiable', detail: undefined, reason: String }, name)
})

t.test('a key that has to be asked for is waited for, and one that cannot be is 503', async (t) => {
  const late = { find: async (kid: string) => clientKeysOf(id(8), id(77)).find(kid) }
  t.match(await prove({ ports: { clientKeys: late } }), { signer })
  const answering = (found: FoundClientKey | Promise<FoundClientKey>): ClientKeys => ({ find: () => found })
  t.match(await prove({ ports: { clientKeys: answering(Promise.resolve('unknown')) } }), { denial: 'evidence-unverifiable' })
  for (const clientKeys of [answering('unavailable'), answering(Promise.resolve('unavailable'))]) t.match(await prove({ ports: { clientKeys } }), { denial: 'trust-source-unavailable', retryAfter: Number })
})

t.test('evidence of another client is not that of the caller', async (t) => {
  t.match(await prove({ value: make({ header: { kid: otherClientKid }, key: otherClientKey.privateKey }) }), { denial: 'evidence-signer-mismatch', detail: new RegExp(id(8)) })
  t.notMatch(await prove({ value: make({ header: { kid: otherClientKid }, key: otherClientKey.privateKey }) }), { detail: new RegExp(id(77)) }, 'who that is is not told')
})

const time = testSeconds
const invalid: Readonly<Record<string, readonly [check: string, code: DenialCode, claims: object]>> = {
  ...Object.fromEntries(['exp', 'iat'].flatMap((name) => [undefined, null, '1', 1.5, 1e300, -1, 0].map((value) => [`${name} ${JSON.stringify(value)}`, [`${name} (form)`, 'evidence-claims-invalid', { [name]: value }]]))),
  'exp now': ['exp', 'evidence-expired', { exp: time }],
  'iat in 6 s': ['iat', 'evidence-not-yet-valid', { iat: time + 6 }],
  'nbf in 6 s': ['nbf', 'evidence-not-yet-valid', { nbf: time + 6 }],
  'nbf that is no time': ['nbf', 'evidence-not-yet-valid', { nbf: 'x' }],
  'a life of more than a day': ['lifetime', 'evidence-claims-invalid', { exp: time + 86_401 }],
  ...Object.fromEntries([undefined, 'https://other.example', `${audience}/`, audience.toUpperCase(), '*', [], [7], 7, {}, ''].map((aud) => [`aud ${JSON.stringify(aud)}`, ['aud', 'evidence-audience-mismatch', { aud }]])),
  ...Object.fromEntries([undefined, id(77), id(2), '', 7, null, [id(8)]].map((iss) => [`iss ${JSON.stringify(iss)}`, ['iss', 'evidence-claims-invalid', { iss }]])),
  ...Object.fromEntries([undefined, '', 7, null, ['a'], 'x'.repeat(2001)].map((jti) => [`jti ${JSON.stringify(jti)?.slice(0, 10)}`, ['jti', 'evidence-claims-invalid', { jti }]])),
  ...Object.fromEntries([undefined, 7, null, [id(6)]].map((purposeId) => [`purposeId ${JSON.stringify(purposeId)}`, ['purposeId (form)', 'evidence-claims-invalid', { purposeId }]])),
  ...Object.fromEntries([id(77), id(6).toUpperCase(), ` ${id(6)}`, ''].map((purposeId) => [`purposeId "${purposeId}"`, ['purposeId', 'evidence-purpose-mismatch', { purposeId }]])),
  ...Object.fromEntries([undefined, '', 7, null, '123456789012', '12345678901234', 123456789012, 12345678901234, 1234567890123.5, '123456789012a', '１２３４５６７８９０１２３', -123456789012, [1234567890123]].map((dnonce) => [`dnonce ${JSON.stringify(dnonce)}`, ['dnonce', 'evidence-claims-invalid', { dnonce }]])),
  'an agreed claim that is missing': ['agreed claims', 'evidence-agreed-claims-invalid', { userID: undefined }],
  'an agreed claim of another form': ['agreed claims', 'evidence-agreed-claims-invalid', { LoA: 'TOP' }]
}

for (const [name, [check, code, claims]] of Object.entries(invalid)) {
  t.test(`evidence with ${name} is refused`, async (t) => {
    t.match(await prove({ value: make({ claims: { ...claims } }) }), { denial: code, check: `${header} ${check}`, detail: String })
  })
}

t.test('what goes with the pattern is taken', async (t) => {
  const variants: readonly object[] = [
    { dnonce: '1234567890123' }, { dnonce: '0000000000001' }, { dnonce: 9999999999999 }, { nbf: undefined }, { nbf: time + 5, iat: time + 5 }, { exp: time + 1 }, { exp: time + 86_400 }, { aud: [audience] },
    { aud: `https://other.example, ${audience}` }, { LoA: undefined }, { jti: 'x'.repeat(2000) }, { sub: 'anybody' }, { more: [1] }
  ]
  for (const claims of variants) t.match(await prove({ value: make({ claims: { ...claims } }) }), { signer }, JSON.stringify(claims).slice(0, 60))
})

t.test('dnonce belongs to AUDIT_REST_02 alone', async (t) => {
  for (const dnonce of [undefined, 7, 'x']) t.match(await prove({ value: make({ claims: { dnonce } }), demand: unbound }), { signer })
})

t.test('evidence may have an audience of its own', async (t) => {
  const value = make({ claims: { aud: 'https://audit.example.it' } })
  t.match(await prove({ value }), { denial: 'evidence-audience-mismatch' })
  t.match(await prove({ value, terms: { evidenceAudience: ['https://audit.example.it'] } }), { signer })
  t.match(await prove({ terms: { evidenceAudience: ['https://audit.example.it'] } }), { signer }, 'that of the e-service still does')
})

t.test('all missing claims are told at once, and one in another case is named', async (t) => {
  t.match(await prove({ value: make({ claims: { userID: undefined, userLocation: undefined } }) }), { detail: /got claim userID is missing; claim userLocation is missing\.$/ })
  t.match(await prove({ value: make({ claims: { userID: undefined, userid: 'user293' } }) }), { denial: 'evidence-agreed-claims-invalid', detail: /claim userid: did you mean userID/ })
})

t.test('the voucher of AUDIT_REST_02 holds the digest of the evidence', async (t) => {
  const value = make()
  t.match(await prove({ value, caller: { evidenceDigest: undefined } }), { denial: 'evidence-digest-missing' })
  for (const evidenceDigest of [hexOf(make()), hexOf(''), hexOf(`${value} `), '0'.repeat(64), hexOf(value.toUpperCase())]) t.match(await prove({ value, caller: { evidenceDigest } }), { denial: 'evidence-digest-mismatch' })
  t.notMatch(JSON.stringify(await prove({ value, caller: { evidenceDigest: hexOf('x') } })), new RegExp(`${hexOf(value)}|${hexOf('x')}`), 'neither is repeated')
})

t.test('a voucher that was asked for with evidence is held to it under AUDIT_REST_01 too', async (t) => {
  t.match(await prove({ demand: unbound, caller: { evidenceDigest: hexOf('another') } }), { denial: 'evidence-digest-mismatch' })
  t.match(await prove({ demand: unbound }), { signer })
})

t.test('the digest comes before the signature, and before anybody is asked for a key', async (t) => {
  const clientKeys = clientKeysOf(id(8), id(77))
  for (const value of [make({ key: strangerKey.privateKey }), make({ header: { kid: 'another' } }), make({ header: { alg: 'none' } })]) {
    t.match(await prove({ value, caller: { evidenceDigest: hexOf('x') }, ports: { clientKeys } }), { denial: 'evidence-digest-mismatch' })
    t.match(await prove({ value, caller: { evidenceDigest: undefined }, ports: { clientKeys } }), { denial: 'evidence-digest-missing' })
  }
  t.strictSame(clientKeys.asked, [])
})

t.test('by certificate it is known by the names that the client is registered with, and needs no purpose', async (t) => {
  const registry = () => ({ ...registryOf(), client: () => ({ id: id(8), consumerId: id(2), name: 'Client', kind: 'Consumer' as const, purposes: [], knownAs: ['app-1'] }) })
  const byCertificate = { ports: { certificates: certificatesOf(id(8)), registry }, demand: { ...unbound, trust: ['x509'] } as const, caller: { kind: 'x509', evidenceDigest: undefined } as const }
  for (const claims of [{}, { iss: id(2) }, { iss: 'app-1' }, { purposeId: undefined }]) t.match(await prove({ ...byCertificate, value: make({ certificate: true, claims }) }), { signer: certificateThumbprint }, JSON.stringify(claims))
  t.match(await prove({ ...byCertificate, value: make({ certificate: true, claims: { iss: 'app-2' } }) }), { denial: 'evidence-claims-invalid' })
  t.match(await prove({ ...byCertificate, value: make({ certificate: true, claims: { purposeId: id(77) } }) }), { denial: 'evidence-purpose-mismatch' })
  t.match(await prove({ ...byCertificate, value: make() }), { denial: 'evidence-malformed' }, 'a key on the platform is not what is trusted')
  t.match(await prove({ value: make({ certificate: true }) }), { denial: 'evidence-malformed' }, 'nor a certificate where that is not')
  t.match(await prove({ ...byCertificate, value: make({ certificate: true }), ports: { certificates: certificatesOf(id(77)), registry } }), { denial: 'evidence-signer-mismatch' })
})

/** Runs something and gives how many signatures were verified meanwhile. */
async function countVerified (work: () => Promise<void>): Promise<number> {
  const { verify } = crypto
  let count = 0
  crypto.verify = ((...args: Parameters<typeof verify>) => {
    count++
    return verify(...args)
  }) as typeof verify
  syncBuiltinESMExports()
  await work().finally(() => {
    crypto.verify = verify
    syncBuiltinESMExports()
  })
  return count
}

t.test('a signature is verified once, and everything else on every call', async (t) => {
  let keys: ClientKeys = clientKeysOf(id(8), id(77))
  const prove = prepare({ clientKeys: { find: (kid) => keys.find(kid) } })
  const value = make()
  t.equal(await countVerified(async () => { for (let call = 0; call < 5; call++) t.match(await prove({ value }), { signer }) }), 1)
  t.match(await prove({ value, call: { now: testTime + 600_000 } }), { denial: 'evidence-expired' })
  t.match(await prove({ value, caller: { clientId: id(77) } }), { denial: 'evidence-signer-mismatch' })
  t.match(await prove({ value, caller: { purposeId: id(77) } }), { denial: 'evidence-purpose-mismatch' })
  t.match(await prove({ value, caller: { evidenceDigest: hexOf('x') } }), { denial: 'evidence-digest-mismatch' })
  t.match(await prove({ value, demand: { ...bound, claims: prepareAgreedClaims({})({ required: ['more'] }) } }), { denial: 'evidence-agreed-claims-invalid' })
  keys = { find: () => ({ key: otherClientKey.publicKey, clientId: id(8) }) }
  t.match(await prove({ value }), { denial: 'evidence-unverifiable' }, 'another key under its id')
  keys = { find: () => 'unknown' }
  t.match(await prove({ value }), { denial: 'evidence-unverifiable' }, 'a key that was deleted')
  keys = { find: () => 'unavailable' }
  t.match(await prove({ value }), { denial: 'trust-source-unavailable' })
  keys = clientKeysOf(id(8), id(77))
  t.equal(await countVerified(async () => { t.match(await prove({ value }), { signer }) }), 0)
})

t.test('a signature that was not genuine is not remembered', async (t) => {
  const prove = prepare()
  const value = make({ key: strangerKey.privateKey })
  t.equal(await countVerified(async () => { for (let call = 0; call < 3; call++) t.match(await prove({ value }), { denial: 'evidence-unverifiable' }) }), 3)
})

t.test('a refusal holds nothing of what evidence says', async (t) => {
  const canary = 'RSSMRA80A01H501U'
  for (const name of ['iss', 'jti', 'purposeId', 'dnonce', 'userID', 'userLocation', 'LoA', 'exp', 'nbf', canary]) {
    for (const value of [canary, [canary], { [canary]: canary }, canary.repeat(200)]) {
      for (const claims of [{ [name]: value }, { [name]: value, userLocation: undefined }]) t.notMatch(JSON.stringify(await prove({ value: make({ claims }) })), canary, `${name} ${typeof value}`)
    }
  }
  for (const header of [{ typ: canary }, { kid: ` ${canary}` }, { jku: canary }, { [canary]: canary, alg: 'none' }]) t.notMatch(JSON.stringify(await prove({ value: make({ header }) })), canary)
})

t.test('whatever comes as evidence is refused by a value, never by a throw', async () => {
  const json = fc.jsonValue({ maxDepth: 2 })
  const some = (names: readonly string[], value: fc.Arbitrary<unknown>) => fc.dictionary(fc.constantFrom(...names), value, { maxKeys: 4 })
  const values = fc.oneof(
    anyText(),
    fc.tuple(json, json, fc.base64String()).map(([header, claims, end]) => [JSON.stringify(header), JSON.stringify(claims)].map((part) => Buffer.from(part).toString('base64url')).join('.') + `.${end}`),
    some(['typ', 'kid', 'x5c', 'x5t#S256', 'jwk', 'crit'], json).map((header) => make({ header })),
    some(['iss', 'aud', 'jti', 'iat', 'nbf', 'exp', 'purposeId', 'dnonce', 'userID', 'userLocation', 'LoA', 'userid'], fc.oneof(json, fc.webUrl(), fc.constantFrom(id(8), audience, testSeconds, 1234567890123))).map((claims) => make({ claims }))
  )
  await fc.assert(fc.asyncProperty(fc.array(values, { maxLength: 2 }), fc.constantFrom(bound, unbound), async (sent, demand) => {
    const answer = await prove({ value: sent[0] ?? '', rawHeaders: sent.flatMap((value) => [header, value]), demand })
    return answer !== null && ('denial' in answer ? answer.denial.startsWith('evidence-') : answer.signer === signer && sent.length === 1)
  }), { numRuns: 1000 })
})
