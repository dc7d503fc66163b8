import { createHmac, createPublicKey, generateKeyPairSync } from 'node:crypto'
import * as fc from 'fast-check'
import t from 'tap'
import { noDemands } from './demands.ts'
import { dpop } from './dpop.ts'
import type { DpopFact } from './dpop.ts'
import { hashOf } from './dpop-proof.ts'
import type { CallerFact } from './caller.ts'
import type { Scheme } from './credentials.ts'
import type { Denial, DenialCode } from './denials.ts'
import { callWith, plainReplay, portsOf, terms, testSeconds, testTime } from './fixture.ts'
import type { Call } from './policy.ts'
import { ecKey, jktOf, jwkOf, makeProof, rsaKey, signProof } from './proof-fixture.ts'
import type { ProofChanges } from './proof-fixture.ts'
import { thumbprintOf } from './jwk.ts'
import type { ReplayFilter, ReplayVerdict } from './replay.ts'
import { anyText } from './text-fixture.ts'

const text = 'voucher.of.tests'
const url = 'https://api.example.it/rest/things/v1/things'
const jkt = jktOf(ecKey.publicKey)
const goodCall = { method: 'GET', url, voucher: text, now: testTime }
const proof = (changes: ProofChanges = {}): string => makeProof(goodCall, changes)

interface Attempt { readonly proofs?: readonly string[], readonly jkt?: string | undefined, readonly scheme?: Scheme, readonly replay?: ReplayFilter, readonly call?: Partial<Call> }

/** What the policy says of a call with a verified voucher that is bound to `ecKey`, unless changed. */
async function prove ({ proofs = [], replay = plainReplay(), scheme = 'DPoP', call, ...rest }: Attempt): Promise<DpopFact | Denial> {
  const caller = { jkt: 'jkt' in rest ? rest.jkt : jkt, scheme } as CallerFact
  return dpop.prepare(portsOf({ replay }), terms)({ ...callWith(`${scheme} ${text}`, { proofs, ...call }), caller })
}

t.test('the thumbprint and the hash of a voucher are those of RFC 9449', async (t) => {
  const key = { kty: 'EC', x: 'l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs', y: '9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA', crv: 'P-256' }
  t.equal(thumbprintOf(key), '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I')
  t.equal(thumbprintOf({ ...key, kid: 'a', use: 'sig' }), thumbprintOf(key), 'other members are no part of it')
  t.equal(hashOf('Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU'), 'fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo')
})

t.test('the thumbprint of an RSA key is that of RFC 7638', async (t) => {
  const n = '0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw'
  t.equal(thumbprintOf({ kty: 'RSA', n, e: 'AQAB', alg: 'RS256', kid: '2011-04-29' }), 'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs')
})

t.test('a proof by the key that the voucher is bound to proves that key', async (t) => {
  t.strictSame(await prove({ proofs: [proof()] }), { jkt })
  t.strictSame(await prove({ proofs: [proof({ key: rsaKey })], jkt: jktOf(rsaKey.publicKey) }), { jkt: jktOf(rsaKey.publicKey) })
  t.strictSame(await prove({ proofs: [proof()], call: { demands: { ...noDemands, dpop: true } } }), { jkt })
})

t.test('a voucher that is bound to no key needs none, unless the operation demands it', async (t) => {
  t.equal(await prove({ jkt: undefined, scheme: 'Bearer' }), null)
  t.equal(await prove({ jkt: undefined, scheme: 'Bearer', proofs: ['x'] }), null, 'what is not asked for is not looked at')
})

const demanded = { demands: { ...noDemands, dpop: true } }
const together: readonly (readonly [name: string, attempt: Attempt, code: DenialCode])[] = [
  ['a bound voucher as Bearer', { scheme: 'Bearer', proofs: [proof()] }, 'dpop-required'],
  ['an unbound voucher as Bearer where DPoP is demanded', { jkt: undefined, scheme: 'Bearer', call: demanded }, 'dpop-required'],
  ['an unbound voucher as DPoP where DPoP is demanded', { jkt: undefined, proofs: [proof()], call: demanded }, 'dpop-required'],
  ['an unbound voucher as DPoP', { jkt: undefined, proofs: [proof()] }, 'dpop-binding-mismatch'],
  ['no proof', {}, 'dpop-missing'],
  ['an empty proof', { proofs: [''] }, 'dpop-missing'],
  ['two proofs', { proofs: [proof(), proof()] }, 'dpop-malformed'],
  ['two proofs in one header', { proofs: [`${proof()}, ${proof()}`] }, 'dpop-malformed']
]

for (const [name, attempt, code] of together) t.test(`${name}: ${code}`, async (t) => { t.match(await prove(attempt), { denial: code }) })

const pair = (curve: string) => generateKeyPairSync('ec', { namedCurve: curve })
const weak = generateKeyPairSync('rsa', { modulusLength: 1024 })
const jwk = jwkOf(ecKey.publicKey)
const rsaJwk = jwkOf(rsaKey.publicKey)
const byRsa = (changes: object): ProofChanges => ({ key: rsaKey, header: { jwk: { ...rsaJwk, ...changes } } })
const malformed: Readonly<Record<string, ProofChanges>> = {
  ...Object.fromEntries([undefined, 'JWT', 'at+jwt', 'DPoP+JWT', 'application/dpop+jwt', ['dpop+jwt'], 7].map((typ) => [`typ ${JSON.stringify(typ)}`, { header: { typ } }])),
  ...Object.fromEntries([undefined, 'none', 'None', 'HS256', 'ES384', 'PS256', 'RS384', 'EdDSA', 'es256', 'RS256', ['ES256']].map((alg) => [`alg ${JSON.stringify(alg)}`, { header: { alg } }])),
  ...Object.fromEntries(['crit', 'b64', 'zip', 'cty', 'enc', 'jku', 'x5u', 'x5c'].map((name) => [`${name} in the header`, { header: { [name]: name === 'b64' ? false : 'x' } }])),
  ...Object.fromEntries(['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'].map((name) => [`${name} in jwk`, { header: { jwk: { ...jwk, [name]: 'AA' } } }])),
  ...Object.fromEntries([undefined, null, 'x', [], {}, 7].map((value) => [`jwk ${JSON.stringify(value)}`, { header: { jwk: value } }])),
  'the whole private key in jwk': { header: { jwk: jwkOf(ecKey.privateKey) } },
  'a symmetric key in jwk': { header: { jwk: { kty: 'oct', k: 'AAAA' } } },
  'a symmetric key and HS256': { header: { alg: 'HS256', jwk: { kty: 'oct', k: 'AAAA' } } },
  'an Ed25519 key': { header: { jwk: jwkOf(generateKeyPairSync('ed25519').publicKey) } },
  'a key on P-384': { key: pair('P-384') },
  'a key on secp256k1': { key: pair('secp256k1') },
  'an RSA key of 1024 bits': { key: weak },
  'an RSA key for ES256': { header: { jwk: rsaJwk } },
  'an EC key for RS256': { key: rsaKey, header: { jwk } },
  'a coordinate that is too short': { header: { jwk: { ...jwk, x: 'AAAA' } } },
  'a coordinate with padding': { header: { jwk: { ...jwk, x: `${String(jwk['x'])}=` } } },
  'a coordinate that is no text': { header: { jwk: { ...jwk, y: 7 } } },
  'no second coordinate': { header: { jwk: { ...jwk, y: undefined } } },
  'an exponent of 1': byRsa({ e: 'AQ' }),
  'an even exponent': byRsa({ e: 'AQAA' }),
  'an exponent of 5 bytes': byRsa({ e: 'AQAAAAE' }),
  'an exponent with a leading zero': byRsa({ e: 'AAEAAQ' }),
  'a modulus with a leading zero': byRsa({ n: Buffer.concat([Buffer.alloc(1), Buffer.from(String(rsaJwk['n']), 'base64url')]).toString('base64url') }),
  'a modulus of 2047 bits': byRsa({ n: Buffer.concat([Buffer.from([0x7f]), Buffer.alloc(255, 1)]).toString('base64url') }),
  'a modulus beyond all measure': byRsa({ n: Buffer.alloc(1025, 0xff).toString('base64url') }),
  'no modulus': byRsa({ n: undefined }),
  'a key for encryption': { header: { jwk: { ...jwk, use: 'enc' } } },
  'a key for another algorithm': { header: { jwk: { ...jwk, alg: 'ES384' } } },
  'a key for other operations': { header: { jwk: { ...jwk, key_ops: ['sign'] } } }
}

for (const [name, changes] of Object.entries(malformed)) {
  t.test(`a proof with ${name} is malformed, and more is not told`, async (t) => {
    const denial = await prove({ proofs: [proof(changes)] })
    t.match(denial, { denial: 'dpop-malformed', reason: String })
    t.equal((denial as Denial).detail, undefined)
  })
}

t.test('public members of a key that say nothing against its use do no harm', async (t) => {
  t.strictSame(await prove({ proofs: [proof({ header: { jwk: { ...jwk, kid: 'a', use: 'sig', alg: 'ES256', key_ops: ['verify'], ext: true } } })] }), { jkt })
  t.strictSame(await prove({ proofs: [proof({ header: { kid: 'a' } })] }), { jkt })
})

const [head = '', body = '', signature = ''] = proof().split('.')
const flip = Buffer.from(signature, 'base64url')
flip[40]! ^= 1
const unreadable: Readonly<Record<string, string>> = {
  'no token': 'x',
  'without signature': `${head}.${body}.`,
  'a signature with padding': `${head}.${body}.${signature}==`,
  'a JWE of five parts': `${head}.${body}.${signature}.a.b`,
  'a member twice': signProof(`{"typ":"dpop+jwt","alg":"ES256","alg":"ES256","jwk":${JSON.stringify(jwk)}}`, {}, ecKey.privateKey),
  'claims that are no object': signProof({ typ: 'dpop+jwt', alg: 'ES256', jwk }, '[]', ecKey.privateKey)
}

t.test('what is no token is malformed', async (t) => {
  for (const [name, value] of Object.entries(unreadable)) t.match(await prove({ proofs: [value] }), { denial: 'dpop-malformed', detail: undefined }, name)
})

const derSignature = (): string => {
  const raw = Buffer.from(signature, 'base64url')
  const integer = (bytes: Buffer): Buffer => {
    const positive = (bytes[0] ?? 0) > 127 ? Buffer.concat([Buffer.alloc(1), bytes]) : bytes
    return Buffer.concat([Buffer.from([2, positive.length]), positive])
  }
  const sequence = Buffer.concat([integer(raw.subarray(0, 32)), integer(raw.subarray(32))])
  return Buffer.concat([Buffer.from([0x30, sequence.length]), sequence]).toString('base64url')
}

t.test('a signature that is not by the key in the header is not verifiable', async (t) => {
  const other = pair('P-256')
  const forged: Readonly<Record<string, string>> = {
    'another key': makeProof(goodCall, { key: { publicKey: ecKey.publicKey, privateKey: other.privateKey } }),
    'one bit flipped': `${head}.${body}.${flip.toString('base64url')}`,
    'nothing but zeros': `${head}.${body}.${Buffer.alloc(64).toString('base64url')}`,
    'one byte': `${head}.${body}.AA`,
    'cut short': `${head}.${body}.${Buffer.from(signature, 'base64url').subarray(0, 63).toString('base64url')}`,
    'in DER': `${head}.${body}.${derSignature()}`,
    'of another proof': `${head}.${body}.${proof().split('.')[2]}`,
    'an HMAC with the public key': `${head}.${body}.${createHmac('sha256', createPublicKey(ecKey.privateKey).export({ format: 'pem', type: 'spki' })).update(`${head}.${body}`).digest('base64url')}`,
    'a point that is not on the curve': proof({ header: { jwk: { ...jwk, y: jwk['x'] } } })
  }
  for (const [name, value] of Object.entries(forged)) t.match(await prove({ proofs: [value] }), { denial: 'dpop-unverifiable', detail: undefined }, name)
})

const invalid: Readonly<Record<string, readonly [check: string, claims: object]>> = {
  ...Object.fromEntries([undefined, '', 'x'.repeat(201), 7, null, ['a']].map((jti) => [`jti ${JSON.stringify(jti)?.slice(0, 20)}`, ['DPoP jti', { jti }]])),
  ...Object.fromEntries([undefined, 'get', 'POST', ' GET', 7].map((htm) => [`htm ${JSON.stringify(htm)}`, ['DPoP htm', { htm }]])),
  ...Object.fromEntries([undefined, 7, '', '/rest/things/v1/things', 'https://api.example.it', `${url}/`, url.replace('https', 'http'), url.replace('.it', '.it:8443'), url.replace('api', 'evil'), url.toUpperCase()].map((htu) => [`htu ${JSON.stringify(htu)}`, ['DPoP htu', { htu }]])),
  ...Object.fromEntries([undefined, '1', 1.5, 1e300, -1, null].map((iat) => [`iat ${JSON.stringify(iat)}`, ['DPoP iat (form)', { iat }]])),
  'iat 61 s ago': ['DPoP iat', { iat: testSeconds - 61 }],
  'iat in 6 s': ['DPoP iat', { iat: testSeconds + 6 }],
  'iat in milliseconds': ['DPoP iat', { iat: testSeconds * 100 }],
  'exp now': ['DPoP exp and nbf', { exp: testSeconds }],
  'nbf in 6 s': ['DPoP exp and nbf', { nbf: testSeconds + 6 }],
  ...Object.fromEntries([undefined, '', 7, hashOf('another'), `${hashOf(text)}=`, Buffer.from(hashOf(text), 'base64url').toString('hex')].map((ath) => [`ath ${JSON.stringify(ath)}`, ['DPoP ath', { ath }]]))
}

for (const [name, [check, claims]] of Object.entries(invalid)) {
  t.test(`a proof with ${name} is invalid`, async (t) => {
    t.match(await prove({ proofs: [proof({ claims: { ...claims } })] }), { denial: 'dpop-proof-invalid', check, detail: String })
  })
}

t.test('a proof is good for a minute, and by a clock that is 5 s ahead', async (t) => {
  for (const iat of [testSeconds - 60, testSeconds, testSeconds + 5]) t.strictSame(await prove({ proofs: [proof({ claims: { iat } })] }), { jkt }, `${iat - testSeconds}`)
  t.strictSame(await prove({ proofs: [proof({ claims: { exp: testSeconds + 1, nbf: testSeconds + 5, nonce: 'x', more: [1] } })] }), { jkt })
  t.strictSame(await prove({ proofs: [proof({ claims: { jti: 'x'.repeat(200) } })] }), { jkt })
})

t.test('a proof by another key than the voucher is bound to does not go with it', async (t) => {
  t.match(await prove({ proofs: [proof({ key: pair('P-256') })] }), { denial: 'dpop-binding-mismatch', check: 'DPoP key', detail: /cnf\.jkt/ })
  t.match(await prove({ proofs: [proof({ key: rsaKey })] }), { denial: 'dpop-binding-mismatch' })
})

t.test('a proof is admitted once', async (t) => {
  const replay = plainReplay()
  const value = proof({ claims: { jti: 'once' } })
  t.strictSame(await prove({ proofs: [value], replay }), { jkt })
  t.match(await prove({ proofs: [value], replay }), { denial: 'dpop-replayed' })
  t.match(await prove({ proofs: [proof({ claims: { jti: 'once', iat: testSeconds - 1 } })], replay }), { denial: 'dpop-replayed' }, 'another proof with its jti')
  t.strictSame(await prove({ proofs: [proof({ key: rsaKey, claims: { jti: 'once' } })], jkt: jktOf(rsaKey.publicKey), replay }), { jkt: jktOf(rsaKey.publicKey) }, 'the jti of another key is another one')
})

t.test('only a proof that is good otherwise is noted, by a digest, for 70 s from its iat', async (t) => {
  const noted: unknown[][] = []
  const replay: ReplayFilter = { note: async (...entry): Promise<ReplayVerdict> => {
    noted.push(entry)
    return 'first'
  } }
  await prove({ proofs: [proof({ claims: { ath: 'x' } })], replay })
  t.strictSame(await prove({ proofs: [proof({ claims: { iat: testSeconds - 30, jti: 'canary' } })], replay }), { jkt })
  t.match(noted, [[/^[\w-]{43}$/, (testSeconds + 40) * 1000, testTime]])
  t.equal(noted.length, 1)
})

t.test('when it cannot be told whether a proof was used before it is refused', async (t) => {
  t.match(await prove({ proofs: [proof()], replay: { note: async (): Promise<ReplayVerdict> => 'unavailable' } }), { denial: 'replay-filter-unavailable', retryAfter: Number })
})

t.test('an explanation holds nothing of the path or of what a proof says of itself', async (t) => {
  const canary = 'RSSMRA80A01H501U'
  for (const claims of [{ htu: `${url}/${canary}` }, { htu: canary }, { htm: canary }, { jti: canary.repeat(20) }, { ath: canary }, { iat: canary }, { nbf: canary }]) {
    t.notMatch(JSON.stringify(await prove({ proofs: [proof({ claims })] })), canary)
  }
  for (const header of [{ typ: canary }, { jwk: { ...jwk, kty: canary } }, { jwk: canary }]) t.notMatch(JSON.stringify(await prove({ proofs: [proof({ header })] })), canary)
})

t.test('whatever comes as a proof is refused by a value, never by a throw', async () => {
  const json = fc.jsonValue({ maxDepth: 2 })
  const some = (names: readonly string[], value: fc.Arbitrary<unknown>) => fc.dictionary(fc.constantFrom(...names), value, { maxKeys: 4 })
  const jwks = fc.oneof(json, some(['kty', 'crv', 'x', 'y', 'n', 'e'], fc.oneof(fc.base64String(), json)).map((changes) => ({ ...jwk, ...changes })), some(['n', 'e'], fc.base64String()).map((changes) => ({ ...rsaJwk, ...changes })))
  const proofs = fc.oneof(
    anyText(),
    fc.tuple(json, json, fc.base64String()).map(([header, claims, end]) => [JSON.stringify(header), JSON.stringify(claims)].map((part) => Buffer.from(part).toString('base64url')).join('.') + `.${end}`),
    fc.record({ header: fc.record({ jwk: jwks, alg: fc.constantFrom('ES256', 'RS256') }), key: fc.constantFrom(ecKey, rsaKey) }).map(proof),
    fc.record({ claims: some(['jti', 'htm', 'htu', 'iat', 'ath', 'exp', 'nbf'], fc.oneof(json, fc.webUrl(), fc.string())) }).map(proof)
  )
  await fc.assert(fc.asyncProperty(fc.array(proofs, { maxLength: 2 }), async (values) => {
    const answer = await prove({ proofs: values })
    return answer !== null && ('denial' in answer ? answer.denial.startsWith('dpop-') : answer.jkt === jkt)
  }), { numRuns: 1500 })
})
