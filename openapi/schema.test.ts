import { Ajv } from 'ajv'
import t from 'tap'
import type { JsonObject } from './document.ts'
import { schemaId, toJsonSchema } from './schema.ts'

const rewritten: Readonly<Record<string, readonly [openapi: JsonObject, jsonSchema: object]>> = {
  'nothing to rewrite': [{ type: 'string', maxLength: 3 }, { type: 'string', maxLength: 3 }],
  'annotations are dropped': [{ type: 'string', title: 'a', description: 'b', example: 'c', default: 'd', deprecated: true, xml: {}, externalDocs: {}, 'x-own': 1 }, { type: 'string' }],
  'an inclusive limit': [{ minimum: 1, exclusiveMinimum: false }, { minimum: 1 }],
  'an exclusive minimum': [{ minimum: 1, exclusiveMinimum: true }, { exclusiveMinimum: 1 }],
  'an exclusive maximum': [{ maximum: 0, exclusiveMaximum: true }, { exclusiveMaximum: 0 }],
  'an exclusive limit without the limit': [{ exclusiveMinimum: true }, {}],
  'a nullable type': [{ type: 'string', nullable: true }, { type: ['string', 'null'] }],
  'a nullable enum': [{ type: 'string', nullable: true, enum: ['a'] }, { type: ['string', 'null'], enum: ['a', null] }],
  'a nullable enum that has null': [{ type: 'string', nullable: true, enum: ['a', null] }, { type: ['string', 'null'], enum: ['a', null] }],
  'nullable without a type means nothing': [{ nullable: true, enum: ['a'] }, { enum: ['a'] }],
  'nullable: false': [{ type: 'string', nullable: false }, { type: 'string' }],
  'a reference, alone': [{ $ref: '#/components/schemas/A', description: 'b' }, { $ref: 'request:#/components/schemas/A' }],
  'members called like annotations': [{ properties: { title: { type: 'string', title: 'x' }, 'x-y': { type: 'string' } } }, { properties: { title: { type: 'string' }, 'x-y': { type: 'string' } } }],
  'schemas inside schemas': [
    { items: { nullable: true, type: 'string' }, additionalProperties: { $ref: '#/components/schemas/A' }, not: { minimum: 1, exclusiveMinimum: true }, allOf: [{ example: 1 }] },
    { items: { type: ['string', 'null'] }, additionalProperties: { $ref: 'request:#/components/schemas/A' }, not: { exclusiveMinimum: 1 }, allOf: [{}] }
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
  t.equal(schemaId('#/components/schemas/A', 'response'), 'response:#/components/schemas/A')
})

const verdicts: readonly (readonly [schema: JsonObject, valid: readonly unknown[], invalid: readonly unknown[]])[] = [
  [{ type: 'integer', minimum: 0, exclusiveMinimum: true, maximum: 10, exclusiveMaximum: true }, [1, 9], [0, 10, -1, 11, 1.5]],
  [{ type: 'integer', minimum: 0, exclusiveMinimum: false }, [0], [-1]],
  [{ type: 'object', nullable: true, required: ['a'], properties: { a: { type: 'string' } } }, [null, { a: 'x' }], [{}, { a: null }, 'x']],
  [{ type: 'string', nullable: true, enum: ['a', 'b'] }, [null, 'a'], ['c', 1]],
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
