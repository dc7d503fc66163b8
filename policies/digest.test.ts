import { createHash } from 'node:crypto'
import * as fc from 'fast-check'
import t from 'tap'
import { firstFailure } from './check.ts'
import type { DenialCode } from './denials.ts'
import { digestChecks, readDigests } from './digest.ts'
import { contentDigestOf, digestOf } from './signature-fixture.ts'
import { anyText } from './text-fixture.ts'
import { workTimeOf } from '../openapi/work-time.ts'

const message = Buffer.from('{"testo": "Ciao mondo"}')
const base64 = 'hPq3xjgxGMr98LL2/lP2Y66DVCTcXdwL+YpNQD/gmvk='
const empty = '47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='

type Fields = Readonly<Record<string, string | readonly string[]>>

/** What is said of a message with these fields. */
function judge (fields: Fields, body: Uint8Array = message, digestNeeded = true) {
  const rawHeaders = Object.entries(fields).flatMap(([name, values]) => [values].flat().flatMap((value) => [name, value]))
  return firstFailure(digestChecks, { digests: readDigests(rawHeaders), digestNeeded, body })
}

t.test('the digests are those that everybody computes', async (t) => {
  t.equal(digestOf(''), `SHA-256=${empty}`)
  t.equal(digestOf(message), `SHA-256=${base64}`)
  t.equal(digestOf(`${String(message)}\n`), 'SHA-256=A75T/B17WEr5jMjVeIwBfdy4KLIZcWE21aEAR4yrp/E=')
})

const sha512 = digestOf(message, 'SHA-512')
const good: Readonly<Record<string, Fields>> = {
  'SHA-256': { Digest: `SHA-256=${base64}` },
  'in lower case': { digest: `sha-256=${base64}` },
  'in mixed case': { DIGEST: `Sha-256=${base64}` },
  'SHA-512': { Digest: sha512 },
  'both': { Digest: `SHA-256=${base64},${sha512}` },
  'a list with a space': { Digest: `SHA-256=${base64}, ${sha512}` },
  'beside one that nobody checks': { Digest: `MD5=HUXZLQLMuI/KZ5KDcJPcOA==,SHA-256=${base64},UNIXsum=30637` },
  'Content-Digest': { 'Content-Digest': `sha-256=:${base64}:` },
  'Content-Digest by SHA-512': { 'content-digest': contentDigestOf(message, 'sha-512') },
  'both fields': { 'Digest': `SHA-256=${base64}`, 'Content-Digest': `${contentDigestOf(message, 'sha-512')}, sha-256=:${base64}:` }
}
for (const [name, fields] of Object.entries(good)) t.test(`${name}: taken`, async (t) => { t.equal(judge(fields), undefined) })

const hex = createHash('sha256').update(message).digest('hex')
const other = `SHA-256=${empty}`
const bad: Readonly<Record<string, readonly [code: DenialCode, fields: Fields, said?: RegExp]>> = {
  'nothing': ['digest-missing', {}],
  'another body': ['digest-mismatch', { Digest: other }, /the digest of the 23 bytes that were received/],
  'the published example that is none': ['digest-mismatch', { Digest: 'SHA-256=cFfTOCesrWTLVzxn8fmHl4AcrUs40Lv5D275FmAZ96E=' }],
  'one right, one wrong': ['digest-mismatch', { Digest: `SHA-256=${base64},${digestOf('', 'SHA-512')}` }],
  'the other one wrong': ['digest-mismatch', { Digest: `${other}, ${sha512}` }],
  'Content-Digest says otherwise': ['digest-mismatch', { 'Digest': `SHA-256=${base64}`, 'Content-Digest': contentDigestOf('') }],
  'Digest says otherwise': ['digest-mismatch', { 'Digest': other, 'Content-Digest': contentDigestOf(message) }],
  'hexadecimal': ['digest-malformed', { Digest: `SHA-256=${hex}` }, /hexadecimal instead of base64/],
  'hexadecimal in upper case': ['digest-malformed', { Digest: `SHA-256=${hex.toUpperCase()}` }, /hexadecimal instead of base64/],
  'hexadecimal of SHA-512': ['digest-malformed', { Digest: `SHA-512=${createHash('sha512').update(message).digest('hex')}` }, /hexadecimal/],
  'hexadecimal in Content-Digest': ['digest-malformed', { 'Content-Digest': `sha-256=:${hex}:` }, /hexadecimal/],
  'hexadecimal in base64': ['digest-malformed', { Digest: `SHA-256=${Buffer.from(hex).toString('base64')}` }, /64 bytes instead of 32/],
  'MD5 alone': ['digest-malformed', { Digest: 'MD5=HUXZLQLMuI/KZ5KDcJPcOA==' }, /no digest by SHA-256 or SHA-512/],
  'SHA-1 alone': ['digest-malformed', { Digest: `SHA=${createHash('sha1').update(message).digest('base64')}` }, /no digest by SHA-256/],
  'SHA-1 by another name': ['digest-malformed', { Digest: `SHA-1=${createHash('sha1').update(message).digest('base64')}` }],
  'a digest without content coding': ['digest-malformed', { Digest: `id-sha-256=${base64}` }],
  'SHA-256 in MD5\'s clothes': ['digest-malformed', { Digest: `MD5=${base64}` }],
  'SHA-256 spelt otherwise': ['digest-malformed', { Digest: `SHA256=${base64}` }],
  'SHA-512 of 32 bytes': ['digest-malformed', { Digest: `SHA-512=${base64}` }, /32 bytes instead of 64/],
  'MD5 alone beside a good Digest': ['digest-malformed', { 'Digest': `SHA-256=${base64}`, 'Content-Digest': 'md5=:HUXZLQLMuI/KZ5KDcJPcOA==:' }, /in content-digest: it gives no digest/],
  'no algorithm': ['digest-malformed', { Digest: base64 }],
  'no digest': ['digest-malformed', { Digest: 'SHA-256=' }],
  'an empty field': ['digest-malformed', { Digest: '' }],
  'without padding': ['digest-malformed', { Digest: `SHA-256=${base64.slice(0, -1)}` }, /not base64 with padding/],
  'too much padding': ['digest-malformed', { Digest: `SHA-256=${base64}=` }],
  'base64url': ['digest-malformed', { Digest: `SHA-256=${base64.replaceAll('/', '_').replaceAll('+', '-')}` }, /not base64 with padding/],
  'another spelling of the last bits': ['digest-malformed', { Digest: `SHA-256=${base64.replace('k=', 'l=')}` }],
  'a space before it': ['digest-malformed', { Digest: `SHA-256= ${base64}` }],
  'a space before the sign': ['digest-malformed', { Digest: `SHA-256 =${base64}` }],
  'a space within': ['digest-malformed', { Digest: `SHA-256=${base64.slice(0, 20)} ${base64.slice(20)}` }],
  'a tab behind': ['digest-malformed', { Digest: `SHA-256=${base64}\t` }],
  'a parameter': ['digest-malformed', { Digest: `SHA-256=${base64};q=1` }],
  'in quotes': ['digest-malformed', { Digest: `SHA-256="${base64}"` }],
  'twice the same': ['digest-malformed', { Digest: `SHA-256=${base64},SHA-256=${base64}` }, /an algorithm twice/],
  'twice in two spellings': ['digest-malformed', { Digest: `SHA-256=${base64},sha-256=${base64}` }, /an algorithm twice/],
  'the good one first': ['digest-malformed', { Digest: `SHA-256=${base64},SHA-256=${empty}` }],
  'twice what nobody checks': ['digest-malformed', { Digest: `MD5=a,md5=b,SHA-256=${base64}` }],
  'two fields': ['digest-malformed', { Digest: [`SHA-256=${base64}`, `SHA-256=${base64}`] }, /there are several fields/],
  'two fields of Content-Digest': ['digest-malformed', { 'Content-Digest': [contentDigestOf(message), contentDigestOf('')] }],
  'an empty element': ['digest-malformed', { Digest: `SHA-256=${base64},` }],
  'the form of Content-Digest': ['digest-malformed', { Digest: `SHA-256=:${base64}:` }],
  'the form of Digest': ['digest-malformed', { 'Content-Digest': `sha-256=${base64}` }],
  'Content-Digest in upper case': ['digest-malformed', { 'Content-Digest': `SHA-256=:${base64}:` }],
  'a parameter of Content-Digest': ['digest-malformed', { 'Content-Digest': `${contentDigestOf(message)};a=1` }],
  'a name that every object has': ['digest-malformed', { Digest: `constructor=${base64}` }],
  'another such name': ['digest-malformed', { 'Content-Digest': `__proto__=:${base64}:` }]
}
for (const [name, [code, fields, said]] of Object.entries(bad)) {
  t.test(`${name}: ${code}`, async (t) => { t.match(judge(fields), { denial: code, detail: said ?? String }) })
}

t.test('without need there may be none, but one that is there is checked', async (t) => {
  t.equal(judge({}, Buffer.alloc(0), false), undefined)
  t.equal(judge({ Digest: `SHA-256=${empty}` }, Buffer.alloc(0), false), undefined)
  t.match(judge({ Digest: `SHA-256=${base64}` }, Buffer.alloc(0), false), { denial: 'digest-mismatch' })
  t.match(judge({ Digest: 'x' }, Buffer.alloc(0), false), { denial: 'digest-malformed' })
})

t.test('a refusal says nothing of what was received but its size', async (t) => {
  for (const [, fields] of Object.values(bad)) {
    const { detail = '', reason = '' } = judge(fields) ?? {}
    for (const value of Object.values(fields).flat()) if (value.length > 12) t.notOk((detail + reason).includes(value), value)
  }
})

t.test('any digest but that of the body is refused, whatever is changed', async () => {
  const bytes = fc.uint8Array({ maxLength: 200 })
  fc.assert(fc.property(bytes, fc.nat(), fc.integer({ min: 1, max: 255 }), fc.constantFrom('SHA-256', 'SHA-512'), (body, at, change, algorithm) => {
    const field = digestOf(body, algorithm)
    if (judge({ Digest: field }, body) !== undefined) return false
    const changed = Uint8Array.from(body)
    if (body.length > 0) changed[at % body.length]! ^= change
    const refusedBody = judge({ Digest: field }, body.length > 0 ? changed : Uint8Array.of(change))?.denial === 'digest-mismatch'
    const letters = field.split('')
    const place = at % letters.length
    const written = letters[place] as string
    letters[place] = String.fromCharCode(33 + (written.charCodeAt(0) - 33 + (change % 93) + 1) % 94)
    // The name of the algorithm is free in its case.
    const same = letters.join('').toLowerCase().startsWith(`${algorithm.toLowerCase()}=`) && place < algorithm.length
    return refusedBody && (same || judge({ Digest: letters.join('') }, body) !== undefined)
  }), { numRuns: 2000 })
})

t.test('whatever comes as a digest is read or has a fault', async () => {
  const some = fc.oneof(anyText(), fc.stringMatching(/^[a-zA-Z0-9=:, +/-]*$/))
  fc.assert(fc.property(some, fc.constantFrom('Digest', 'Content-Digest'), (value, name) => judge({ [name]: value }) !== undefined), { numRuns: 2000 })
})

t.test('however long a field is, it is read in one pass', async (t) => {
  const length = 200_000
  for (const text of ['\t', ' ', ',', ' ,', ', ', 'a=b,', 'a', 'SHA-256=', '=', ':']) {
    const took = workTimeOf(() => { for (const name of ['Digest', 'Content-Digest']) t.match(judge({ [name]: text.repeat(length / text.length) }), { denial: 'digest-malformed' }) })
    t.ok(took < 2000, JSON.stringify(text))
  }
})

t.test('a body is hashed once by each algorithm, however often its digest is given and told of', (t) => {
  const body = Buffer.alloc(24 * 1024 * 1024)
  const wrong = createHash('sha512').update('another').digest('base64')
  const right = createHash('sha512').update(body).digest('base64')
  const digests = readDigests(['Digest', `SHA-512=${right}`, 'Content-Digest', `sha-512=:${wrong}:`])
  const once = Math.min(...Array.from({ length: 3 }, () => workTimeOf(() => createHash('sha512').update(body).digest())))
  const all = Math.min(...Array.from({ length: 3 }, () => workTimeOf(() => firstFailure(digestChecks, { digests, digestNeeded: true, body: Buffer.from(body.buffer) }))))
  t.ok(all < 2.5 * once, `${all} ms instead of ${once} ms`)
  t.end()
})
