import { Ajv } from 'ajv'
import t from 'tap'
import { toContract } from '../contract.ts'
import type { Json, JsonObject } from '../document.ts'
import { schemaCompiler } from './schema-compiler.ts'
import { schemaId, toJsonSchema } from './schema.ts'
import type { Direction } from './schema.ts'

const rewritten: Readonly<Record<string, readonly [openapi: JsonObject, jsonSchema: object]>> = {
  'nothing to rewrite': [{ type: 'string', maxLength: 3 }, { type: 'string', maxLength: 3 }],
  'annotations are dropped': [{ type: 'string', title: 'a', description: 'b', example: 'c', default: 'd', deprecated: true, xml: {}, externalDocs: {}, 'x-own': 1 }, { type: 'string' }],
  'an inclusive limit': [{ minimum: 1, exclusiveMinimum: false }, { minimum: 1 }],
  'an exclusive minimum': [{ minimum: 1, exclusiveMinimum: true }, { exclusiveMinimum: 1 }],
  'an exclusive maximum': [{ maximum: 0, exclusiveMaximum: true }, { exclusiveMaximum: 0 }],
  'an exclusive limit without the limit': [{ exclusiveMinimum: true }, {}],
  'a nullable type': [{ type: 'string', nullable: true }, { type: ['string', 'null'] }],
  'a nullable enum takes null only where it lists it': [{ type: 'string', nullable: true, enum: ['a'] }, { type: ['string', 'null'], enum: ['a'] }],
  'a nullable enum that has null': [{ type: 'string', nullable: true, enum: ['a', null] }, { type: ['string', 'null'], enum: ['a', null] }],
  'nullable without a type means nothing': [{ nullable: true, enum: ['a'] }, { enum: ['a'] }],
  'nullable: false': [{ type: 'string', nullable: false }, { type: 'string' }],
  'a reference, alone': [{ $ref: '#/components/schemas/A', description: 'b', nullable: true }, { $ref: 'varco:request/%2Fcomponents%2Fschemas%2FA' }],
  'members called like annotations': [{ properties: { title: { type: 'string', title: 'x' }, 'x-y': { type: 'string' } } }, { properties: { title: { type: 'string' }, 'x-y': { type: 'string' } } }],
  'schemas inside schemas': [
    { items: { nullable: true, type: 'string' }, additionalProperties: { $ref: '#/components/schemas/A' }, not: { minimum: 1, exclusiveMinimum: true }, allOf: [{ example: 1 }] },
    { items: { type: ['string', 'null'] }, additionalProperties: { $ref: 'varco:request/%2Fcomponents%2Fschemas%2FA' }, not: { exclusiveMinimum: 1 }, allOf: [{}] }
  ],
  'a closed object': [{ additionalProperties: false }, { additionalProperties: false }],
  'a request may leave out what is read only': [
    { required: ['id', 'name', 'secret'], properties: { id: { type: 'string', readOnly: true }, name: {}, secret: { writeOnly: true } } },
    { required: ['name', 'secret'], properties: { id: { type: 'string' }, name: {}, secret: {} } }
  ]
}

for (const [name, [openapi, jsonSchema]] of Object.entries(rewritten)) {
  t.test(`rewritten: ${name}`, async (t) => {
    const before = JSON.stringify(openapi)
    t.strictSame(toJsonSchema(openapi, 'request'), jsonSchema)
    t.equal(JSON.stringify(openapi), before, 'the contract itself is left as it is')
  })
}

t.test('a response may leave out what is write only', async (t) => {
  const schema = { required: ['id', 'secret'], properties: { id: { readOnly: true }, secret: { writeOnly: true } } }
  t.strictSame(toJsonSchema(schema, 'response'), { required: ['id'], properties: { id: {}, secret: {} } })
  t.equal(schemaId('#/components/schemas/A', 'response'), 'varco:response/%2Fcomponents%2Fschemas%2FA')
})

const verdicts: readonly (readonly [schema: JsonObject, valid: readonly unknown[], invalid: readonly unknown[]])[] = [
  [{ type: 'integer', minimum: 0, exclusiveMinimum: true, maximum: 10, exclusiveMaximum: true }, [1, 9], [0, 10, -1, 11, 1.5]],
  [{ type: 'integer', minimum: 0, exclusiveMinimum: false }, [0], [-1]],
  [{ type: 'object', nullable: true, required: ['a'], properties: { a: { type: 'string' } } }, [null, { a: 'x' }], [{}, { a: null }, 'x']],
  [{ type: 'string', nullable: true, enum: ['a', 'b'] }, ['a'], [null, 'c', 1]],
  [{ type: 'string', nullable: true, enum: ['a', null] }, [null, 'a'], ['c']],
  [{ nullable: true, allOf: [{ type: 'object' }] }, [{}], [null]],
  [{ type: 'array', items: { type: 'integer', nullable: true } }, [[1, null]], [['1'], [[null]]]]
]

t.test('rewritten schemas judge as OpenAPI says', async (t) => {
  const ajv = new Ajv({ strict: false })
  for (const [schema, valid, invalid] of verdicts) {
    const validate = ajv.compile(toJsonSchema(schema, 'request'))
    for (const value of valid) t.ok(validate(value), `${JSON.stringify(schema)} takes ${JSON.stringify(value)}`)
    for (const value of invalid) t.notOk(validate(value), `${JSON.stringify(schema)} refuses ${JSON.stringify(value)}`)
  }
})

/** A contract with some component schemas, of which `A` is checked. */
function taking (schemas: JsonObject, { openapi = '3.0.3', direction = 'request' }: { openapi?: string, direction?: Direction } = {}) {
  const contract = toContract({ openapi, info: { title: 'Prova', version: '1.0.0' }, paths: {}, components: { schemas } }, 'test.yaml')
  const validate = schemaCompiler(contract)({ $ref: '#/components/schemas/A' }, direction, 'test')
  return { notes: contract.notes, fault: (value: unknown): string | undefined => validate(value) ? undefined : `${validate.errors?.[0]?.instancePath} ${validate.errors?.[0]?.keyword}` }
}

const to = (name: string): JsonObject => ({ $ref: `#/components/schemas/${name}` })
const kind = (...kinds: string[]): JsonObject => ({ type: 'object', required: ['kind'], properties: { kind: { type: 'string', ...kinds.length > 0 && { enum: kinds } } } })
const cat = { type: 'object', required: ['kind', 'lives'], properties: { kind: { type: 'string' }, lives: { type: 'integer' } } }
const dog = { type: 'object', required: ['kind'], properties: { kind: { type: 'string' }, name: { type: 'string' } } }
const tag = (mapping?: JsonObject): JsonObject => ({ discriminator: { propertyName: 'kind', ...mapping && { mapping } } })
const heirs = (base: JsonObject): JsonObject => ({ A: to('Pet'), Pet: { ...kind(), ...base }, Cat: { allOf: [to('Pet'), { required: ['lives'], properties: { lives: { type: 'integer' } } }] }, Lion: { allOf: [to('Cat'), { required: ['mane'] }] }, Other: { allOf: [{ type: 'object' }] } })

type Case = readonly [schemas: JsonObject, valid: readonly unknown[], invalid: readonly (readonly [value: unknown, fault: string])[]]

const judged: Readonly<Record<string, Case>> = {
  'a discriminator names the only schema that counts': [
    { A: { oneOf: [to('Cat'), to('Dog')], ...tag({ cat: '#/components/schemas/Cat', dog: 'Dog' }) }, Cat: cat, Dog: dog },
    [{ kind: 'cat', lives: 9 }, { kind: 'dog', name: 'x' }, { kind: 'dog', lives: 9 }],
    [[{ kind: 'cat' }, ' required'], [{ kind: 'cat', lives: 'x' }, '/lives type'], [{ kind: 'dog', name: 1 }, '/name type'], [{ kind: 'bird' }, '/kind enum'], [{ kind: 'Dog' }, '/kind enum'], [{}, ' required'], [{ kind: 7 }, '/kind enum'], [null, ' type']]
  ],
  'by the names of the schemas, without mapping': [{ A: { anyOf: [to('Cat'), to('Dog')], ...tag() }, Cat: cat, Dog: dog }, [{ kind: 'Cat', lives: 1 }, { kind: 'Dog' }], [[{ kind: 'Cat' }, ' required'], [{ kind: 'cat', lives: 1 }, '/kind enum']]],
  'by the only value that a schema takes': [{ A: { oneOf: [to('Cat'), to('Dog')], ...tag() }, Cat: { ...cat, properties: { ...cat.properties, kind: { enum: ['c', 'C'] } } }, Dog: { allOf: [kind('d'), dog] } }, [{ kind: 'C', lives: 1 }, { kind: 'd' }], [[{ kind: 'c' }, ' required'], [{ kind: 'Cat', lives: 1 }, '/kind enum']]],
  'two tags of one schema': [{ A: { oneOf: [to('Cat')], ...tag({ cat: 'Cat', tomcat: '#/components/schemas/Cat' }) }, Cat: cat }, [{ kind: 'tomcat', lives: 1 }], [[{ kind: 'tomcat' }, ' required']]],
  'a schema that no tag names is tried as ever': [{ A: { oneOf: [to('Cat'), { type: 'object', required: ['wings'] }], ...tag() }, Cat: cat }, [{ kind: 'Cat', lives: 1 }, { kind: 'x', wings: 2 }], [[{ kind: 'Cat', wings: 1 }, ' required'], [{ kind: 'x' }, ' required']]],
  'heirs by allOf': [heirs(tag({ cat: 'Cat' })), [{ kind: 'cat', lives: 9 }, { kind: 'Lion', lives: 1, mane: 1 }, { kind: 'Pet' }], [[{ kind: 'cat' }, ' required'], [{ kind: 'Lion', lives: 1 }, ' required'], [{ kind: 'Cat', lives: 1 }, '/kind enum'], [{ kind: 'Other' }, '/kind enum'], [{ lives: 1 }, ' required']]],
  'heirs that are listed too': [heirs({ oneOf: [to('Cat')], ...tag({ cat: 'Cat' }) }), [{ kind: 'cat', lives: 9 }], [[{ kind: 'cat' }, ' required'], [{ kind: 'dog' }, '/kind enum']]],
  'an heir alone is what it is': [{ ...heirs(tag({ cat: 'Cat' })), A: to('Cat') }, [{ kind: 'whatever', lives: 9 }], [[{ kind: 'cat' }, ' required'], [{ lives: 1 }, ' required']]],
  'a base in a property, wrapped': [{ ...heirs(tag({ cat: 'Cat' })), A: { properties: { pet: { allOf: [to('Pet')], description: 'x' } } } }, [{ pet: { kind: 'cat', lives: 1 } }], [[{ pet: { kind: 'cat' } }, '/pet required']]],
  'a discriminator that nothing extends': [{ A: { ...kind(), ...tag() } }, [{ kind: 'x' }], [[{}, ' required']]],
  'read only where it is referred to': [{ A: { required: ['id', 'n'], properties: { id: to('Id'), n: {} } }, Id: { type: 'string', readOnly: true } }, [{ n: 1 }, { id: 'x', n: 1 }], [[{ id: 'x' }, ' required']]],
  'read only in another part': [{ A: { allOf: [to('B'), { required: ['id', 'n'] }] }, B: { properties: { id: { readOnly: true } } } }, [{ n: 1 }], [[{ id: 1 }, ' required']]],
  'boolean limits': [{ A: { type: 'integer', minimum: 1, exclusiveMinimum: true } }, [2], [[1, ' exclusiveMinimum']]],
  'decimals': [{ A: { multipleOf: 0.01 } }, [19.99, 0.07, 123456789.99, 1e20, 0, -4.35], [[19.999, ' multipleOf'], [123456789.991, ' multipleOf']]],
  'unique objects': [{ A: { uniqueItems: true } }, [[{ a: 1 }, { a: '1' }], [1, '1', true, 'true', null, 'null'], [[1], [2]]], [[[{ a: 1, b: [2] }, { b: [2], a: 1 }], ' uniqueItems'], [[0, -0], ' uniqueItems']]],
  'an enum of many': [{ A: { enum: Array.from({ length: 1000 }, (_, index) => index % 2 ? index : `${index}`) } }, [1, '0', '998'], [[0, ' enum'], ['1', ' enum']]],
  'names that every object has': [{ A: { required: ['constructor'], properties: { constructor: { type: 'string' }, toString: { type: 'string' } } } }, [{ constructor: 'x' }], [[{}, ' required'], [{ constructor: 1 }, '/constructor type']]],
  'members called like keywords': [{ A: { properties: { $ref: { type: 'string' }, enum: { type: 'string' }, properties: { type: 'string' }, discriminator: { type: 'string' } } } }, [{ enum: 'x' }], [[{ $ref: 1 }, '/$ref type'], [{ properties: 1 }, '/properties type']]],
  'names that need escapes': [{ A: { properties: { a: { $ref: '#/components/schemas/x~1y %41~0' } } }, 'x/y %41~': { type: 'string' } }, [{ a: 'x' }], [[{ a: 1 }, '/a type']]],
  'a part of another schema': [{ A: { $ref: '#/components/schemas/B/properties/b/items' }, B: { properties: { b: { items: { type: 'integer' } } } } }, [1], [['x', ' type']]],
  'a schema that contains itself': [{ A: { properties: { next: to('A'), n: { type: 'integer' } } } }, [{ next: { next: { n: 1 } } }], [[{ next: { next: { n: 'x' } } }, '/next/next/n type']]],
  'a schema with nothing in it': [{ A: { properties: { a: null } } }, [{ a: 1 }], []],
  'Java types': [{ A: { properties: { a: { type: 'String' }, b: { type: 'date' }, c: { type: 'long' }, d: { type: 'any' }, e: { type: 'file' } } } }, [{ a: 'x', b: '2026-01-31', c: 1, d: [], e: 'x' }], [[{ a: 1 }, '/a type'], [{ b: 'x' }, '/b format'], [{ c: 1.5 }, '/c type']]],
  'values of a keyword that are none': [{ A: { required: true, minLength: '2', maxLength: 'x', enum: [], pattern: 7, properties: { a: { required: 'b', minimum: '1', allOf: [], uniqueItems: 'true' } }, allOf: { type: 'string' } } }, ['ab', 'abc'], [['a', ' minLength'], [{}, ' type']]],
  'an enum of the wrong type': [{ A: { properties: { a: { type: 'string', enum: [1, true, 'x'] }, b: { type: 'integer', enum: ['1', '2'] } } } }, [{ a: '1', b: 2 }, { a: 'true' }], [[{ a: 1 }, '/a type'], [{ a: '2' }, '/a enum'], [{ b: 3 }, '/b enum']]],
  'a null that is added to no enum': [{ A: { type: 'string', nullable: true, enum: ['a'] } }, ['a'], [[null, ' enum']]],
  'date-time': [{ A: { format: 'date-time' } }, ['2026-11-22T10:00:00Z', '2026-11-22t10:00:00.123+01:00', 7], [['2026-11-22', ' format'], ['2026-11-22T10:00:00', ' format'], ['2026-11-22 10:00:00Z', ' format'], ['2026-02-30T10:00:00Z', ' format'], ['2026-11-22T10:00:00+0100', ' format'], ['2026-11-22T25:00:00Z', ' format']]],
  'date': [{ A: { format: 'date' } }, ['2026-02-28', '2024-02-29'], [['2026-02-29', ' format'], ['28/02/2026', ' format'], ['2026-2-28', ' format']]],
  'uuid': [{ A: { format: 'uuid' } }, ['00000000-0000-4000-8000-00000000C001'], [['urn:uuid:00000000-0000-4000-8000-00000000c001', ' format'], ['x', ' format']]],
  'email': [{ A: { format: 'email' } }, ['a.b+c@x.example'], [['a', ' format'], ['a@b', ' format'], [`${'a'.repeat(400)}@x.example`, ' format']]],
  'uri': [{ A: { format: 'uri' } }, ['https://x.example/a?b#c', 'urn:a:b'], [['/a', ' format'], ['a b', ' format']]],
  'byte': [{ A: { format: 'byte' } }, ['', 'YQ==', 'YWJj'], [['YQ', ' format'], ['Y Q=', ' format'], ['Y-_=', ' format']]],
  'a JWS': [{ A: { format: 'JWS' } }, ['a.b.c', 'a..c'], [['a.b', ' format'], ['a.b.c.d', ' format'], ['a.b=.c', ' format']]],
  'whole numbers': [{ A: { properties: { a: { format: 'int32' }, b: { format: 'int64' } } } }, [{ a: 2147483647, b: 2 ** 53 + 2 }, { b: -(2 ** 63) }, { a: 'x' }], [[{ a: 2147483648 }, '/a format'], [{ a: 1.5 }, '/a format'], [{ b: 1e19 }, '/b format']]],
  'a format that nobody knows': [{ A: { format: 'zoned-date-time' } }, ['x'], []]
}

for (const [name, [schemas, valid, invalid]] of Object.entries(judged)) {
  t.test(`judged: ${name}`, async (t) => {
    const { fault } = taking(schemas)
    for (const value of valid) t.equal(fault(value), undefined, JSON.stringify(value))
    for (const [value, expected] of invalid) t.equal(fault(value), expected, JSON.stringify(value))
  })
}

const judgedSince31: Readonly<Record<string, Case>> = {
  'types in a list': [{ A: { type: ['string', 'null'] } }, ['a', null], [[1, ' type']]],
  'what stands beside a reference': [{ A: { ...to('B'), maxLength: 2 }, B: { type: 'string' } }, ['ab'], [['abc', ' maxLength'], [1, ' type']]],
  'const': [{ A: { const: { a: 1 } } }, [{ a: 1 }], [[{ a: 2 }, ' const']]],
  'prefixItems': [{ A: { prefixItems: [{ type: 'string' }, { type: 'integer' }], items: false } }, [['a', 1], ['a']], [[['a', 'b'], '/1 type'], [['a', 1, 2], ' items']]],
  'a tuple of old': [{ A: { items: [{ type: 'string' }], additionalItems: false } }, [['a']], [[[1], '/0 type'], [['a', 1], ' items']]],
  'unevaluatedProperties': [{ A: { allOf: [to('B')], properties: { b: {} }, unevaluatedProperties: false }, B: { properties: { a: {} } } }, [{ a: 1, b: 1 }], [[{ c: 1 }, ' unevaluatedProperties']]],
  'dependentRequired': [{ A: { dependentRequired: { a: ['b'] } } }, [{ a: 1, b: 1 }, {}], [[{ a: 1 }, ' dependentRequired']]],
  'limits that are numbers': [{ A: { exclusiveMinimum: 1 } }, [2], [[1, ' exclusiveMinimum']]],
  'limits that are booleans still': [{ A: { minimum: 1, exclusiveMinimum: true } }, [2], [[1, ' exclusiveMinimum']]],
  'contains': [{ A: { contains: { const: 1 }, maxContains: 1 } }, [[1, 2]], [[[2], ' contains'], [[1, 1], ' contains']]],
  'nullable is nothing': [{ A: { type: 'string', nullable: true } }, ['a'], [[null, ' type']]],
  'true and false are schemas': [{ A: { properties: { a: true, b: false } } }, [{ a: 1 }], [[{ b: 1 }, '/b false schema']]],
  'conditions': [{ A: { if: { required: ['a'] }, then: { required: ['b'] } } }, [{}, { a: 1, b: 1 }], [[{ a: 1 }, ' required']]],
  'a discriminator': [{ A: { oneOf: [to('Cat'), to('Dog')], ...tag() }, Cat: { ...cat, properties: { ...cat.properties, kind: { const: 'c' } } }, Dog: dog }, [{ kind: 'c', lives: 1 }, { kind: 'Dog' }], [[{ kind: 'c' }, ' required'], [{ kind: 'x' }, '/kind enum']]],
  'a reference into $defs': [{ A: { $ref: '#/components/schemas/B/$defs/C' }, B: { $defs: { C: { type: 'string' } } } }, ['a'], [[1, ' type']]]
}

for (const [name, [schemas, valid, invalid]] of Object.entries(judgedSince31)) {
  t.test(`judged in OpenAPI 3.1: ${name}`, async (t) => {
    const { fault } = taking(schemas, { openapi: '3.1.0' })
    for (const value of valid) t.equal(fault(value), undefined, JSON.stringify(value))
    for (const [value, expected] of invalid) t.equal(fault(value), expected, JSON.stringify(value))
  })
}

t.test('answers may leave out what is write only', async (t) => {
  const schemas = { A: { required: ['id', 'secret'], properties: { id: { readOnly: true }, secret: { writeOnly: true } } } }
  t.equal(taking(schemas, { direction: 'response' }).fault({ id: 1 }), undefined)
  t.equal(taking(schemas).fault({ secret: 1 }), undefined)
})

t.test('it is noted what is read in another way than it is written', async (t) => {
  const { notes } = taking({ A: { type: 'Int', format: 'codice', nullable: true, enum: ['1'], properties: { a: { pattern: '\\h+', required: true } } } })
  t.strictSame(notes, [
    { pointer: '/components/schemas/A/properties/a/required', message: 'required: true is none that can be checked: it is left out' },
    { pointer: '/components/schemas/A/properties/a/pattern', message: 'the pattern "\\\\h+" is not written as ECMA-262 does it (\\h): it is read as [ \\t\\xa0\\u1680\\u180e\\u2000-\\u200a\\u202f\\u205f\\u3000]+' },
    { pointer: '/components/schemas/A/format', message: 'the format "codice" is not known: values are not checked for it' },
    { pointer: '/components/schemas/A/nullable', message: 'null is not taken: nullable does not add it to an enum that does not list it (OpenAPI 3.0.3)' },
    { pointer: '/components/schemas/A/type', message: 'type: "Int" is read as "integer"' },
    { pointer: '/components/schemas/A/enum', message: 'enum: ["1"] is read as [1], because of its type' }
  ])
})

const endless: Readonly<Record<string, readonly [schemas: JsonObject, message: RegExp]>> = {
  'a schema that is only itself': [{ A: to('A') }, /schema "A" refers to itself/],
  'heirs that are their own base': [{ A: { oneOf: [to('B')] }, B: { anyOf: [to('A')] } }, /schema "A" refers to itself/],
  'a tag that leads back': [{ A: { properties: { kind: {} }, ...tag({ a: 'B' }) }, B: to('A') }, /schema "A" refers to itself/],
  'a value that is checked again and again': [Object.fromEntries(Array.from({ length: 40 }, (_, level) => [level === 0 ? 'A' : `S${level}`, level === 39 ? {} : { oneOf: [to(`S${level + 1}`), to(`S${level + 1}`)] }])), /schema "A" has one value checked against more than 100000 others/]
}

for (const [name, [schemas, message]] of Object.entries(endless)) t.test(`${name} is refused`, async (t) => { t.throws(() => taking(schemas), { message }) })

t.test('a value that a schema could be tried on without end is given up', async (t) => {
  const branch = { properties: { next: to('A'), x: { type: 'string' } } }
  const { fault } = taking({ A: { anyOf: [branch, branch, { allOf: [branch] }] } })
  const nested = (depth: number): Json => depth === 0 ? { x: 1 } : { next: nested(depth - 1) }
  t.equal(fault(nested(60)), ' complexity')
  t.equal(fault({ next: { x: 'a' } }), undefined)
  t.equal(fault({ next: { x: 1 } }), '/next/x type')
})

t.test('large lists are looked through once', async (t) => {
  const { fault } = taking({ A: { uniqueItems: true, items: { enum: Array.from({ length: 100_000 }, (_, index) => `v${index}`) } } })
  const values = Array.from({ length: 100_000 }, (_, index) => `v${99_999 - index}`)
  t.equal(fault(values), undefined)
  t.equal(fault([...values, 'v0']), ' uniqueItems')
})
