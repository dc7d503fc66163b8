import { generateKeyPairSync } from 'node:crypto'
import * as fc from 'fast-check'
import t from 'tap'
import { prepareAdmission } from './admission.ts'
import type { CallerFact } from './caller.ts'
import { noDemands } from './demands.ts'
import type { IntegrityDemand } from './demands.ts'
import type { Denial, DenialCode } from './denials.ts'
import { explainVoucher } from './explain.ts'
import { callWith, id, plainReplay, platformKey, portsOf, registryOf, strangerKey, terms, testSeconds, testTime, voucher } from './fixture.ts'
import { integrity } from './integrity.ts'
import type { IntegrityFact } from './integrity.ts'
import type { Call, Ports } from './policy.ts'
import { ecKey, makeProof } from './proof-fixture.ts'
import type { ReplayFilter, ReplayVerdict } from './replay.ts'
import { certificateThumbprint, certificatesOf, clientKey, clientKeysOf, clientKid, digestOf, makeSignature, otherClientKey, otherClientKid, signMessage, signToken } from './signature-fixture.ts'
import { anyText } from './text-fixture.ts'

const message = Buffer.from('{"testo": "Ciao mondo"}')
const nothing = Buffer.alloc(0)
const clientId = id(8)
const signing = { clientId, audience: terms.audience[0]!, now: testTime }
const byPlatform: IntegrityDemand = { trust: ['pdnd'], headers: [], emptyBody: 'unsigned', contentCodings: [] }
const byEither: IntegrityDemand = { ...byPlatform, trust: ['pdnd', 'x509'] }

type Changes = Parameters<typeof signMessage>[2]
interface Attempt { readonly body?: Buffer, readonly demand?: IntegrityDemand | undefined, readonly changes?: Changes, readonly rawHeaders?: readonly string[], readonly ports?: Partial<Ports>, readonly call?: Partial<Call> }

const portsFor = (ports: Partial<Ports> = {}): Ports => portsOf({ clientKeys: clientKeysOf(clientId, id(77)), certificates: certificatesOf(clientId), ...ports })
const fieldsOf = (changes?: Changes, body: Buffer = message): readonly string[] => Object.entries(signMessage(body, signing, changes)).flat()

/** The call with a signed message, good but for what is said. */
function callOf ({ body = message, demand = byPlatform, changes, rawHeaders = fieldsOf(changes, body), call }: Attempt): ReturnType<typeof callWith> {
  return callWith(`Bearer ${voucher()}`, { method: 'POST', body, rawHeaders, demands: { ...noDemands, integrity: demand }, ...call })
}

/** What the policy says of such a call. */
async function prove (attempt: Attempt = {}): Promise<IntegrityFact | Denial> {
  return integrity.prepare(portsFor(attempt.ports), terms)({ ...callOf(attempt), caller: { clientId } as CallerFact })
}

t.test('a signature by the caller over what was received proves who signed what', async (t) => {
  t.match(await prove(), { clientId, id: clientKid, jti: String, digest: digestOf(message) })
  t.match(await prove({ demand: byEither }), { id: clientKid })
  t.match(await prove({ demand: byEither, changes: { certificate: true } }), { clientId, id: certificateThumbprint })
  t.match(await prove({ demand: { ...byPlatform, trust: ['x509'] }, changes: { certificate: true, claims: { iss: undefined, sub: 'Ente' } } }), { id: certificateThumbprint }, 'iss and sub of a certificate are nobody\'s client id')
  for (const alg of ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512']) t.match(await prove({ changes: { header: { alg } } }), { id: clientKid }, alg)
})

t.test('where none is demanded nothing is looked at', async (t) => {
  const never = new Proxy({}, { get: () => { throw new Error('looked at') } }) as Ports
  const call = { ...callOf({}), demands: noDemands, caller: { clientId } as CallerFact, rawHeaders: undefined as unknown as readonly string[] }
  t.equal(integrity.prepare(never, terms)(call), null)
})

t.test('a body that was not read is a fault, never a pass', async (t) => {
  t.throws(() => integrity.prepare(portsFor(), terms)({ ...callOf({}), body: undefined, caller: { clientId } as CallerFact }))
})

t.test('sources and filters may take their time', async (t) => {
  const clientKeys = clientKeysOf(clientId, id(77))
  const late = { clientKeys: { find: async (kid: string) => clientKeys.find(kid) }, replay: { note: async (): Promise<ReplayVerdict> => 'first' } }
  t.match(await prove({ ports: late }), { id: clientKid })
  t.match(await prove({ ports: { ...late, clientKeys: { find: async () => 'unknown' as const } } }), { denial: 'signature-unverifiable' })
  t.match(await prove({ ports: { clientKeys: { find: async () => 'unavailable' as const } } }), { denial: 'trust-source-unavailable', retryAfter: Number })
  t.match(await prove({ ports: { replay: { note: async (): Promise<ReplayVerdict> => 'unavailable' } } }), { denial: 'replay-filter-unavailable', retryAfter: Number })
})

const { publicUrl } = terms
const url = `${publicUrl}/rest/things/v1/things`
const audiences: Readonly<Record<string, readonly [aud: unknown, taken: boolean]>> = {
  'the audience of the e-service': [terms.audience[0], true],
  'in a list': [['https://other.example', terms.audience[0]], true],
  'several in one text': [`https://other.example,${terms.audience[0]}`, true],
  'the URL of the call': [url, true],
  'what the configuration adds': ['interno', true],
  'the URL of another call': [`${url}/7`, false],
  'a prefix': [`${publicUrl}/rest/things`, false],
  'a slash behind': [`${terms.audience[0]}/`, false],
  'upper case': [url.toUpperCase(), false],
  'without TLS': [url.replace('https', 'http'), false],
  'the URL with a query': [`${url}?a=b`, false],
  'a wildcard': ['*', false],
  'an empty list': [[], false],
  'nothing': [undefined, false],
  'a number': [7, false],
  'an object': [{ [url]: true }, false]
}
t.test('aud is the audience of the e-service, one that is configured, or the URL of the call', async (t) => {
  for (const [name, [aud, taken]] of Object.entries(audiences)) {
    const answer = await integrity.prepare(portsFor(), { ...terms, signatureAudience: ['interno'] })({ ...callOf({ changes: { claims: { aud } } }), caller: { clientId } as CallerFact })
    if (taken) t.match(answer, { id: clientKid }, name)
    else t.match(answer, { denial: 'signature-audience-mismatch', detail: `expected "${terms.audience[0]}" or "interno" or the URL of the call, got` }, name)
  }
})

const someKey = generateKeyPairSync('rsa', { modulusLength: 2048 })
const malformed: Readonly<Record<string, Changes>> = {
  ...Object.fromEntries([undefined, 'at+jwt', 'dpop+jwt', 'JOSE', ['JWT'], 7].map((typ) => [`typ ${JSON.stringify(typ)}`, { header: { typ } }])),
  ...Object.fromEntries([undefined, 'none', 'None', 'nOnE', 'HS256', 'ES256', 'EdDSA', 'rs256', ['RS256']].map((alg) => [`alg ${JSON.stringify(alg)}`, { header: { alg } }])),
  ...Object.fromEntries(['crit', 'b64', 'zip', 'cty', 'enc', 'jwk', 'jku', 'x5t'].map((name) => [name, { header: { [name]: name === 'crit' ? [] : 'https://127.0.0.1:9/key' } }])),
  ...Object.fromEntries(['x5c', 'x5u', 'x5t#S256'].map((name) => [`${name} where a key of the platform is demanded`, { header: { [name]: 'https://127.0.0.1:9/key' } }])),
  ...Object.fromEntries([undefined, '', '../../../dev/null', '|sleep 10', '\' UNION SELECT \'1\';--', '\0', 'x'.repeat(201), 7, ['a'], {}].map((kid) => [`kid ${JSON.stringify(kid)?.slice(0, 20)}`, { header: { kid } }]))
}
t.test('what is not of the form of a signature is malformed, and more is not told', async (t) => {
  for (const [name, changes] of Object.entries(malformed)) {
    const clientKeys = clientKeysOf(clientId, clientId)
    const denial = await prove({ changes, ports: { clientKeys } }) as Denial
    t.match(denial, { denial: 'signature-malformed', reason: String }, name)
    t.equal(denial.detail, undefined, name)
    t.strictSame(clientKeys.asked, [], 'nobody is asked for a key')
  }
})

const [head = '', claims = '', signature = ''] = makeSignature({ digest: digestOf(message) }, signing).split('.')
const unreadable: Readonly<Record<string, readonly [token: string | undefined, code: DenialCode]>> = {
  'none': [undefined, 'signature-missing'],
  'an empty one': ['', 'signature-missing'],
  'two in one': [`${head}.${claims}.${signature}, ${head}.${claims}.${signature}`, 'signature-malformed'],
  'no token': ['x', 'signature-malformed'],
  'no signature': [`${head}.${claims}.`, 'signature-malformed'],
  'another segment': [`${head}.${claims}.${signature}.x`, 'signature-malformed'],
  'padding': [`${head}.${claims}.${signature}==`, 'signature-malformed'],
  'another spelling': [`${head}.${claims}.${signature.slice(0, -1)}${signature.endsWith('A') ? 'B' : signature.endsWith('Q') ? 'R' : signature.endsWith('g') ? 'h' : 'x'}`, 'signature-malformed'],
  'too long a one': [`${head}.${claims}.${'A'.repeat(9000)}`, 'signature-malformed'],
  'a member twice': [signToken({ typ: 'JWT', alg: 'RS256', kid: clientKid }, '{"iat":1,"iat":2}', clientKey.privateKey), 'signature-malformed'],
  'claims that are no object': [signToken({ typ: 'JWT', alg: 'RS256', kid: clientKid }, '[]', clientKey.privateKey), 'signature-malformed'],
  'the voucher': [voucher(), 'signature-malformed'],
  'a DPoP proof': [makeProof({ method: 'POST', url, voucher: voucher(), now: testTime }), 'signature-malformed'],
  'cut short': [`${head}.${claims}.${Buffer.from(signature, 'base64url').subarray(0, 252).toString('base64url')}`, 'signature-unverifiable'],
  'other claims': [`${head}.${Buffer.from('{}').toString('base64url')}.${signature}`, 'signature-unverifiable'],
  'nothing but zeros': [`${head}.${claims}.${Buffer.alloc(256).toString('base64url')}`, 'signature-unverifiable']
}
t.test('a signature is one genuine token', async (t) => {
  for (const [name, [token, code]] of Object.entries(unreadable)) {
    const denial = await prove({ changes: { sent: { 'Agid-JWT-Signature': token } } }) as Denial
    t.match(denial, { denial: code, detail: undefined, reason: String }, name)
    if (token) t.notOk(JSON.stringify(denial).includes(token.slice(-20) || 'x'.repeat(20)), 'nothing of it is told')
  }
  const twice = fieldsOf()
  t.match(await prove({ rawHeaders: [...twice, ...twice.slice(-2)] }), { denial: 'signature-malformed' }, 'two fields')
})

const foreign: Readonly<Record<string, readonly [code: DenialCode, changes: Changes, demand?: IntegrityDemand]>> = {
  'a kid that nobody has': ['signature-unverifiable', { header: { kid: 'unknown' } }],
  'another key': ['signature-unverifiable', { key: someKey }],
  'the platform\'s own key': ['signature-unverifiable', { key: platformKey }],
  'a certificate that nobody has': ['signature-unverifiable', { certificate: true, header: { 'x5t#S256': 'unknown' } }, byEither],
  'another key than the certificate\'s': ['signature-unverifiable', { certificate: true, key: ecKey }, byEither],
  'an RSA key where the certificate has one on a curve': ['signature-unverifiable', { certificate: true, key: strangerKey, header: { alg: 'RS256' } }, byEither],
  'the key of another client': ['signature-signer-mismatch', { key: otherClientKey, header: { kid: otherClientKid } }],
  'the key of another client in the caller\'s name': ['signature-signer-mismatch', { key: otherClientKey, header: { kid: otherClientKid }, claims: { iss: clientId, sub: clientId } }],
  'iss of another client': ['signature-signer-mismatch', { claims: { iss: id(77) } }],
  'iss that is no id': ['signature-signer-mismatch', { claims: { iss: 'https://api.example.it' } }],
  'sub of another client': ['signature-signer-mismatch', { claims: { sub: id(77) } }],
  'sub that is no text': ['signature-signer-mismatch', { claims: { sub: [clientId] } }],
  'no iss': ['signature-claims-invalid', { claims: { iss: undefined } }],
  'iss that is no text': ['signature-claims-invalid', { claims: { iss: [clientId] } }],
  'no jti': ['signature-claims-invalid', { claims: { jti: undefined } }],
  'an empty jti': ['signature-claims-invalid', { claims: { jti: '' } }],
  'a jti that is a number': ['signature-claims-invalid', { claims: { jti: 7 } }],
  'a jti beyond all measure': ['signature-claims-invalid', { claims: { jti: 'x'.repeat(201) } }],
  'no exp': ['signature-claims-invalid', { claims: { exp: undefined } }],
  'exp that is a text': ['signature-claims-invalid', { claims: { exp: String(testSeconds + 60) } }],
  'exp that never comes': ['signature-claims-invalid', { claims: { exp: 1e300 } }],
  'exp now': ['signature-expired', { claims: { exp: testSeconds } }],
  'signed 301 s ago': ['signature-expired', { claims: { iat: testSeconds - 301, nbf: undefined } }],
  'no iat': ['signature-claims-invalid', { claims: { iat: undefined } }],
  'iat in 6 s': ['signature-not-yet-valid', { claims: { iat: testSeconds + 6 } }],
  'nbf in 6 s': ['signature-not-yet-valid', { claims: { nbf: testSeconds + 6 } }],
  'nbf that is a text': ['signature-not-yet-valid', { claims: { nbf: 'x' } }],
  'a lifetime of more than a day': ['signature-claims-invalid', { claims: { iat: testSeconds, exp: testSeconds + 86_401 } }],
  'no signed_headers': ['signature-headers-mismatch', { claims: { signed_headers: undefined } }],
  'a media type that was not signed': ['signature-headers-mismatch', { sent: { 'Content-Type': 'text/plain' } }],
  'a digest that was not signed': ['signature-headers-mismatch', { sent: { Digest: digestOf(message, 'SHA-512') } }],
  'Digest taken out': ['digest-missing', { sent: { Digest: undefined } }],
  'a digest in hexadecimal': ['digest-malformed', { headers: { Digest: `SHA-256=${'ab'.repeat(32)}` } }],
  'the digest of something else': ['digest-mismatch', { headers: { Digest: digestOf('x') } }]
}
for (const [name, [code, changes, demand]] of Object.entries(foreign)) {
  t.test(`${name}: ${code}`, async (t) => { t.match(await prove({ changes, demand: demand ?? byPlatform }), { denial: code, check: /^(Agid-JWT-Signature|signed_headers|Digest)/, detail: code === 'signature-unverifiable' ? undefined : String }) })
}

t.test('times are taken to their limits', async (t) => {
  for (const claims of [{ exp: testSeconds + 1 }, { iat: testSeconds + 5 }, { nbf: testSeconds + 5 }, { nbf: undefined }, { iat: testSeconds, exp: testSeconds + 86_400 }, { iat: testSeconds - 300 }, { sub: undefined }, { jti: 'x'.repeat(200) }]) {
    t.match(await prove({ changes: { claims } }), { id: clientKid }, JSON.stringify(claims))
  }
})

const signedEmpty: IntegrityDemand = { ...byPlatform, emptyBody: 'signed' }
const bare: Changes = { headers: { 'Content-Type': undefined, 'Digest': undefined } }
const ofNothing: Changes = { headers: { 'Content-Type': undefined } }
const empties: Readonly<Record<string, readonly [demand: IntegrityDemand, fields: readonly string[], code: DenialCode | 'a signature' | 'none']>> = {
  'unsigned, nothing': [byPlatform, [], 'none'],
  'unsigned, a good digest': [byPlatform, ['Digest', digestOf('')], 'none'],
  'unsigned, a wrong digest': [byPlatform, ['Digest', digestOf(message)], 'digest-mismatch'],
  'unsigned, a malformed digest': [byPlatform, ['Digest', 'x'], 'digest-malformed'],
  'unsigned, a wrong Content-Digest': [byPlatform, ['Content-Digest', 'sha-256=:x:'], 'digest-malformed'],
  'unsigned, signed all the same': [byPlatform, fieldsOf(ofNothing, nothing), 'a signature'],
  'unsigned, signed over headers alone': [byPlatform, fieldsOf({ headers: { ...bare?.headers, 'X-Note': 'a' } }, nothing), 'a signature'],
  'unsigned, a signature that is none': [byPlatform, ['Agid-JWT-Signature', 'x'], 'signature-malformed'],
  'unsigned, an empty signature': [byPlatform, ['Agid-JWT-Signature', ''], 'signature-missing'],
  'unsigned, a signature by another client': [byPlatform, fieldsOf({ ...ofNothing, key: otherClientKey, header: { kid: otherClientKid } }, nothing), 'signature-signer-mismatch'],
  'unsigned, a signature over a body': [byPlatform, fieldsOf(ofNothing, message), 'digest-mismatch'],
  'unsigned, a signature over a body, its digest taken out': [byPlatform, fieldsOf({ ...ofNothing, sent: { Digest: undefined } }, message), 'signature-headers-mismatch'],
  'unsigned, a demanded header that is not signed': [{ ...byPlatform, headers: ['x-note'] }, fieldsOf(ofNothing, nothing), 'signature-headers-mismatch'],
  'signed, nothing': [signedEmpty, [], 'signature-missing'],
  'signed, a digest alone': [signedEmpty, ['Digest', digestOf('')], 'signature-missing'],
  'signed, a signature': [signedEmpty, fieldsOf(ofNothing, nothing), 'a signature'],
  'signed, a signature without digest': [signedEmpty, fieldsOf(bare, nothing), 'digest-missing']
}
t.test('a request without a body is signed where the contract says so, and what it carries is checked', async (t) => {
  for (const [name, [demand, rawHeaders, code]] of Object.entries(empties)) {
    const answer = await prove({ body: nothing, demand, rawHeaders, call: { method: 'GET' } })
    if (code === 'none') t.equal(answer, null, name)
    else if (code === 'a signature') t.match(answer, { id: clientKid }, name)
    else t.match(answer, { denial: code }, name)
  }
  t.match(await prove({ body: nothing, rawHeaders: fieldsOf(bare, nothing) }), { digest: undefined })
})

t.test('a body is never taken unsigned, whatever the method', async (t) => {
  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'GET', 'HEAD']) {
    for (const rawHeaders of [[], ['Digest', digestOf(message)]]) t.match(await prove({ rawHeaders, call: { method } }), { denial: 'signature-missing' }, method)
    t.match(await prove({ call: { method } }), { id: clientKid }, method)
  }
})

t.test('a signature is good for one call', async (t) => {
  const replay = plainReplay()
  const once: Changes = { claims: { jti: 'once' } }
  t.match(await prove({ changes: once, ports: { replay } }), { jti: 'once' })
  t.match(await prove({ changes: once, ports: { replay } }), { denial: 'signature-replayed', detail: undefined })
  t.match(await prove({ changes: { ...once, certificate: true }, demand: byEither, ports: { replay } }), { denial: 'signature-replayed' }, 'by another key of the same client')
  const another = { ...callOf({ changes: { key: otherClientKey, header: { kid: otherClientKid }, claims: { jti: 'once', iss: id(77), sub: id(77) } } }), caller: { clientId: id(77) } as CallerFact }
  t.match(await integrity.prepare(portsFor({ replay }), terms)(another), { clientId: id(77) }, 'the jti of another client is another one')
  const other = clientKeysOf(id(77), clientId)
  t.match(await prove({ changes: { claims: { jti: 'once', iss: clientId }, key: otherClientKey, header: { kid: otherClientKid } }, ports: { replay, clientKeys: other } }), { denial: 'signature-replayed' })
  t.match(await prove({ changes: { claims: { jti: 'twice' } }, ports: { replay } }), { jti: 'twice' })
})

t.test('only a signature of which nothing else is wrong is noted, by a digest, for as long as it is good', async (t) => {
  const noted: unknown[][] = []
  const replay: ReplayFilter = { note: (...entry) => {
    noted.push(entry)
    return 'first'
  } }
  for (const [, changes, demand] of Object.values(foreign)) await prove({ changes, demand: demand ?? byPlatform, ports: { replay } })
  t.strictSame(noted, [])
  await prove({ changes: { claims: { jti: 'canary', exp: testSeconds + 40 } }, ports: { replay } })
  await prove({ changes: { claims: { iat: testSeconds - 100, exp: testSeconds + 80_000 } }, ports: { replay } })
  t.match(noted, [[/^[\w-]{43}$/, (testSeconds + 40) * 1000, testTime], [/^[\w-]{43}$/, (testSeconds + 201) * 1000, testTime]])
  t.equal(noted.length, 2)
})

t.test('any changed byte of body, digest, header or signature is refused', async (t) => {
  const sent = signMessage(message, signing, { headers: { 'X-Note': 'nota 4711' } })
  const demand = { ...byPlatform, headers: ['x-note'] }
  const attempt = async (headers: Readonly<Record<string, string>>, body: Buffer): Promise<IntegrityFact | Denial> => prove({ demand, body, rawHeaders: Object.entries(headers).flat() })
  t.match(await attempt(sent, message), { id: clientKid })
  await fc.assert(fc.asyncProperty(fc.constantFrom('body', ...Object.keys(sent)), fc.nat(), fc.integer({ min: 1, max: 93 }), async (part, at, by) => {
    if (part === 'body') {
      const body = Buffer.from(message)
      body[at % body.length]! ^= by
      const answer = await attempt(sent, body)
      return answer !== null && 'denial' in answer && answer.denial === 'digest-mismatch'
    }
    const value = sent[part] as string
    const place = at % value.length
    const changed = String.fromCharCode(33 + (value.charCodeAt(place) - 33 + by) % 94)
    const answer = await attempt({ ...sent, [part]: value.slice(0, place) + (changed === value[place] ? ' ' : changed) + value.slice(place + 1) }, message)
    return answer !== null && 'denial' in answer && /^(signature|digest)-/.test(answer.denial)
  }), { numRuns: 1500 })
})

t.test('whatever comes is refused by a value, never by a throw', async () => {
  const json = fc.jsonValue({ maxDepth: 3 })
  const some = (names: readonly string[], value: fc.Arbitrary<unknown>) => fc.dictionary(fc.constantFrom(...names), value, { maxKeys: 3 })
  const changes: fc.Arbitrary<Changes> = fc.oneof(
    fc.record({ header: some(['typ', 'alg', 'kid', 'x5c', 'x5t#S256', 'x5u', 'crit'], json) }),
    fc.record({ claims: some(['iss', 'sub', 'aud', 'exp', 'iat', 'nbf', 'jti', 'signed_headers'], json) }),
    fc.record({ claims: fc.record({ signed_headers: fc.array(fc.oneof(some(['digest', 'content-type', 'Digest', 'x'], fc.oneof(json, fc.constant(digestOf(message)))), json)) }) }),
    fc.record({ sent: fc.record({ 'Agid-JWT-Signature': anyText(), 'Digest': anyText() }) })
  )
  await fc.assert(fc.asyncProperty(changes, async (changes) => {
    const answer = await prove({ changes, demand: byEither })
    return answer !== null && ('denial' in answer ? /^(signature|digest)-/.test(answer.denial) : answer.clientId === clientId)
  }), { numRuns: 800 })
})

t.test('an explanation says what admission says', async (t) => {
  const attempts: Attempt[] = [
    {}, { demand: undefined }, { demand: byEither, changes: { certificate: true } },
    ...Object.values(malformed).map((changes) => ({ changes })),
    ...Object.values(unreadable).map(([token]) => ({ changes: { sent: { 'Agid-JWT-Signature': token } } })),
    ...Object.values(foreign).map(([, changes, demand]) => ({ changes, demand: demand ?? byPlatform })),
    ...Object.values(empties).map(([demand, rawHeaders]) => ({ body: nothing, demand, rawHeaders }))
  ]
  for (const [index, attempt] of attempts.entries()) {
    const call = callOf(attempt)
    const signers = portsFor()
    const explain = (known: boolean) => explainVoucher(voucher(), { terms, registry: registryOf(), key: { key: platformKey.publicKey }, now: testTime, call, ...known && { signers } })
    const before = prepareAdmission(signers, terms)
    const denial = await before.beforeBody(call) ?? await before.overBody(call)
    t.equal(explain(true).find(({ outcome }) => outcome === 'fail')?.code, denial?.denial, `${index}: ${denial?.denial ?? 'admitted'}`)
    t.notMatch(JSON.stringify(explain(true)), call.rawHeaders.find((value) => /^ey.*\.ey/.test(value))?.slice(-30) ?? 'x'.repeat(30))
    for (const { check, outcome } of explain(false)) if (check.endsWith(' signature')) t.equal(outcome, 'not checked')
  }
  const unread = explainVoucher(voucher(), { terms, registry: registryOf(), key: { key: platformKey.publicKey }, now: testTime, call: { ...callOf({}), body: undefined } })
  t.match(unread.at(-1), { check: 'Agid-JWT-Signature', outcome: 'not checked', got: 'the body was not read' })
})

t.test('an explanation waits for nobody', async (t) => {
  const late = explainVoucher(voucher(), { terms, registry: registryOf(), key: { key: platformKey.publicKey }, now: testTime, call: callOf({}), signers: portsFor({ clientKeys: { find: async () => { throw new Error('no') } } }) })
  t.match(late.find(({ check }) => check === 'Agid-JWT-Signature signature'), { outcome: 'not checked' })
})
