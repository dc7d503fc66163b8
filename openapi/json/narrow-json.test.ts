import * as fc from 'fast-check'
import t from 'tap'
import { pointedFields, segmentsOf } from './field-tree.ts'
import type { JsonObject } from '../document.ts'
import { narrowJson } from './narrow-json.ts'
import type { Narrowing } from './narrow-json.ts'

/** Any value at all, so that every pointer is one of it. */
const document: JsonObject = { components: { schemas: { Any: { additionalProperties: { $ref: '#/components/schemas/Any' }, items: { $ref: '#/components/schemas/Any' } } } } }
const treeOf = (pointers: readonly string[]): Narrowing['tree'] => pointedFields(pointers, [{ $ref: '#/components/schemas/Any' }], document).tree

async function narrowed (text: string | Buffer, keep: Narrowing['keep'], ...pointers: readonly string[]): Promise<string> {
  const outcome = await narrowJson(Buffer.from(text as string), { keep, tree: treeOf(pointers) })
  return 'fault' in outcome ? `fault: ${outcome.fault}` : outcome.bytes.toString()
}

t.test('what is withheld goes with its comma, and everything else keeps its spelling', async (t) => {
  const text = '{ "a": 1.50e+2, "b" : [ 0.10, "\\u0041" ],\n\t"c": {"d": -0, "e": null} }'
  const cases: readonly (readonly [pointers: readonly string[], expected: string])[] = [
    [['/a'], '{ "b" : [ 0.10, "\\u0041" ],\n\t"c": {"d": -0, "e": null} }'],
    [['/b'], '{ "a": 1.50e+2,\n\t"c": {"d": -0, "e": null} }'],
    [['/c'], '{ "a": 1.50e+2, "b" : [ 0.10, "\\u0041" ] }'],
    [['/a', '/b'], '{\n\t"c": {"d": -0, "e": null} }'],
    [['/a', '/b', '/c'], '{ }'],
    [['/*'], '{ }'],
    [['/b/*'], '{ "a": 1.50e+2, "b" : [ ],\n\t"c": {"d": -0, "e": null} }'],
    [['/c/e'], '{ "a": 1.50e+2, "b" : [ 0.10, "\\u0041" ],\n\t"c": {"d": -0} }'],
    [['/c/d', '/c/e'], '{ "a": 1.50e+2, "b" : [ 0.10, "\\u0041" ],\n\t"c": {} }'],
    [['/c', '/c/e'], '{ "a": 1.50e+2, "b" : [ 0.10, "\\u0041" ] }'],
    [['/x', '/c/x', '/a/x'], text]
  ]
  for (const [pointers, expected] of cases) t.equal(await narrowed(text, 'all but', ...pointers), expected, pointers.join(' '))
})

t.test('of a list every element is narrowed, and of an object every member', async (t) => {
  t.equal(await narrowed('{"items":[{"a":1,"b":2},{"b":3},{"a":4}],"n":1}', 'all but', '/items/*/b'), '{"items":[{"a":1},{},{"a":4}],"n":1}')
  t.equal(await narrowed('[[{"b":1,"a":1}],[]]', 'all but', '/*/*/b'), '[[{"a":1}],[]]')
  t.equal(await narrowed('{"x":{"b":1},"y":{"b":2,"c":3}}', 'all but', '/*/b', '/y/c'), '{"x":{},"y":{}}')
  t.equal(await narrowed('[1,2,3]', 'all but', '/*'), '[]')
})

t.test('only what is named is left, with what leads to it', async (t) => {
  t.equal(await narrowed('{"items":[{"a":1.0,"b":2},7,{"b":3},null],"n":1}', 'only', '/items/*/a'), '{"items":[{"a":1.0},{}]}')
  t.equal(await narrowed(' {"a": {"b": [1, 2]}, "c": 3} ', 'only', '/a'), ' {"a": {"b": [1, 2]}} ')
  t.equal(await narrowed('{"a": "b"}', 'only', '/a/b'), '{}', 'what is not followed may hold anything')
  t.equal(await narrowed('{"a": [{"b": 1}]}', 'only', '/a/b'), '{}')
  t.equal(await narrowed('[1]', 'only', '/a'), 'fault: nothing of it may be shown')
  t.equal(await narrowed('7', 'only', '/a'), 'fault: nothing of it may be shown')
})

t.test('names are what they mean, however often they come and however they are written', async (t) => {
  t.equal(await narrowed('{"a":1,"\\u0061":2,"b":3,"a":4}', 'all but', '/a'), '{"b":3}')
  t.equal(await narrowed('{"a":1,"\\u0061":2,"b":3}', 'only', '/a'), '{"a":1,"\\u0061":2}')
  t.equal(await narrowed('{"a/b":1,"m~n":2,"\\"":3,"é":4,"\\u00e9":5,"":6,"__proto__":7,"x":8}', 'all but', '/a~1b', '/m~0n', '/"', '/é', '/', '/__proto__'), '{"x":8}')
})

t.test('where a list stands for an object nothing is let through', async (t) => {
  t.equal(await narrowed('[{"citizen":1}]', 'all but', '/citizen'), 'fault: it has a list where the contract has an object, or the other way round')
  t.equal(await narrowed('{"items":[[{"citizen":1}]]}', 'all but', '/items/*/citizen'), 'fault: it has a list where the contract has an object, or the other way round')
  const { tree } = pointedFields(['/items/*/citizen'], [{ properties: { items: { items: { properties: { citizen: {} } } } } }], {})
  t.match(await narrowJson(Buffer.from('{"items":{"citizen":1}}'), { keep: 'all but', tree }), { fault: /it has a list/ })
  t.match(await narrowJson(Buffer.from('{"items":null}'), { keep: 'all but', tree }), { bytes: Buffer.from('{"items":null}') })
})

const broken = ['', ' ', '{', '[', '"', '{"a"}', '{"a":}', '{"a":1,}', '{,}', '[1,]', '[,1]', '[1 2]', '{"a":1 "b":2}', '{a:1}', "{'a':1}", '01', '1.', '.5', '-', '1e', '1e+', '+1', 'NaN', 'Infinity', 'tru', 'nulll', 'undefined',
  '"\u0001"', '"\\x"', '"\\u12g4"', '"\\', '{"a":1}}', '{"a":1} x', '[1]]', '/**/1', '{"a":1/**/}', '\ufeff{}', '{]', '[}', '{"a":[}', '\u00a01', '"a\nb"']

t.test('what is no JSON is not passed on, wherever it breaks', async (t) => {
  for (const text of broken) {
    t.throws(() => JSON.parse(text) as unknown, text)
    for (const whole of [text, `{"secret":${text}}`, `{"x":${text}}`]) {
      if (whole === text || text !== '') t.match(await narrowed(whole, 'all but', '/secret', '/*/*/y'), /^fault: it (?:is not JSON|has a list)/, whole)
    }
  }
  t.equal(await narrowed(Buffer.from([0x22, 0xff, 0x22]), 'all but', '/a'), 'fault: it is not in UTF-8')
  t.equal(await narrowed(Buffer.from('{"a":1}', 'utf16le'), 'all but', '/a'), 'fault: it is not JSON')
  const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth)
  t.equal(await narrowed(nested(64), 'all but', '/a/b'), 'fault: it has a list where the contract has an object, or the other way round')
  t.equal(await narrowed(`{"a":${nested(63)}}`, 'all but', '/b'), `{"a":${nested(63)}}`)
  t.equal(await narrowed(`{"a":${nested(64)}}`, 'all but', '/b'), 'fault: it is nested deeper than 64 levels')
})

/** A value as it is written, so that members that are there twice, escapes and spellings can be told apart. */
type Written = { readonly text: string } | { readonly list: readonly Written[] } | { readonly members: readonly Member[] }
interface Member { readonly name: string, readonly written: string, readonly value: Written }

const names = ['a', 'b', 'c', '', 'a/b', '~', '"', 'é', '😀', 'citizen']
const escaped = (name: string): string => [...Array(name.length).keys()].map((index) => `\\u${name.charCodeAt(index).toString(16).padStart(4, '0')}`).join('')
const spelling = (name: string): fc.Arbitrary<string> => fc.constantFrom(JSON.stringify(name), `"${escaped(name)}"`)
let canaries = 0
const scalar = fc.oneof(
  fc.constantFrom('0', '-0', '1.10', '1E+2', '12345678901234567890.0', 'true', 'false', 'null', '""', '"\\/\\u0041"', '"{\\"a\\":[1,"'),
  fc.string().map((text) => JSON.stringify(text)),
  fc.constant(0).map(() => `"canary-${++canaries}-"`)
).map((text): Written => ({ text }))
const { written } = fc.letrec<{ written: Written, member: Member }>((tie) => ({
  written: fc.oneof({ depthSize: 'medium', withCrossShrink: true }, scalar, fc.array(tie('written'), { maxLength: 4 }).map((list) => ({ list })), fc.array(tie('member'), { maxLength: 5 }).map((members) => ({ members }))),
  member: fc.constantFrom(...names).chain((name) => fc.record({ name: fc.constant(name), written: spelling(name), value: tie('written') }))
}))
const pointer = fc.array(fc.constantFrom('*', '*', ...names), { minLength: 1, maxLength: 3 }).map((segments) => segments.map((segment) => `/${segment.replaceAll('~', '~0').replaceAll('/', '~1')}`).join(''))
const pointers = fc.array(pointer, { minLength: 1, maxLength: 4 })
const spaces = fc.infiniteStream(fc.constantFrom('', '', '', ' ', '\n', '\t', '\r\n  '))

function print (value: Written, space: () => string): string {
  const within = (open: string, parts: readonly string[], close: string): string => parts.length === 0 ? open + space() + close : open + parts.map((part) => space() + part + space()).join(',') + close
  if ('text' in value) return value.text
  if ('list' in value) return within('[', value.list.map((one) => print(one, space)), ']')
  return within('{', value.members.map((member) => `${member.written}${space()}:${space()}${print(member.value, space)}`), '}')
}

class Misfit extends Error {}

/** What is left of a value, worked out from the pointers alone; undefined when nothing is. A place is the names on the way to it, null for an element of a list. */
function left (value: Written, keep: Narrowing['keep'], all: readonly string[], place: readonly (string | null)[] = []): Written | undefined {
  const on = all.map(segmentsOf).filter((segments) => place.every((step, index) => segments[index] === '*' || (step !== null && segments[index] === step)))
  const [ends, further] = [on.some(({ length }) => length === place.length), on.filter(({ length }) => length > place.length)]
  if (ends) return keep === 'only' ? value : undefined
  if (further.length === 0) return keep === 'only' ? undefined : value
  if ('text' in value) return keep === 'only' ? undefined : value
  if ('list' in value) {
    if (!further.some((segments) => segments[place.length] === '*')) {
      if (keep === 'all but') throw new Misfit()
      return undefined
    }
    return { list: value.list.map((one) => left(one, keep, all, [...place, null])).filter((one) => one !== undefined) }
  }
  return { members: value.members.flatMap((member) => {
    const rest = left(member.value, keep, all, [...place, member.name])
    return rest ? [{ ...member, value: rest }] : []
  }) }
}

const canariesIn = (text: string): readonly string[] => text.match(/canary-\d+-/g) ?? []
const compact = (): string => ''

/** Takes white space between tokens out, nothing else. */
const packed = (text: string): string => text.replaceAll(/("(?:[^"\\]|\\.)*")|[ \n\r\t]+/g, (_match, string: string | undefined) => string ?? '')

t.test('whatever the value and the pointers: exactly what is withheld is gone, and no byte of the rest is another', async (t) => {
  const outcomes = { whole: 0, less: 0, refused: 0 }
  await fc.assert(fc.asyncProperty(written, pointers, fc.constantFrom('all but' as const, 'only' as const), spaces, async (value, all, keep, stream) => {
    const text = print(value, () => stream.next().value as string)
    const outcome = await narrowJson(Buffer.from(text), { keep, tree: treeOf(all) })
    let expected: Written | undefined
    try {
      expected = left(value, keep, all)
    } catch (error) {
      if (!(error instanceof Misfit)) throw error
    }
    if (expected === undefined) {
      outcomes.refused++
      return 'fault' in outcome
    }
    if ('fault' in outcome) return false
    const got = outcome.bytes.toString()
    const wanted = print(expected, compact)
    outcomes[got === text ? 'whole' : 'less']++
    const gone = new Set(canariesIn(text)).difference(new Set(canariesIn(wanted)))
    return packed(got) === wanted && JSON.stringify(JSON.parse(got)) === JSON.stringify(JSON.parse(wanted)) && canariesIn(got).every((canary) => !gone.has(canary)) && (packed(text) !== wanted || got === text)
  }), { numRuns: 5000 })
  t.ok(Math.min(...Object.values(outcomes)) > 200, JSON.stringify(outcomes))
})

t.test('whatever the bytes: what is passed on is JSON, and what is refused is none', async (t) => {
  const text = written.chain((value) => fc.tuple(fc.constant(print(value, compact)), fc.nat(), fc.constantFrom(...'{}[],:"\\/-+.eE01un \u0000\u007fx'.split('')))).map(([whole, at, character]) => {
    const index = at % (whole.length + 1)
    return whole.slice(0, index) + character + whole.slice(index + at % 2)
  })
  const isJson = (one: string): boolean => {
    try {
      JSON.parse(one)
      return true
    } catch {
      return false
    }
  }
  const outcomes = { passed: 0, refused: 0 }
  await fc.assert(fc.asyncProperty(text, async (one) => {
    const outcome = await narrowJson(Buffer.from(one), { keep: 'all but', tree: treeOf(['/q/q']) })
    outcomes['bytes' in outcome ? 'passed' : 'refused']++
    return isJson(one.toWellFormed()) ? 'bytes' in outcome || outcome.fault.startsWith('it has a list') : 'fault' in outcome
  }), { numRuns: 5000 })
  t.ok(Math.min(...Object.values(outcomes)) > 200, JSON.stringify(outcomes))
})

t.test('a long text does not keep others waiting', async (t) => {
  const item = '{"id":123456,"citizen":{"fullName":"Persona Segnaposto","contact":"x@example"},"state":"open","openedAt":"2024-04-02T08:15:00.000Z"}'
  const text = Buffer.from(`{"items":[${Array(80_000).fill(item).join(',')}]}`)
  let [longest, last, over] = [0, performance.now(), false]
  const turn = (): void => {
    longest = Math.max(longest, performance.now() - last)
    last = performance.now()
    if (!over) setImmediate(turn)
  }
  turn()
  const started = performance.now()
  const outcome = await narrowJson(text, { keep: 'all but', tree: treeOf(['/items/*/citizen']) })
  over = true
  t.comment(`${(text.length / 1024 / 1024).toFixed(1)} MiB in ${(performance.now() - started).toFixed()} ms, at most ${longest.toFixed()} ms at a time`)
  t.ok('bytes' in outcome && !outcome.bytes.includes('Persona') && outcome.bytes.length < text.length)
  t.ok(longest < 100)
})
