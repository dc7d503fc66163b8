import t from 'tap'
import { firstFailure } from './check.ts'
import { readDigests } from './digest.ts'
import { digestOf } from './signature-fixture.ts'
import { signedHeadersChecks } from './signed-headers.ts'

const digest = digestOf('x')
const usual: readonly (readonly [string, string])[] = [['Host', 'api.example.it'], ['Digest', digest], ['Content-Type', 'application/json'], ['X-Note', 'canary 4711']]
const both = [{ digest }, { 'content-type': 'application/json' }]

/** What is said of a claim on a message with these headers. */
function judge (claim: unknown, sent: readonly (readonly [string, string])[] = usual, headers: readonly string[] = []) {
  const rawHeaders = sent.flat()
  return firstFailure(signedHeadersChecks, { claims: claim === undefined ? {} : { signed_headers: claim }, rawHeaders, digests: readDigests(rawHeaders), headers })
}

t.test('what is signed is what was sent', async (t) => {
  t.equal(judge(both), undefined)
  t.equal(judge(both.toReversed()), undefined, 'in any order')
  t.equal(judge([...both, { 'x-note': 'canary 4711' }]), undefined, 'more may be signed')
  t.equal(judge([...both, { 'x-note': 'canary 4711' }], usual, ['x-note']), undefined)
  t.equal(judge([{ digest }, { 'content-type': 'application/json' }, { 'content-encoding': 'gzip' }], [...usual, ['Content-Encoding', 'gzip']]), undefined)
  t.equal(judge([{ digest }], [['digest', digest]]), undefined, 'a media type that is not sent is not signed')
  t.equal(judge([], [['Host', 'x']]), undefined, 'nothing to sign')
  t.equal(judge([{ 'x-empty': '' }], [['X-Empty', '']]), undefined)
})

t.test('Content-Digest is signed where it is the only one', async (t) => {
  const only = [['Content-Digest', `sha-256=:${digest.slice(8)}:`]] as const
  t.equal(judge([{ 'content-digest': only[0][1] }], only), undefined)
  t.match(judge([], only), { detail: /no content-digest/ })
  t.equal(judge(both, [...usual, ...only]), undefined, 'beside Digest it need not be')
  t.match(judge([{ 'content-digest': only[0][1] }, both[1]], [...usual, ...only]), { detail: /no digest/ })
})

const wrong: Readonly<Record<string, readonly [claim: unknown, said: RegExp, sent?: typeof usual, headers?: readonly string[]]>> = {
  'no claim': [undefined, /got nothing/],
  'an object': [{ digest }, /got no array/],
  'a text': ['digest', /got no array/],
  'null': [null, /got no array/],
  'an entry that is a text': [['digest'], /no object as entry 1/],
  'an entry that is an array': [[...both, ['x-note', 'y']], /no object as entry 3/],
  'an entry that is null': [[null], /no object as entry 1/],
  'an entry without member': [[...both, {}], /0 members in entry 3/],
  'an entry with two members': [[{ digest, 'content-type': 'application/json' }], /2 members in entry 1/],
  'a name in upper case': [[{ Digest: digest }, both[1]], /Digest, which is not in lower case/],
  'a name that is none': [[...both, { 'x note': 'y' }], /no name of a header in entry 3/],
  'an empty name': [[...both, { '': 'y' }], /no name of a header in entry 3/],
  'a number': [[...both, { 'x-note': 4711 }], /x-note with a value that is no text/],
  'an array of values': [[...both, { 'x-note': ['canary 4711'] }], /x-note with a value that is no text/],
  'twice': [[...both, { digest }], /digest twice/],
  'more than a request can have': [Array.from({ length: 101 }, (_, index) => ({ [`x-${index}`]: '' })), /more than 100 entries/],
  'no digest': [[both[1]], /expected digest, content-type, got no digest/],
  'no content-type': [[both[0]], /got no content-type/],
  'neither': [[], /got no digest, no content-type/],
  'no content-encoding': [both, /got no content-encoding/, [...usual, ['Content-Encoding', 'identity']]],
  'no header that is demanded': [both, /expected digest, content-type, x-note, got no x-note/, usual, ['x-note']],
  'a header that is demanded and not sent': [[...both, { 'x-more': 'y' }], /x-more signed but not sent/, usual, ['x-more']],
  'a header that is not sent': [[...both, { 'content-encoding': 'gzip' }], /content-encoding signed but not sent/],
  'a header that is sent twice': [[...both, { 'x-note': 'canary 4711' }], /x-note sent several times/, [...usual, ['x-note', 'canary 4711']]],
  'another value': [[...both, { 'x-note': 'canary 4712' }], /another value of x-note/],
  'another media type': [[both[0], { 'content-type': 'application/json; charset=utf-8' }], /another value of content-type/],
  'another case': [[both[0], { 'content-type': 'application/JSON' }], /another value of content-type/],
  'a space': [[...both, { 'x-note': 'canary 4711 ' }], /another value of x-note/],
  'another digest': [[{ digest: digestOf('y') }, both[1]], /another value of digest/],
  'a name that every object has': [[...both, { constructor: 'x' }], /constructor signed but not sent/]
}
for (const [name, [claim, said, sent, headers]] of Object.entries(wrong)) {
  t.test(`${name}: refused and named`, async (t) => {
    const denial = judge(claim, sent, headers)
    t.match(denial, { denial: 'signature-headers-mismatch', detail: said })
    t.notMatch(JSON.stringify(denial), /canary|471/, 'no value is told')
  })
}
