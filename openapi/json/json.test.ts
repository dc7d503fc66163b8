import * as fc from 'fast-check'
import t from 'tap'
import { parseJson } from './json.ts'

const read = (text: string) => parseJson(Buffer.from(text))
const nested = (depth: number, open = '[', close = ']'): string => open.repeat(depth) + close.repeat(depth)

const refused: Readonly<Record<string, readonly [text: string, fault: RegExp]>> = {
  'nothing': ['', /not valid JSON/],
  'white space': [' ', /not valid JSON/],
  'two values': ['{}{}', /not valid JSON/],
  'a trailing comma': ['[1,]', /not valid JSON/],
  'a comment': ['{}//', /not valid JSON/],
  'single quotes': ["{'a':1}", /not valid JSON/],
  'NaN': ['NaN', /not valid JSON/],
  'a leading zero': ['01', /not valid JSON/],
  'a raw line break in a text': ['"a\nb"', /not valid JSON/],
  'an open text': ['"a', /not valid JSON/],
  'a broken escape': [String.raw`"\x"`, /not valid JSON/],
  'a byte order mark': ['\ufeff{}', /byte order mark/],
  'half a surrogate pair': [String.raw`"\ud83d"`, /surrogate/],
  'the other half': [String.raw`["\ude00"]`, /surrogate/],
  'the halves in the wrong order': [String.raw`"\ude00\ud83d"`, /surrogate/],
  'half a surrogate pair in a name': [String.raw`{"\ud83d":1}`, /surrogate/],
  'a member twice': ['{"a":1,"a":2}', /member twice/],
  'a member twice, with space before the colon': ['{"a" :1,"b":0,"a"\n:2}', /member twice/],
  'a member twice, once escaped': [String.raw`{"a":1,"\u0061":2}`, /member twice/],
  'a member twice, deep inside': ['[{"x":{"a":1,"b":{},"a":2}}]', /member twice/],
  'an empty name twice': ['{"":1,"":2}', /member twice/],
  '__proto__': ['{"__proto__":{}}', /not valid JSON/],
  '__proto__ escaped': [String.raw`{"\u005f_proto__":{}}`, /not valid JSON/],
  '__proto__ deep inside': ['[{"a":{"__proto__":1}}]', /not valid JSON/],
  'constructor.prototype': ['{"constructor":{"prototype":{}}}', /not valid JSON/],
  '65 lists': [nested(65), /deeper than 64/],
  '65 objects': [nested(65, '{"a":', '}').replace(':}', ':1}'), /deeper than 64/],
  '10000 lists': [nested(10_000), /deeper than 64/],
  '500000 lists that are never closed': ['['.repeat(500_000), /deeper than 64/]
}

for (const [name, [text, fault]] of Object.entries(refused)) {
  t.test(`${name}: refused`, async (t) => {
    t.match(read(text), { fault })
  })
}

const accepted = [
  '{}', '[]', 'null', '0', '-0.5e3', '"a"', '{"a":{"a":{"a":1}}}', '[{"a":1},{"a":1}]', '{"a":"a"}', '{"a":["a","a"]}', '{"a":"\\"a\\":","b":"{"}', String.raw`"\ud83d\ude00 \\ud83d"`,
  '{"constructor":1,"prototype":2,"toString":3}', nested(64), '{"à":"😀"}', String.raw`{"a\\":1,"a":2}`, String.raw`{"a\"":1,"a":2}`
]

t.test('everything else is read as JSON.parse reads it', async (t) => {
  for (const text of accepted) t.strictSame(read(text), { value: JSON.parse(text) as unknown }, text.slice(0, 40))
  fc.assert(fc.property(fc.json(), (text) => {
    const parsed = read(text)
    const own = JSON.stringify(JSON.parse(text))
    return 'fault' in parsed ? /__proto__|constructor/.test(text) : JSON.stringify(parsed.value) === own
  }), { numRuns: 500 })
})

t.test('bytes that are no UTF-8 are refused', async (t) => {
  for (const bytes of [[0x22, 0xff, 0x22], [0x22, 0xc3, 0x28, 0x22], [0x22, 0xed, 0xa0, 0x80, 0x22], [0x22, 0xc0, 0xae, 0x22], [0xff, 0xfe, 0x7b, 0x00, 0x7d, 0x00]]) {
    t.match(parseJson(Buffer.from(bytes)), { fault: /UTF-8/ })
  }
})

t.test('no body of 1 MiB takes long, whatever is in it', async (t) => {
  const bodies = {
    'open lists': '['.repeat(1024 * 1024),
    'open objects': '{"a":'.repeat(200_000),
    '100000 members': `{${Array.from({ length: 100_000 }, (_, index) => `"${index}":1`).join(',')}}`,
    'one text': `"${'x'.repeat(1024 * 1024)}"`,
    'one text of escapes': `"${String.raw`\u0061`.repeat(170_000)}"`,
    'quotes': '"'.repeat(1024 * 1024),
    'backslashes': `"${'\\'.repeat(1024 * 1024)}"`,
    'texts with much space behind': `[${`"a"${' '.repeat(1000)},`.repeat(1000)}1]`,
    'one number': '1'.repeat(1024 * 1024)
  }
  for (const [name, body] of Object.entries(bodies)) {
    const bytes = Buffer.from(body)
    const started = performance.now()
    parseJson(bytes)
    t.ok(performance.now() - started < 5000, `${name}: ${Math.round(performance.now() - started)} ms`)
  }
})
