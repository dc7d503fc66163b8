import { join } from 'node:path'
import t from 'tap'
import { schemasIn } from '../reading/anatomy.ts'
import { loadContract, toContract } from '../contract.ts'
import type { JsonObject } from '../document.ts'
import { contractsIn } from '../lint/lint.ts'
import { textLike } from './pattern-text.ts'
import { Samples } from './sample.ts'

const components: JsonObject = {
  Node: { type: 'object', required: ['name'], properties: { name: { type: 'string' }, next: { $ref: '#/components/schemas/Node' }, below: { type: 'array', items: { $ref: '#/components/schemas/Node' } } } },
  Person: { type: 'object', required: ['kind', 'surname'], properties: { kind: { type: 'string' }, surname: { type: 'string' } } },
  Firm: { type: 'object', required: ['kind', 'vat'], properties: { kind: { type: 'string' }, vat: { type: 'string', pattern: '^[0-9]{11}$' } } },
  Shape: { type: 'object', required: ['type'], properties: { type: { type: 'string' } }, discriminator: { propertyName: 'type', mapping: { round: '#/components/schemas/Circle', flat: 'Square' } } },
  Circle: { allOf: [{ $ref: '#/components/schemas/Shape' }, { type: 'object', required: ['radius'], properties: { radius: { type: 'number', minimum: 0, exclusiveMinimum: true } } }] },
  Square: { allOf: [{ $ref: '#/components/schemas/Shape' }, { type: 'object', required: ['side'], properties: { side: { type: 'number', minimum: 2 } } }] }
}

const contract = toContract({ openapi: '3.0.3', info: { title: 'Prova', version: '1.0.0' }, paths: {}, components: { schemas: components } }, 'prova.yaml')
const samples = { request: new Samples(contract, 'request'), response: new Samples(contract, 'response') }

t.test('every schema of our own contracts has a valid sample, in both directions', async (t) => {
  for (const file of await contractsIn([join(import.meta.dirname, '..')])) {
    const own = await loadContract(file)
    for (const direction of ['request', 'response'] as const) {
      const made = new Samples(own, direction)
      const wrong = [...schemasIn(own.document)].filter(({ pointer }) => pointer.endsWith('/schema') || /^\/components\/schemas\/[^/]+$/.test(pointer))
        .filter(({ schema }) => !made.of(schema).isValid)
      t.strictSame(wrong.map(({ pointer }) => pointer), [], `${file}, ${direction}`)
    }
  }
})

t.test('what a schema asks is in the value', async (t) => {
  const cases: Record<string, readonly [schema: JsonObject, expected: unknown]> = {
    'its example': [{ type: 'string', example: 'Firenze' }, 'Firenze'],
    'not an example that is wrong': [{ type: 'integer', example: 'tre', minimum: 3 }, 3],
    'its default': [{ type: 'integer', default: 7 }, 7],
    'an enumeration': [{ type: 'string', enum: ['a', 'b'] }, 'a'],
    'a date': [{ type: 'string', format: 'date' }, '2026-01-15'],
    'a least length': [{ type: 'string', minLength: 12 }, 'testo testo '],
    'a greatest length': [{ type: 'string', maxLength: 2 }, 'te'],
    'a tax code': [{ type: 'string', pattern: '^[A-Z]{6}[0-9]{2}[A-Z][0-9]{2}[A-Z][0-9]{3}[A-Z]$' }, /^[A-Z]{6}\d\d[A-Z]\d\d[A-Z]\d{3}[A-Z]$/],
    'a format with a pattern of its own': [{ type: 'string', format: 'data-italiana', pattern: '^\\d{2}/\\d{2}/\\d{4}$' }, /^\d{2}\/\d{2}\/\d{4}$/],
    'an exclusive limit': [{ type: 'integer', minimum: 5, exclusiveMinimum: true }, 6],
    'a limit from above': [{ type: 'integer', maximum: -4 }, -4],
    'a multiple': [{ type: 'number', minimum: 0.05, multipleOf: 0.02 }, 0.06],
    'a number between': [{ type: 'number', minimum: 0, maximum: 1, exclusiveMaximum: true }, 0.5],
    'different items': [{ type: 'array', minItems: 3, uniqueItems: true, items: { type: 'string', enum: ['x', 'y', 'z'] } }, ['x', 'y', 'z']],
    'no items': [{ type: 'array', maxItems: 0, items: { type: 'string' } }, []],
    'a map': [{ type: 'object', additionalProperties: { type: 'integer', minimum: 1 } }, { chiave1: 1 }],
    'members enough': [{ type: 'object', minProperties: 2 }, { chiave1: {}, chiave2: {} }],
    'not too many members': [{ type: 'object', required: ['b'], maxProperties: 1, properties: { a: { type: 'boolean' }, b: { type: 'boolean' } } }, { b: true }],
    'all parts': [{ allOf: [{ type: 'object', properties: { a: { type: 'integer', minimum: 2 } } }, { type: 'object', required: ['a', 'b'], properties: { a: { type: 'integer', maximum: 2 }, b: { type: 'boolean' } } }] }, { a: 2, b: true }],
    'one of two that do not exclude each other': [{ oneOf: [{ type: 'object', properties: { a: { type: 'integer' } } }, { type: 'object', required: ['b'], properties: { b: { type: 'string', enum: ['x'] } } }] }, { a: 1 }],
    'a name that objects have': [{ type: 'object', required: ['__proto__', 'constructor'], properties: { constructor: { type: 'integer' } } }, { constructor: 1 }]
  }
  for (const [name, [schema, expected]] of Object.entries(cases)) {
    const { value, isValid } = samples.response.of(schema)
    t.ok(isValid, name)
    t.match(value, expected, name)
  }
})

t.test('a schema that holds itself ends', async (t) => {
  const { value, isValid } = samples.response.of({ $ref: '#/components/schemas/Node' })
  t.ok(isValid)
  t.match(value, { name: 'testo', next: { name: 'testo' } })
  const endless = toContract({ openapi: '3.0.3', info: { title: 'Prova', version: '1.0.0' }, paths: {}, components: { schemas: { A: { type: 'object', required: ['a'], properties: { a: { $ref: '#/components/schemas/A' } } } } } }, 'prova.yaml')
  t.equal(new Samples(endless, 'response').of({ $ref: '#/components/schemas/A' }).isValid, false)
})

t.test('a discriminator names the branch that was taken', async (t) => {
  const branches: JsonObject = { oneOf: [{ $ref: '#/components/schemas/Person' }, { $ref: '#/components/schemas/Firm' }], discriminator: { propertyName: 'kind', mapping: { citizen: '#/components/schemas/Person' } } }
  t.match(samples.response.of(branches), { isValid: true, value: { kind: 'citizen', surname: 'testo' } })
  t.match(samples.response.of({ $ref: '#/components/schemas/Shape' }), { isValid: true, value: { type: 'round', radius: Number } })
  t.match(samples.response.of({ $ref: '#/components/schemas/Square' }), { isValid: true, value: { type: 'flat', side: 2 } })
})

t.test('what only the other side sends is left out', async (t) => {
  const schema: JsonObject = { type: 'object', required: ['id', 'secret'], properties: { id: { type: 'string', readOnly: true }, secret: { type: 'string', writeOnly: true }, name: { type: 'string' } } }
  t.strictSame(samples.request.of(schema), { isValid: true, value: { secret: 'testo', name: 'testo' } })
  t.strictSame(samples.response.of(schema), { isValid: true, value: { id: 'testo', name: 'testo' } })
})

t.test('different picks give different values', async (t) => {
  for (const schema of [{ type: 'string' }, { type: 'string', format: 'uuid' }, { type: 'integer' }, { type: 'string', pattern: '^[A-Z]{3}$' }]) {
    t.equal(new Set([0, 1, 2, 3].map((pick) => JSON.stringify(samples.request.of(schema, pick).value))).size, 4, JSON.stringify(schema))
  }
})

t.test('a text is made of a pattern, or none', async (t) => {
  const patterns = ['^a|b$', '(x|y){3,5}', '^[^\\s]+@[^\\s]+\\.[a-z]{2,}$', '^(?:sig\\d+=[^,]*)(?:,\\s*(?:sig\\d+=[^,]*))*$', '^\\p{L}+$', '[\\w.\\-]{4}', '^(?=.*\\d)[a-z]+1$', '^[àèìòù]{2}$', '^\\x41\\u0042\\/$', '^(?<a>b)?$', '']
  for (const pattern of patterns) t.ok(textLike(pattern, { least: 0, most: 100, pick: 0 }) !== undefined, pattern)
  t.equal(textLike('^[A-Z]*$', { least: 7, most: 7, pick: 0 })?.length, 7)
  for (const pattern of ['/^[a-zA-Z]/s+$/', '^[a-z]{5}$', '(', '^(?=x)y$']) t.equal(textLike(pattern, { least: 0, most: 4, pick: 0 }), undefined, pattern)
})
