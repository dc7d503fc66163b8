import * as fc from 'fast-check'
import t from 'tap'
import { parseJson } from '../openapi/json/json.ts'
import { caller } from './caller.ts'
import type { CallerFact } from './caller.ts'
import { firstFailure } from './check.ts'
import { dpop } from './dpop.ts'
import { proofChecks, proofHeaderChecks } from './dpop-proof.ts'
import type { ProofSubject } from './dpop-proof.ts'
import { callWith, encode, goodClaims, goodHeader, id, kid, plainReplay, portsOf, signText, terms, testSeconds, testTime, voucher } from './fixture.ts'
import { isRecord, readCompactJws, readJws, steeringMembers } from './jws.ts'
import { ecKey, jktOf, jwkOf, makeProof, rsaKey, signProof } from './proof-fixture.ts'
import { anyCharacter as anyUnicode, anyText } from './text-fixture.ts'
import { formChecks, headerChecks } from './voucher.ts'
import { workTimeOf } from '../openapi/work-time.ts'

/** Every run tries the same cases, unless another seed is asked for; a failure says its seed and the path to it. */
fc.configureGlobal({ seed: Number(process.env['VARCO_TEST_SEED'] ?? 20_260_302), numRuns: 5000 })

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'.split('')
const anyCharacter = fc.oneof(fc.constantFrom(...alphabet, ...'.=+/ \t\r\n,;"\0\u007f\u2028\ufeff'.split(''), 'а', 'ｅ', '\ud800', '😀'), anyUnicode)
/** Names and values that mean something to a careless reader. */
const oddName = fc.constantFrom('__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'then', 'alg', 'kid', 'typ', 'iss', 'aud', 'exp', 'cnf', 'jti', 'iat', 'htu', 'htm', 'ath', 'jwk', ...steeringMembers)
const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth)
const oddText = fc.oneof(
  fc.constantFrom('1e400', '-1e400', '-0', '1E3', '9007199254740993', '0.1', '1e-400', `1${'0'.repeat(400)}`, 'null', 'true', '""', '[]', '{}', '{"__proto__":1}', '{"constructor":{"prototype":{}}}', nested(20), nested(80), '"\\u0000"', '"\\ud800"', 'NaN', 'Infinity', '01', '+1', "'x'", `${testSeconds}`, `"${testSeconds}"`),
  // What could be meant, and is not what was issued.
  fc.constantFrom(`"${id(77)}"`, `"${id(1).toUpperCase()}"`, '"other.example"', '"ES256"', '"PS256"', '"JWT"', '"dpop+jwt"', `${testSeconds - 1}`, `${testSeconds + 5}`, `${testSeconds + 6}`, `${testSeconds + 90_000}`, `["${terms.audience[0]}","*"]`, `"https://other.example,${terms.audience[0]}"`, '["*"]', '"POST"', '["GET"]'),
  fc.json({ maxDepth: 3 })
)

type Mutator = (token: string) => fc.Arbitrary<string>
const at = (token: string): fc.Arbitrary<number> => fc.nat(Math.max(0, token.length - 1))
const segmentsOf = (token: string): string[] => token.split('.')
const onSegment = (change: (segment: string) => fc.Arbitrary<string>): Mutator => (token) => fc.nat(2).chain((index) => change(segmentsOf(token)[index] ?? '').map((segment) => segmentsOf(token).with(Math.min(index, segmentsOf(token).length - 1), segment).join('.')))
const bytesOf = (segment: string): Buffer => Buffer.from(segment, 'base64url')
/** The JSON text of an object with one more member, in front, behind, or instead. */
const addMember = (text: string, name: string, value: string, escaped: boolean, front: boolean): string => {
  const key = escaped ? `"${name.split('').map((character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`).join('')}"` : JSON.stringify(name)
  return front ? text.replace('{', `{${key}:${value},`) : text.replace(/\}$/, `,${key}:${value}}`)
}

/** Everything that can happen to a token on its way, or be done to it. */
const mutators: Readonly<Record<string, Mutator>> = {
  'a bit flipped in the text': (token) => fc.tuple(at(token), fc.nat(6)).map(([index, bit]) => token.slice(0, index) + String.fromCharCode(token.charCodeAt(index) ^ (1 << bit)) + token.slice(index + 1)),
  'a bit flipped in the bytes': onSegment((segment) => fc.tuple(fc.nat(Math.max(0, bytesOf(segment).length - 1)), fc.nat(7)).map(([index, bit]) => {
    const bytes = bytesOf(segment)
    bytes[index]! ^= 1 << bit
    return bytes.toString('base64url')
  })),
  'a character replaced': (token) => fc.tuple(at(token), anyCharacter).map(([index, character]) => token.slice(0, index) + character + token.slice(index + 1)),
  'a character put in': (token) => fc.tuple(fc.nat(token.length), anyCharacter).map(([index, character]) => token.slice(0, index) + character + token.slice(index)),
  'a piece taken out': (token) => fc.tuple(at(token), fc.integer({ min: 1, max: 5 })).map(([index, length]) => token.slice(0, index) + token.slice(index + length)),
  'cut': (token) => at(token).chain((index) => fc.constantFrom(token.slice(0, index), token.slice(index + 1))),
  'segments moved': (token) => fc.array(fc.nat(2), { maxLength: 5 }).map((order) => order.map((index) => segmentsOf(token)[index] ?? '').join('.')),
  'a segment empty': onSegment(() => fc.constant('')),
  'a segment in another encoding': onSegment((segment) => fc.constantFrom(
    bytesOf(segment).toString('base64'), `${segment}=`, `${segment}==`, ` ${segment}`, `${segment}\n`, encodeURIComponent(`${segment}=`), segment.toUpperCase(), bytesOf(segment).toString('hex'), encode(segment), bytesOf(segment).toString('latin1'), segment.normalize('NFD') + '\u0301'
  )),
  'another last character': onSegment((segment) => fc.constantFrom(...alphabet).map((last) => segment.slice(0, -1) + last)),
  'the JSON spelt otherwise': onSegment((segment) => fc.tuple(oddName, oddText, fc.boolean(), fc.boolean()).map(([name, value, escaped, front]) => encode(addMember(bytesOf(segment).toString(), name, value, escaped, front)))),
  'the JSON with spaces': onSegment((segment) => fc.constantFrom(' ', '\n', '\t', '\ufeff').map((space) => encode(space + bytesOf(segment).toString()))),
  'text before or behind': (token) => fc.tuple(anyText({ maxLength: 10 }), fc.boolean()).map(([text, before]) => before ? text + token : token + text),
  'more than may be': (token) => fc.constantFrom(token + 'A'.repeat(9000), `${token}.`.repeat(20), '.'.repeat(8000))
}

/** A token after one to three of them. */
const mutated = (tokens: readonly string[]): fc.Arbitrary<string> => fc.tuple(fc.constantFrom(...tokens), fc.array(fc.constantFrom(...Object.keys(mutators)), { minLength: 1, maxLength: 3 }))
  .chain(([token, names]) => names.reduce<fc.Arbitrary<string>>((so, name) => so.chain((text) => (mutators[name] as Mutator)(text)), fc.constant(token)))

const good = [voucher(), voucher({ claims: { exp: testSeconds + 60 } }), voucher({ claims: { cnf: { jkt: 'x'.repeat(43) } } })]
const spliced = fc.tuple(fc.constantFrom(...good), fc.constantFrom(...good), fc.constantFrom(...good)).map((parts) => parts.map((token, index) => segmentsOf(token)[index]).join('.'))
const isFact = (answer: object): boolean => !('denial' in answer)

t.test('readers: whatever the text, they say what is wrong or give what has exactly this spelling', async (t) => {
  fc.assert(fc.property(fc.oneof(mutated(good), anyText({ maxLength: 300 })), (text) => {
    const [compact, jwt] = [readCompactJws(text), readJws(text)]
    if (typeof compact === 'string') return jwt === compact
    const head = bytesOf(segmentsOf(text)[0] ?? '').toString('base64url')
    if ([head, compact.payload.toString('base64url'), compact.signature.toString('base64url')].join('.') !== text) return false
    return typeof jwt === 'string' || (isRecord(jwt.header) && isRecord(jwt.claims) && jwt.signed === compact.signed)
  }))
  t.pass()
})

for (const warm of [false, true]) {
  t.test(`voucher: a mutation of good ones is refused by a value${warm ? ', by a gateway that has seen the good ones' : ''}`, async (t) => {
    const judge = caller.prepare(portsOf(), terms)
    if (warm) for (const token of good) t.ok(isFact(await judge(callWith(`Bearer ${token}`))))
    fc.assert(fc.property(fc.oneof({ weight: 9, arbitrary: mutated(good) }, { weight: 1, arbitrary: spliced }), fc.constantFrom('Bearer', 'DPoP', 'bearer'), (text, scheme) => {
      const answer = judge(callWith(`${scheme} ${text}`)) as object
      return isFact(answer) === good.includes(text)
    }))
    t.pass()
  })
}

/** A JSON text, and whether it names a member twice. */
interface Disturbed { readonly text: string, readonly twice: boolean }

/** An object whose members are the given ones, some with another value, some beside others or twice. */
const disturbed = (object: Readonly<Record<string, unknown>>): fc.Arbitrary<Disturbed> => fc.array(fc.tuple(fc.constantFrom(...Object.keys(object), '__proto__', 'constructor', 'cnf', 'crit', 'jwk', 'extra'), oddText, fc.constantFrom('replaced', 'replaced', 'added', 'escaped')), { minLength: 1, maxLength: 3 })
  .map((changes) => {
    const names = new Set(Object.keys(object))
    return changes.reduce<Disturbed>(({ text, twice }, [name, value, how]) => {
      if (how === 'replaced') return { text: text.replace(new RegExp(`"${name}":(?:"[^"]*"|[0-9]+)`), () => `"${name}":${value}`), twice }
      return { text: addMember(text, name, value, how === 'escaped', true), twice: names.size === names.add(name).size || twice }
    }, { text: JSON.stringify(object), twice: false })
  })

const isPast = (value: unknown): boolean => Number.isSafeInteger(value) && Number(value) > 0 && Number(value) <= testSeconds + 5

t.test('voucher: claims that the platform never issues are refused although it signed them, and never throw', async (t) => {
  let admitted = 0
  fc.assert(fc.property(disturbed(goodClaims), ({ text, twice }) => {
    const answer = caller.prepare(portsOf(), terms)(callWith(`Bearer ${signText(goodHeader, text)}`)) as object
    if (!isFact(answer)) return true
    admitted++
    const { exp, nbf, iat, cnf, aud, ...others } = JSON.parse(text) as Record<string, any>
    const same = ['iss', 'producerId', 'eserviceId', 'descriptorId'].every((name) => others[name] === (goodClaims as Record<string, unknown>)[name])
    const known = ['purposeId', 'consumerId', 'jti', 'sub', 'client_id'].every((name) => /^[0-9a-f-]{36}$/.test(String(others[name])) && typeof others[name] === 'string')
    const ours = [aud].flat().join().split(',').includes(terms.audience[0] ?? '')
    return !twice && same && known && ours && others['sub'] === others['client_id'] && cnf === undefined && isPast(nbf) && isPast(iat) && Number.isInteger(exp) && exp > testSeconds && exp - iat <= 86_400
  }), { numRuns: 2000 })
  t.ok(admitted > 0, 'some of them are harmless')
})

t.test('voucher: a header that the platform never writes is refused although it signed it, and never throws', async (t) => {
  let admitted = 0
  fc.assert(fc.property(disturbed(goodHeader), ({ text, twice }) => {
    if (!isFact(caller.prepare(portsOf(), terms)(callWith(`Bearer ${signText(text, goodClaims)}`)))) return true
    admitted++
    const header = JSON.parse(text) as Record<string, unknown>
    return !twice && header['alg'] === 'RS256' && header['kid'] === kid && header['typ'] === 'at+jwt' && !steeringMembers.some((member) => Object.hasOwn(header, member))
  }), { numRuns: 1000 })
  t.ok(admitted > 0, 'some of them are harmless')
})

const text = 'voucher.of.tests'
const proofOf = { method: 'GET', url: 'https://api.example.it/rest/things/v1/things', voucher: text, now: testTime }
const keys = [ecKey, rsaKey]
const proofs = keys.map((key) => makeProof(proofOf, { key }))

/** What the policy says of a call whose voucher is bound to a key and that brings this proof. */
function judgeProof (proof: string, jkt: string): object {
  const subject = { jkt, scheme: 'DPoP' } as CallerFact
  return dpop.prepare(portsOf({ replay: plainReplay() }), terms)({ ...callWith(`DPoP ${text}`, { proofs: [proof] }), caller: subject }) as object
}

t.test('proof: the good ones are taken', async (t) => {
  for (const [index, key] of keys.entries()) t.ok(isFact(judgeProof(proofs[index] ?? '', jktOf(key.publicKey))))
})

t.test('proof: a mutation of good ones is refused by a value', async (t) => {
  fc.assert(fc.property(mutated(proofs), fc.constantFrom(...keys), (proof, key) => isFact(judgeProof(proof, jktOf(key.publicKey))) === (proofs.indexOf(proof) === keys.indexOf(key))))
  t.pass()
})

t.test('proof: a header and claims that say something else are refused although the right key signed them, and never throw', async (t) => {
  const header = { typ: 'dpop+jwt', alg: 'ES256', jwk: jwkOf(ecKey.publicKey) }
  const claims = JSON.parse(Buffer.from(segmentsOf(proofs[0] ?? '')[1] ?? '', 'base64url').toString()) as Record<string, unknown>
  let admitted = 0
  fc.assert(fc.property(fc.oneof(disturbed(header).map(({ text, twice }) => ({ first: text, second: JSON.stringify(claims), twice })), disturbed(claims).map(({ text, twice }) => ({ first: JSON.stringify(header), second: text, twice }))), ({ first, second, twice }) => {
    if (!isFact(judgeProof(signProof(first, second, ecKey.privateKey), jktOf(ecKey.publicKey)))) return true
    admitted++
    const [head, said] = [JSON.parse(first), JSON.parse(second)] as [Record<string, unknown>, Record<string, unknown>]
    return !twice && head['alg'] === 'ES256' && head['typ'] === 'dpop+jwt' && ['htm', 'htu', 'ath'].every((name) => said[name] === claims[name]) && typeof said['jti'] === 'string' && Math.abs(Number(said['iat']) - testSeconds) <= 60
  }), { numRuns: 1000 })
  t.ok(admitted > 0, 'some of them are harmless')
})

t.test('proof: the other spelling of an ECDSA signature is no second proof', async (t) => {
  const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n
  const [head, claims, signature = ''] = segmentsOf(proofs[0] ?? '')
  const bytes = Buffer.from(signature, 'base64url')
  const s = (order - BigInt(`0x${bytes.subarray(32).toString('hex')}`)).toString(16).padStart(64, '0')
  const twin = `${head}.${claims}.${Buffer.concat([bytes.subarray(0, 32), Buffer.from(s, 'hex')]).toString('base64url')}`
  const jkt = jktOf(ecKey.publicKey)
  const judge = dpop.prepare(portsOf({ replay: plainReplay() }), terms)
  const answers = [proofs[0] ?? '', twin].map((proof) => judge({ ...callWith(`DPoP ${text}`, { proofs: [proof] }), caller: { jkt, scheme: 'DPoP' } as CallerFact }))
  t.match(answers, [{ jkt }, { denial: 'dpop-replayed' }])
})

t.test('checks: whatever the header and claims hold, they hold or they fail, and never throw', async (t) => {
  const members = fc.dictionary(fc.oneof(oddName, fc.constantFrom(...Object.keys(goodClaims)), anyText({ maxLength: 5 })), fc.jsonValue({ stringUnit: anyUnicode }), { maxKeys: 12, noNullPrototype: false })
  fc.assert(fc.property(members, (value) => {
    firstFailure(headerChecks, value)
    firstFailure(formChecks, value)
    firstFailure(proofHeaderChecks, value)
    const subject: ProofSubject = { claims: value, method: 'GET', url: proofOf.url, origin: 'https://api.example.it', voucher: text, now: testSeconds, thumbprint: 'a', jkt: 'a', acceptsNonce: undefined }
    for (const check of proofChecks) firstFailure([check], subject)
    return true
  }))
  t.pass()
})

t.test('parseJson: reads what JSON.parse reads, as it reads it, and refuses the rest', async (t) => {
  const texts = fc.oneof(
    fc.jsonValue({ stringUnit: 'grapheme', maxDepth: 6 }).chain((value) => fc.constantFrom(JSON.stringify(value), JSON.stringify(value, null, 2))),
    disturbed(goodClaims).map(({ text }) => text),
    fc.array(fc.constantFrom('{', '}', '[', ']', '"', '"a"', '"\\u0061"', ':', ',', '\\', '\\u', '\\ud83d', '\\ude00', '"__proto__"', '"constructor"', '1e999', '-', ' ', '\n', 'null', '0', '1.', '\u0000'), { maxLength: 30 }).map((parts) => parts.join(''))
  )
  let read = 0
  fc.assert(fc.property(texts, (json) => {
    const parsed = parseJson(Buffer.from(json))
    if ('fault' in parsed) return typeof parsed.fault === 'string'
    read++
    return JSON.stringify(parsed.value) === JSON.stringify(JSON.parse(json))
  }), { numRuns: 3000 })
  t.ok(read > 500, `${read} were read`)
})

t.test('parseJson: a text without anything odd is always read', async (t) => {
  const name = fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 8 }).filter((one) => !['__proto__', 'constructor', 'prototype'].includes(one))
  const { tree } = fc.letrec((tie) => ({ tree: fc.oneof({ maxDepth: 5 }, fc.double({ noNaN: true, noDefaultInfinity: true }), fc.string({ unit: 'grapheme' }), fc.boolean(), fc.constant(null), fc.array(tie('tree'), { maxLength: 4 }), fc.dictionary(name, tie('tree'), { maxKeys: 4, noNullPrototype: true })) }))
  fc.assert(fc.property(tree, (value) => 'value' in parseJson(Buffer.from(JSON.stringify(value)))))
  t.pass()
})

t.test('parseJson: any bytes are read or refused', async (t) => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
    const parsed = parseJson(bytes)
    return 'fault' in parsed !== 'value' in parsed
  }))
  t.pass()
})

/** Shapes that are read slowly where a reader goes back over what it has read. */
const shapes: Readonly<Record<string, (length: number) => string>> = {
  'quotes': (length) => '"'.repeat(length),
  'one long text': (length) => `"${'x'.repeat(length)}"`,
  'backslashes': (length) => `"${'\\'.repeat(length)}`,
  'escapes': (length) => `"${'\\u0061'.repeat(length / 6)}"`,
  'empty texts': (length) => `[${'"",'.repeat(length / 3)}""]`,
  'texts with spaces behind': (length) => `["${'" ,"'.repeat(length / 4)}"]`,
  'spaces': (length) => ' '.repeat(length),
  'a name and spaces': (length) => `{"a"${' '.repeat(length)}:1}`,
  'names and spaces': (length) => `{${Array.from({ length: length / 1000 }, (_, index) => `"m${index}"${' '.repeat(990)}:1`).join(',')}}`,
  'opening brackets': (length) => '['.repeat(length),
  'pairs of brackets': (length) => `[${'[],'.repeat(length / 3)}[]]`,
  'objects in objects': (length) => '{"a":'.repeat(length / 5),
  'members': (length) => `{${Array.from({ length: length / 10 }, (_, index) => `"m${index}":1`).join(',')}}`,
  'the same member': (length) => `{${'"a":1,'.repeat(length / 6)}"a":1}`,
  'digits': (length) => '1'.repeat(length),
  'a fraction': (length) => `0.${'1'.repeat(length)}`,
  'commas': (length) => `[${','.repeat(length)}]`,
  'text that is no ASCII': (length) => `"${'😀'.repeat(length / 4)}"`
}

/** The least of three times that some work takes, in ms of this thread. */
function timeOf (work: () => unknown): number {
  return Math.min(...[1, 2, 3].map(() => workTimeOf(work)))
}

t.test('parseJson: eight times the text is not much more than eight times the work', async (t) => {
  for (const [name, shape] of Object.entries(shapes)) {
    const [small, large] = [Buffer.from(shape(20_000)), Buffer.from(shape(160_000))]
    const [short, long] = [timeOf(() => parseJson(small)), timeOf(() => parseJson(large))]
    // A reader that goes back over its text takes 64 times as long, which is seconds; the clock of a thread may tick every 10 ms.
    t.ok(long < 30 * short + 200, `${name}: ${short.toFixed(2)} and ${long.toFixed(2)} ms`)
  }
})

t.test('tokens: the worst text that a header can hold costs next to nothing', async (t) => {
  const judge = caller.prepare(portsOf(), terms)
  const [head = '', claims = '', signature = ''] = segmentsOf(good[0] ?? '')
  const texts = [
    '.'.repeat(16_000), 'A'.repeat(16_000), `${head}.${'.'.repeat(8000)}`,
    ...Object.values(shapes).flatMap((shape) => [`${encode(shape(5000))}.${claims}.${signature}`, `${head}.${encode(shape(5000))}.${signature}`])
  ]
  for (const token of texts) {
    t.ok(timeOf(() => judge(callWith(`Bearer ${token}`))) < 20, `${token.length} characters`)
    t.ok(timeOf(() => judgeProof(token, jktOf(ecKey.publicKey))) < 20)
  }
})
