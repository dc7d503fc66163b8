import * as fc from 'fast-check'
import t from 'tap'
import { parseJson } from '../openapi/json/json.ts'
import { firstFailure } from './check.ts'
import { encode, goodClaims, goodHeader, signText, voucher } from './fixture.ts'
import { readJws } from './jws.ts'
import { anyText } from './text-fixture.ts'
import { formChecks, headerChecks } from './voucher.ts'

const good = voucher()
const [header = '', claims = '', signature = ''] = good.split('.')

t.test('the good voucher is taken apart', async (t) => {
  t.match(readJws(good), { header: goodHeader, claims: goodClaims, signed: `${header}.${claims}` })
})

const nested = (depth: number): string => `{"a":${'['.repeat(depth)}${']'.repeat(depth)}}`

const refused: Readonly<Record<string, string>> = {
  'nothing': '',
  'one dot': '.',
  'two dots': '..',
  'one segment': header,
  'two segments': `${header}.${claims}`,
  'four segments': `${good}.${signature}`,
  'five segments, as a JWE': `${header}.${claims}.${claims}.${claims}.${signature}`,
  'JSON serialisation': JSON.stringify({ payload: claims, signatures: [{ protected: header, signature }] }),
  'an empty signature': `${header}.${claims}.`,
  'an empty header': `.${claims}.${signature}`,
  'a space behind': `${good} `,
  'a space before': ` ${good}`,
  'a line break inside': `${header}.${claims}\n.${signature}`,
  'padding': `${good}==`,
  'the other base64 alphabet': good.replace(signature, `${signature.slice(0, -2)}+/`),
  'a signature cut by one character': good.slice(0, -1),
  'a header that is no JSON': signText('alg=none', goodClaims),
  'a header that is a list': signText('[]', goodClaims),
  'a header that is null': signText('null', goodClaims),
  'claims that are a list': signText(goodHeader, '[1]'),
  'claims that are a string': signText(goodHeader, '"x"'),
  'claims that are a number': signText(goodHeader, '1'),
  'a byte order mark': signText(goodHeader, `\ufeff${JSON.stringify(goodClaims)}`),
  'a raw NUL': signText(goodHeader, '{"iss":"a\u0000b"}'),
  'an escaped lone surrogate': signText(goodHeader, String.raw`{"iss":"\ud800"}`),
  'invalid UTF-8': `${header}.${Buffer.from([0x7b, 0x22, 0xc3, 0x28, 0x22, 0x3a, 0x31, 0x7d]).toString('base64url')}.${signature}`,
  'a duplicate claim': signText(goodHeader, `{"iss":"a","iss":"b"}`),
  'a duplicate claim in another spelling': signText(goodHeader, String.raw`{"iss":"a","\u0069ss":"b"}`),
  'a duplicate header member': signText('{"alg":"none","alg":"RS256"}', goodClaims),
  'a member __proto__': signText(goodHeader, '{"__proto__":{"iss":"a"}}'),
  'a member __proto__ in another spelling': signText(goodHeader, String.raw`{"\u005f_proto__":{"iss":"a"}}`),
  'a member constructor.prototype': signText(goodHeader, '{"constructor":{"prototype":{"iss":"a"}}}'),
  'claims nested 65 deep': signText(goodHeader, nested(64)),
  'more than 8 KiB': signText(goodHeader, { ...goodClaims, more: 'x'.repeat(8192) })
}

for (const [name, token] of Object.entries(refused)) {
  t.test(`a token that has ${name} is refused, and the reason does not repeat it`, async (t) => {
    const read = readJws(token)
    t.type(read, 'string')
    if (token.length > 20) t.notMatch(read, token.slice(0, 20))
  })
}

t.test('claims nested 64 deep are read', async (t) => {
  t.type(readJws(signText(goodHeader, nested(63))), 'object')
})

t.test('none of the other 63 characters may stand for the last one of a signature', async (t) => {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  const same = alphabet.split('').filter((last) => {
    const read = readJws(good.slice(0, -1) + last)
    return typeof read === 'object' && read.signature.equals(Buffer.from(signature, 'base64url'))
  })
  t.strictSame(same, [good.at(-1)])
})

/** A valid voucher with some characters put in, taken out or replaced: near misses, where malleability would hide. */
const spoilt = fc.array(fc.tuple(fc.nat(good.length), fc.nat(3), fc.string({ minLength: 0, maxLength: 3, unit: 'binary-ascii' })), { minLength: 1, maxLength: 4 })
  .map((edits) => edits.reduce((text, [at, remove, insert]) => text.slice(0, at) + insert + text.slice(at + remove), good))
const tokens = fc.oneof(
  spoilt,
  anyText(),
  fc.tuple(fc.json(), fc.json(), fc.base64String()).map(([first, second, third]) => `${encode(first)}.${encode(second)}.${third}`),
  fc.array(fc.uint8Array().map((bytes) => Buffer.from(bytes).toString('base64url')), { minLength: 3, maxLength: 3 }).map((parts) => parts.join('.'))
)

t.test('no text makes the reader throw, and what it reads has exactly one spelling', async (t) => {
  fc.assert(fc.property(tokens, (text) => {
    const read = readJws(text)
    return typeof read === 'string' || `${read.signed}.${read.signature.toString('base64url')}` === text
  }), { numRuns: 3000 })
  t.pass('3000 texts')
})

t.test('no bytes make the JSON reader throw', async (t) => {
  const pieces = fc.array(fc.constantFrom('{', '}', '[', ']', '"', '"a"', ':', ',', '\\', '\\u', '\\ud83d', '__proto__', 'constructor', '1e999', '-', ' ', 'null'), { maxLength: 40 })
  const bytes = fc.oneof(fc.uint8Array({ maxLength: 100 }), pieces.map((parts) => Buffer.from(parts.join(''))), fc.json().map((text) => Buffer.from(text)))
  fc.assert(fc.property(bytes, (input) => {
    const parsed = parseJson(input)
    return 'fault' in parsed !== 'value' in parsed
  }), { numRuns: 3000 })
  t.pass('3000 inputs')
})

const headers: Readonly<Record<string, readonly [change: Record<string, unknown>, check: string | undefined]>> = {
  'as the platform makes it': [{}, undefined],
  'typ in upper case': [{ typ: 'AT+JWT' }, undefined],
  'typ as a full media type': [{ typ: 'application/at+jwt' }, undefined],
  'no typ': [{ typ: undefined }, 'typ'],
  'typ JWT': [{ typ: 'JWT' }, 'typ'],
  'typ of a DPoP proof': [{ typ: 'dpop+jwt' }, 'typ'],
  'typ that only starts well': [{ typ: 'at+jwt2' }, 'typ'],
  'typ that is a list': [{ typ: ['at+jwt'] }, 'typ'],
  'alg none': [{ alg: 'none' }, 'alg'],
  'alg None': [{ alg: 'None' }, 'alg'],
  'alg NONE': [{ alg: 'NONE' }, 'alg'],
  'alg nOnE': [{ alg: 'nOnE' }, 'alg'],
  'alg HS256': [{ alg: 'HS256' }, 'alg'],
  'alg PS256': [{ alg: 'PS256' }, 'alg'],
  'alg RS512': [{ alg: 'RS512' }, 'alg'],
  'alg rs256': [{ alg: 'rs256' }, 'alg'],
  'alg missing': [{ alg: undefined }, 'alg'],
  'alg as a list': [{ alg: ['RS256'] }, 'alg'],
  'kid empty': [{ kid: '' }, 'kid'],
  'kid missing': [{ kid: undefined }, 'kid'],
  'kid a number': [{ kid: 7 }, 'kid'],
  'kid a list': [{ kid: ['a'] }, 'kid'],
  'kid an object': [{ kid: {} }, 'kid'],
  'kid with NUL': [{ kid: 'a\u0000' }, 'kid'],
  'kid with a space': [{ kid: '|sleep 10' }, 'kid'],
  'kid with a line break behind': [{ kid: 'a\n' }, 'kid'],
  'kid of 4 kB': [{ kid: 'x'.repeat(4096) }, 'kid'],
  'crit': [{ crit: ['x'] }, 'header members'],
  'crit empty': [{ crit: [] }, 'header members'],
  'b64 false': [{ b64: false }, 'header members'],
  'zip': [{ zip: 'DEF' }, 'header members'],
  'cty': [{ cty: 'JWT' }, 'header members'],
  'jwk': [{ jwk: { kty: 'oct', k: '' } }, 'header members'],
  'jku': [{ jku: 'https://evil.example' }, 'header members'],
  'x5u': [{ x5u: 'file:///etc/passwd' }, 'header members'],
  'x5c': [{ x5c: [] }, 'header members'],
  'jku null': [{ jku: null }, 'header members']
}

t.test('the header of a voucher', async (t) => {
  for (const [name, [change, check]] of Object.entries(headers)) {
    const failure = firstFailure(headerChecks, JSON.parse(JSON.stringify({ ...goodHeader, ...change })) as Record<string, unknown>)
    t.equal(failure?.check, check, name)
    t.equal(failure?.denial, check && 'voucher-malformed', name)
  }
})

const uuids = ['jti', 'sub', 'client_id', 'purposeId', 'producerId', 'consumerId', 'eserviceId', 'descriptorId'] as const
const badUuids = [undefined, null, 1, '', [goodClaims.jti], {}, goodClaims.jti.toUpperCase(), ` ${goodClaims.jti}`, `${goodClaims.jti}\n`, goodClaims.jti.replaceAll('-', '')]
const badTimes = [undefined, null, '1', '1e3', 1.5, 1e300, -1, 0, [], {}, 253_402_300_800, 2 ** 53, true]

const hex = 'aF'.repeat(32)
const badAudiences = [undefined, null, 1, '', [], [''], ['a', 1], [['a']], {}, 'x'.repeat(2001)]
const badForms: readonly (readonly [claims: readonly string[], values: readonly unknown[]])[] = [
  [uuids, badUuids],
  [['iat', 'nbf', 'exp'], badTimes],
  [['aud'], badAudiences],
  [['cnf'], [null, 'x', 7, [], {}, { jkt: 'x' }, { jkt: 7 }, { jkt: 'x'.repeat(44) }, { jkt: `${'x'.repeat(43)}=` }, { jwk: {} }, { 'x5t#S256': 'x'.repeat(43) }, { jkt: 'x'.repeat(43), 'x5t#S256': 'x'.repeat(43) }]],
  [['digest'], [null, 'x', hex, 7, [], {}, { alg: 'SHA256' }, { value: hex }, { alg: 'SHA-256', value: hex }, { alg: 'sha256', value: hex }, { alg: 'SHA512', value: hex }, { alg: 'SHA256', value: hex.slice(1) }, { alg: 'SHA256', value: `${hex}0` }, { alg: 'SHA256', value: `g${hex.slice(1)}` }, { alg: 'SHA256', value: `${hex}\n` }, { alg: 'SHA256', value: 7 }, { alg: 'SHA256', value: [hex] }, { alg: 'SHA256', value: Buffer.from(hex, 'hex').toString('base64') }, { alg: 'SHA256', value: hex, more: 1 }, [{ alg: 'SHA256', value: hex }]]],
  [['iss'], [undefined, null, 1, '', ['sandbox.example'], {}]]
]

t.test('the claims of a voucher have the form that the platform gives them', async (t) => {
  t.equal(firstFailure(formChecks, goodClaims), undefined)
  for (const value of [hex, hex.toLowerCase(), hex.toUpperCase()]) t.equal(firstFailure(formChecks, { ...goodClaims, digest: { alg: 'SHA256', value } }), undefined)
  for (const [names, values] of badForms) {
    for (const name of names) {
      for (const value of values) {
        const failure = firstFailure(formChecks, { ...goodClaims, [name]: value })
        t.equal(failure?.check, `${name} (form)`, `${name} ${JSON.stringify(value)?.slice(0, 40)}`)
      }
    }
  }
})

t.test('a claim of another form is named by its kind, not shown', async (t) => {
  const failure = firstFailure(formChecks, { ...goodClaims, sub: 'RSSMRA80A01H501U' })
  t.equal(failure?.detail, 'sub (form): expected a UUID in lower case, got a value of another form (string).')
})
