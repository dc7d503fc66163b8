import * as fc from 'fast-check'
import t from 'tap'
import { loadContract, toContract } from '../contract.ts'
import { differencesOf } from './differences.ts'
import type { JsonObject } from '../document.ts'

type Schemas = JsonObject

const json = (schema: JsonObject): JsonObject => ({ content: { 'application/json': { schema } } })
const ok = (schema: JsonObject): JsonObject => ({ description: 'ok', ...json(schema) })

const things: JsonObject = {
  get: { operationId: 'listThings', parameters: [{ name: 'q', in: 'query', schema: { type: 'string' } }], responses: { 200: ok({ $ref: '#/components/schemas/Thing' }) } },
  post: { operationId: 'addThing', requestBody: json({ $ref: '#/components/schemas/Thing' }), responses: { 201: { description: 'added' } } }
}
const thing: JsonObject = { type: 'object', required: ['id'], properties: { id: { type: 'integer' }, name: { type: 'string', maxLength: 10 } } }

function contractOf (paths: JsonObject, schemas: Schemas = { Thing: thing }) {
  return toContract({ openapi: '3.0.3', info: { title: 'Things', version: '1' }, servers: [{ url: '/things/v1' }], paths, components: { schemas } }, 'things.yaml')
}

/** What two states of a contract differ in: a line each. */
function told (before: JsonObject, after: JsonObject, schemas: readonly [Schemas, Schemas] = [{ Thing: thing }, { Thing: thing }]): readonly string[] {
  return differencesOf(contractOf(before, schemas[0]), contractOf(after, schemas[1]))
    .map(({ kind, operation, where, message }) => `${kind === 'breaking' ? '!' : ' '} ${operation.id} ${where === '' ? '' : `${where} `}${message}`)
}

const get = (own: JsonObject): JsonObject => ({ '/things': { get: { operationId: 'get', responses: { 200: { description: 'ok' } }, ...own } } })
/** What changes for callers by a schema: of a request body, and of a response. */
const sent = (before: JsonObject, after: JsonObject): readonly string[] => told({ '/things': { post: { operationId: 'post', requestBody: json(before), responses: { 200: { description: 'ok' } } } } }, { '/things': { post: { operationId: 'post', requestBody: json(after), responses: { 200: { description: 'ok' } } } } })
const read = (before: JsonObject, after: JsonObject): readonly string[] => told(get({ responses: { 200: ok(before) } }), get({ responses: { 200: ok(after) } }))

t.test('operations: added, removed, moved, public no more, renamed', async (t) => {
  t.strictSame(told({ '/things': things }, { '/things': things }), [])
  t.strictSame(told({ '/things': things }, { '/things': { get: things['get'] as JsonObject } }), ['! addThing is removed: POST /things'])
  t.strictSame(told({ '/things': { get: things['get'] as JsonObject } }, { '/things': things }), ['  addThing is added: POST /things'])
  t.strictSame(told({ '/things': things }, { '/goods': things }), ['! listThings was GET /things, is GET /goods', '! addThing was POST /things, is POST /goods'])
  t.strictSame(told(get({ security: [] }), get({})), ['! get was public, needs a voucher now'])
  t.strictSame(told(get({}), get({ security: [], deprecated: true })), ['  get is public now', '  get is deprecated now'])
  t.strictSame(told(get({}), get({ operationId: 'find' })), ['  find the operationId was get'], 'callers know it by method and path')
  const both = (one: string, other: string): JsonObject => ({ '/one': (get({ operationId: one })['/things'] as JsonObject), '/other': (get({ operationId: other })['/things'] as JsonObject) })
  t.strictSame(told(both('a', 'b'), both('b', 'a')), ['  b the operationId was a', '  a the operationId was b'], 'names that change places move nothing')
})

t.test('a path parameter is known by its place, whatever its name', async (t) => {
  const at = (name: string, schema: JsonObject): JsonObject => ({ [`/things/{${name}}`]: { get: { operationId: 'get', parameters: [{ name, in: 'path', required: true, schema }], responses: { 200: { description: 'ok' } } } } })
  t.strictSame(told(at('id', { type: 'string' }), at('thingId', { type: 'string' })), [])
  t.strictSame(told(at('id', { type: 'string' }), at('thingId', { type: 'string', pattern: '^a' })), ['! get path parameter "thingId" pattern is new: "^a"'].map((line) => line.replace('thingId', 'id')))
})

t.test('parameters', async (t) => {
  const parameter = (own: JsonObject): JsonObject => get({ parameters: [{ name: 'q', in: 'query', schema: { type: 'string' }, ...own }] })
  const cases: readonly (readonly [JsonObject, JsonObject, readonly string[]])[] = [
    [parameter({}), get({}), ['! get query parameter "q" is gone, and a query parameter that is not declared is refused']],
    [parameter({ in: 'header', name: 'X-Q' }), get({}), ['  get header parameter "X-Q" is gone: it is passed over']],
    [parameter({ in: 'header', name: 'X-Q' }), parameter({ in: 'header', name: 'x-q' }), []],
    [get({}), parameter({}), ['  get query parameter "q" is new']],
    [get({}), parameter({ required: true }), ['! get query parameter "q" is new and required']],
    [parameter({}), parameter({ required: true }), ['! get query parameter "q" is required now']],
    [parameter({ required: true }), parameter({}), ['  get query parameter "q" is no longer required']],
    [parameter({}), parameter({ schema: { type: 'string', enum: ['a', 'b'] } }), ['! get query parameter "q" is now one of "a", "b"']],
    [parameter({ schema: { type: 'integer' } }), parameter({ schema: { type: 'number' } }), ['  get query parameter "q" the type was integer, is number']],
    [parameter({ schema: { type: 'array', items: { type: 'string' } } }), parameter({ explode: false, schema: { type: 'array', items: { type: 'string', maxLength: 3 } } }), ['! get query parameter "q" is written in another way: explode is false now', '! get query parameter "q" /* maxLength is new: 3']]
  ]
  for (const [before, after, lines] of cases) t.strictSame(told(before, after), lines)
})

t.test('bodies and responses: required, media types, statuses, headers', async (t) => {
  const body = (own: JsonObject | undefined): JsonObject => ({ '/things': { post: { operationId: 'post', ...own && { requestBody: own }, responses: { 200: { description: 'ok' } } } } })
  const any = json({})
  const types = (...names: readonly string[]): JsonObject => ({ description: 'ok', content: Object.fromEntries(names.map((name) => [name, {}])) })
  const cases: readonly (readonly [JsonObject, JsonObject, readonly string[]])[] = [
    [body(undefined), body(any), ['  post request body is new']],
    [body(undefined), body({ ...any, required: true }), ['! post request body is new and required']],
    [body(any), body({ ...any, required: true }), ['! post request body is required now']],
    [body({ ...any, required: true }), body(any), ['  post request body is no longer required']],
    [body(any), body(undefined), ['! post request body is gone: none is taken any more']],
    [body(types('application/json', 'text/csv')), body(types('application/json', 'text/plain')), ['! post request body the media type text/csv is gone', '  post request body the media type text/plain is new']],
    [get({ responses: { 200: types('application/json'), 404: types() } }), get({ responses: { 200: types('text/csv'), 202: types() } }), [
      '! get response 200 the media type application/json is gone', '  get response 200 the media type text/csv is new', '  get response 404 is no longer declared', '  get response 202 is new'
    ]],
    [get({ responses: { 201: types('application/json') } }), get({ responses: { 200: types() } }), ['! get response 201 is gone', '  get response 200 is new']],
    [get({ responses: { 201: types('application/json') } }), get({ responses: { '2XX': types('application/json') } }), ['  get response 201 is no longer declared', '  get response 2XX is new']],
    [get({ responses: { 200: { description: 'ok', headers: { ETag: { required: true }, Link: {} } } } }), get({ responses: { 200: { description: 'ok', headers: { etag: {}, 'X-New': {} } } } }), [
      '! get response 200 the header etag is no longer required', '! get response 200 the header link is gone', '  get response 200 the header x-new is new'
    ]]
  ]
  for (const [before, after, lines] of cases) t.strictSame(told(before, after), lines)
})

t.test('values: what is narrower breaks who sends, what is wider breaks who reads', async (t) => {
  const cases: readonly (readonly [narrow: JsonObject, wide: JsonObject, narrowed: string, widened: string])[] = [
    [{ type: 'integer' }, { type: 'number' }, 'the type was number, is integer', 'the type was integer, is number'],
    [{ type: 'string' }, { type: 'string', nullable: true }, 'the type was string or null, is string', 'the type was string, is string or null'],
    [{ type: 'string' }, {}, 'the type was any, is string', 'the type was string, is any'],
    [{ enum: ['a'] }, { enum: ['b', 'a'] }, 'is no longer "b"', 'may also be "b", which nobody knew before'],
    [{ enum: ['a'] }, {}, 'is now one of "a"', 'is no longer one of a list'],
    [{ minimum: 2 }, { minimum: 1 }, 'minimum was 1, is 2', 'minimum was 2, is 1'],
    [{ minimum: 2, exclusiveMinimum: true }, { minimum: 2 }, 'minimum was 2, is 2 (exclusive)', 'minimum was 2 (exclusive), is 2'],
    [{ maxItems: 2 }, {}, 'maxItems is new: 2', 'maxItems 2 is gone'],
    [{ maximum: 2, exclusiveMaximum: true }, { maximum: 3 }, 'maximum was 3, is 2 (exclusive)', 'maximum was 2 (exclusive), is 3'],
    [{ pattern: '^a' }, {}, 'pattern is new: "^a"', 'pattern "^a" is gone'],
    [{ format: 'int32' }, { format: 'int64' }, 'format was "int64", is "int32"', 'format was "int32", is "int64"'],
    [{ uniqueItems: true }, { uniqueItems: false }, 'uniqueItems is new: true', 'uniqueItems true is gone'],
    [{ anyOf: [{ type: 'string' }] }, { anyOf: [{ type: 'integer' }, { type: 'string' }] }, 'anyOf has one schema less', 'anyOf has one schema more'],
    [{ oneOf: [{ minLength: 1 }], discriminator: { propertyName: 'k' } }, { oneOf: [{ minLength: 2 }, { minLength: 1 }], discriminator: { propertyName: 'k' } }, 'oneOf has one schema less', 'oneOf has one schema more'],
    [{ anyOf: [{ maximum: 1 }] }, { anyOf: [{ maximum: 2 }] }, 'maximum was 2, is 1', 'maximum was 1, is 2'],
    [{ not: { type: 'string' } }, {}, 'not is new', 'not is gone'],
    [{ allOf: [{ minLength: 1 }, { minLength: 3 }] }, { minLength: 2 }, 'minLength was 2, is 3', 'minLength was 3, is 2'],
    [{ allOf: [{ type: 'number' }, { type: 'integer' }] }, { type: 'number' }, 'the type was number, is integer', 'the type was integer, is number']
  ]
  for (const [narrow, wide, narrowed, widened] of cases) {
    t.strictSame(sent(wide, narrow), [`! post request body application/json ${narrowed}`])
    t.strictSame(sent(narrow, wide), [`  post request body application/json ${widened}`])
    t.strictSame(read(wide, narrow), [`  get response 200 application/json ${narrowed}`])
    t.strictSame(read(narrow, wide), [`! get response 200 application/json ${widened}`])
  }
  const unclear: readonly (readonly [JsonObject, JsonObject, string])[] = [
    [{ type: 'string' }, { type: 'integer' }, 'the type was string, is integer'],
    [{ pattern: '^a' }, { pattern: '^b' }, 'pattern was "^a", is "^b"'],
    [{ multipleOf: 2 }, { multipleOf: 3 }, 'multipleOf was 2, is 3'],
    [{ oneOf: [{ minLength: 1 }] }, { oneOf: [{ minLength: 1 }, { minLength: 2 }] }, 'oneOf has one schema more'],
    [{ not: { maximum: 1 } }, { not: { maximum: 2 } }, 'maximum was 1, is 2']
  ]
  for (const [one, other, message] of unclear) {
    t.strictSame(sent(one, other), [`! post request body application/json ${message}: cannot be told to be compatible`])
    t.strictSame(read(one, other), [`! get response 200 application/json ${message}: cannot be told to be compatible`])
  }
  t.strictSame(read({ enum: ['a'] }, { enum: ['a', 1, 2, 3, 4, 5, 6, 7, 8, 9] }), ['! get response 200 application/json may also be 1, 2, 3, 4, 5, 6, 7, 8 and 1 more, which nobody knew before'])
  t.strictSame(sent({ description: 'a', example: 1, default: 2 }, { title: 'b' }), [], 'what says nothing of values is passed over')
  t.strictSame(sent({ allOf: [{ $ref: '#/components/schemas/Thing' }] }, thing), [], 'it does not matter how it is written')
})

t.test('members of objects', async (t) => {
  const of = (properties: JsonObject, more: JsonObject = {}): JsonObject => ({ type: 'object', properties, ...more })
  const [one, two] = [of({ a: {} }), of({ a: {}, 'b/c': {} })]
  const closed = { additionalProperties: false }
  const strings = { additionalProperties: { type: 'string' } }
  const where = { sent: 'post request body application/json', read: 'get response 200 application/json' }
  t.strictSame(sent(one, two), [`  ${where.sent} /b~1c is new`])
  t.strictSame(read(one, two), [`  ${where.read} /b~1c is new`])
  t.strictSame(sent(two, one), [`  ${where.sent} /b~1c is no longer declared, and may still be sent`])
  t.strictSame(read(two, one), [`! ${where.read} /b~1c is gone`])
  t.strictSame(sent(of({ a: {}, b: {} }, closed), of({ a: {} }, closed)), [`! ${where.sent} /b is gone, and a member that is not declared is refused`])
  t.strictSame(sent(of({ b: { type: 'integer' } }), of({}, strings)), [`! ${where.sent} /* members that are not declared are held to a schema`, `! ${where.sent} /b the type was integer, is string: cannot be told to be compatible`])
  t.strictSame(sent(of({}, strings), of({ b: { type: 'integer' } }, strings)), [`  ${where.sent} /b is new`, `! ${where.sent} /b the type was string, is integer: cannot be told to be compatible`])
  t.strictSame(sent(one, of({ a: {} }, { required: ['a'] })), [`! ${where.sent} /a is required now`])
  t.strictSame(read(one, of({ a: {} }, { required: ['a'] })), [`  ${where.read} /a is required now`])
  t.strictSame(sent(of({ a: {} }, { required: ['a'] }), one), [`  ${where.sent} /a is no longer required`])
  t.strictSame(read(of({ a: {} }, { required: ['a'] }), one), [`! ${where.read} /a is no longer required`])
  t.strictSame(read(of({ a: {} }, { required: ['a'] }), of({})), [`! ${where.read} /a is gone`], 'what is gone is not said twice')
  t.strictSame(sent(one, of({ a: { readOnly: true } }, { required: ['a'] })), [], 'what is only read need not be sent')
  t.strictSame(read(of({ a: {} }, { required: ['a'] }), of({ a: { writeOnly: true } }, { required: ['a'] })), [`! ${where.read} /a is gone`], 'what is only written is not read')
  t.strictSame(sent(one, of({ a: {} }, closed)), [`! ${where.sent} /* only declared members are left`])
  t.strictSame(read(one, of({ a: {} }, closed)), [`  ${where.read} /* only declared members are left`])
  t.strictSame(read(of({}, strings), of({}, closed)), [`! ${where.read} /* only declared members are left`])
  t.strictSame(sent(of({}, closed), of({})), [`  ${where.sent} /* there may be members that are not declared`])
  t.strictSame(read(of({}, closed), of({}, strings)), [`  ${where.read} /* there may be members that are not declared`], 'readers pass over what they do not know')
  t.strictSame(read(of({}, strings), of({}, { additionalProperties: true })), [`! ${where.read} /* members that are not declared may be anything`])
  t.strictSame(read(of({}, strings), of({}, { additionalProperties: { type: 'integer' } })), [`! ${where.read} /* the type was string, is integer: cannot be told to be compatible`])
  t.strictSame(read(of({ a: { type: 'array', items: of({ b: {} }) } }), of({ a: { type: 'array', items: of({}) } })), [`! ${where.read} /a/*/b is gone`])
})

t.test('schemas that contain themselves, in other words too', async (t) => {
  const node = (value: JsonObject): JsonObject => ({ type: 'object', properties: { value, next: { $ref: '#/components/schemas/Thing' }, all: { type: 'array', items: { allOf: [{ $ref: '#/components/schemas/Thing' }, { type: 'object' }] } } } })
  const paths = get({ responses: { 200: ok({ $ref: '#/components/schemas/Thing' }) } })
  t.strictSame(told(paths, paths, [{ Thing: node({ type: 'string' }) }, { Thing: node({ type: 'string' }) }]), [])
  t.strictSame(told(paths, paths, [{ Thing: node({ type: 'string' }) }, { Thing: node({ type: 'boolean' }) }])[0], '! get response 200 application/json /value the type was string, is boolean: cannot be told to be compatible')
})

t.test('a schema that is shared is compared where it or what it refers to changed', async (t) => {
  const paths = get({ responses: { 200: ok({ $ref: '#/components/schemas/A' }) } })
  const schemas = (leaf: JsonObject): Schemas => ({ A: { properties: { b: { $ref: '#/components/schemas/B' } } }, B: { properties: { c: { $ref: '#/components/schemas/C' }, a: { $ref: '#/components/schemas/A' } } }, C: leaf })
  t.strictSame(told(paths, paths, [schemas({ type: 'string' }), schemas({ type: 'string', nullable: true })]), ['! get response 200 application/json /b/c the type was string, is string or null'])
  t.strictSame(told(paths, paths, [{ ...schemas({ $ref: '#/components/schemas/D' }), D: {} }, { ...schemas({ $ref: '#/components/schemas/D' }), D: { type: 'string' } }]), ['  get response 200 application/json /b/c the type was any, is string'])
})

t.test('deep, wide and tangled schemas take a bounded time', async (t) => {
  const deep = (levels: number, leaf: JsonObject): JsonObject => Array.from({ length: levels }).reduce<JsonObject>((inner) => ({ type: 'object', properties: { a: inner } }), leaf)
  const wide = (leaf: JsonObject): JsonObject => ({ type: 'object', properties: Object.fromEntries(Array.from({ length: 20_000 }, (_, index) => [`p${index}`, index % 2 === 0 ? { type: 'integer' } : { ...leaf }])) })
  // Every schema holds all others: paths through them are without number.
  const names = Array.from({ length: 40 }, (_, index) => `S${index}`)
  const tangled = (leaf: JsonObject): Schemas => Object.fromEntries(names.map((name) => [name, { type: 'object', properties: { leaf, ...Object.fromEntries(names.map((other) => [other, { allOf: [{ $ref: `#/components/schemas/${other}` }, { $ref: '#/components/schemas/S0' }] }])) } }]))
  const root = get({ responses: { 200: ok({ $ref: '#/components/schemas/S0' }) } })
  const [text, flag] = [{ type: 'string' }, { type: 'boolean' }]
  for (const [name, compare, least] of [
    ['deep', () => read(deep(800, text), deep(800, flag)), 1],
    ['wide', () => read(wide(text), wide(flag)), 10_000],
    ['tangled', () => told(root, root, [tangled(text), tangled(flag)]), 1]
  ] as const) {
    const start = process.cpuUsage()
    const lines = compare()
    const took = process.cpuUsage(start).user / 1000
    t.ok(lines.length >= least, `${name}: ${lines.length} differences`)
    t.ok(took < 5000, `${name}: ${took} ms`)
  }
})

/** Objects as contracts have them, some levels deep. */
const objects = fc.letrec<{ schema: JsonObject, object: JsonObject }>((tie) => ({
  schema: fc.oneof({ depthSize: 'small' },
    fc.record({ type: fc.constantFrom('string', 'integer', 'boolean'), nullable: fc.boolean() }),
    fc.record({ type: fc.constant('string'), maxLength: fc.nat(9), enum: fc.constant(['a', 'b']) }),
    tie('object').map((items) => ({ type: 'array', items })),
    fc.array(tie('object'), { minLength: 1, maxLength: 2 }).chain((list) => fc.constantFrom('allOf', 'anyOf', 'oneOf').map((keyword) => ({ [keyword]: list }))),
    tie('object')),
  object: fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), tie('schema'), { maxKeys: 3 }).chain((properties) => fc.record({ type: fc.constant('object'), properties: fc.constant(properties), required: fc.subarray(Object.keys(properties)), additionalProperties: fc.boolean() }))
})).object as fc.Arbitrary<JsonObject & { readonly properties: JsonObject, readonly required: readonly string[] }>

t.test('nothing differs from itself, a member that may be left out breaks nobody, one that is not answered any more somebody', async (t) => {
  const copy = (schema: JsonObject): JsonObject => structuredClone(schema)
  fc.assert(fc.property(objects, (schema) => {
    const other = { ...copy(schema), description: 'written anew' }
    t.strictSame([...sent(schema, other), ...read(schema, other)], [])
    const added = { ...copy(schema), properties: { ...schema.properties, added: { type: 'integer' } } }
    t.notOk([...sent(schema, added), ...read(schema, added)].some((line) => line.startsWith('!')))
    t.ok(read(added, schema).some((line) => line.startsWith('!')))
    for (const name of Object.keys(schema.properties)) {
      const { [name]: _gone, ...properties } = schema.properties
      const without = { ...copy(schema), properties, required: schema.required.filter((one) => one !== name) }
      t.ok(read(schema, without).some((line) => line.startsWith('!') && line.includes(`/${name} is gone`)))
    }
  }), { numRuns: 60 })
})

t.test('the contracts of this repository are the same as themselves, also read anew', async (t) => {
  for (const name of ['tickets', 'surveys']) {
    const file = `${import.meta.dirname}/../${name}.v1.yaml`
    const [one, other] = await Promise.all([loadContract(file), loadContract(file)])
    t.strictSame(differencesOf(one, { ...other, sha256: 'another' }), [])
  }
})
