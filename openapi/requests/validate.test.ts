import t from 'tap'
import { toContract } from '../contract.ts'
import type { JsonObject } from '../document.ts'
import { isRefused } from './request-finding.ts'
import { compileContract } from './validate.ts'
import type { OperationValidator } from './validate.ts'

/** The validator of an operation that takes this body. */
function taking (requestBody: JsonObject | undefined, schemas: JsonObject = {}): OperationValidator {
  const post: JsonObject = { operationId: 'post', responses: {}, ...requestBody && { requestBody } }
  const document = { openapi: '3.0.3', info: { title: 'Prova', version: '1.0.0' }, paths: { '/x': { post } }, components: { schemas } }
  return compileContract(toContract(document, 'test.yaml')).get('post')!
}

const json = (schema: JsonObject, required = true): JsonObject => ({ required, content: { 'application/json': { schema } } })
/** The rule that a body breaks, or undefined. */
const judge = (validator: OperationValidator, body: string | Uint8Array, type = 'application/json'): string | undefined => {
  const result = validator.body(type, typeof body === 'string' ? Buffer.from(body) : body)
  return isRefused(result) ? result.findings[0].rule : undefined
}

const mediaTypes: Readonly<Record<string, string | undefined>> = {
  'application/json': 'application/json',
  'APPLICATION/JSON': 'application/json',
  'application/json;charset=utf-8': 'application/json',
  'application/json; charset=UTF-8': 'application/json',
  'application/json; charset="utf-8"': 'application/json',
  'application/json ; profile=x': 'application/json',
  'application/merge-patch+json': 'application/merge-patch+json',
  'text/plain': undefined,
  'text/json': undefined,
  'application/jsonx': undefined,
  'application/x-www-form-urlencoded': undefined,
  'multipart/form-data; boundary=application/json': undefined,
  'application/json, text/plain': undefined,
  'application/json;charset=utf-7': undefined,
  'application/json; charset="utf-16"': undefined,
  'application/json;charset=utf-8;charset=utf-7': undefined,
  'application/json;charset=utf-8x': undefined,
  'application/json; charset=': undefined,
  '*/*': undefined,
  '': undefined
}

t.test('a body is taken only in a media type of the contract and in UTF-8', async (t) => {
  const validator = taking({ content: { 'Application/JSON; charset=utf-8': { schema: {} }, 'application/merge-patch+json': {} } })
  for (const [type, expected] of Object.entries(mediaTypes)) t.equal(validator.mediaType(type), expected, type)
  t.equal(validator.mediaType(undefined), undefined)
  t.equal(taking(undefined).mediaType('application/json'), undefined)
})

t.test('a text/plain body is never read as JSON', async (t) => {
  t.equal(taking(json({ type: 'object' })).mediaType('text/plain'), undefined)
  const both = taking({ required: true, content: { 'text/plain': { schema: { type: 'object' } }, 'application/json': { schema: { type: 'object' } } } })
  t.equal(judge(both, 'not JSON at all', 'text/plain'), undefined)
  t.equal(judge(both, '[]'), 'type')
})

t.test('a body that is required must be there, another may be missing', async (t) => {
  t.equal(judge(taking(json({ type: 'object' })), ''), 'required')
  t.equal(judge(taking(json({ type: 'object' }, false)), ''), undefined)
  t.equal(judge(taking(undefined), '', ''), undefined)
})

const person: JsonObject = {
  type: 'object',
  additionalProperties: false,
  required: ['id', 'name'],
  properties: {
    id: { type: 'string', readOnly: true },
    name: { type: 'string', maxLength: 10 },
    age: { type: 'integer', format: 'int32', minimum: 0, exclusiveMinimum: true },
    born: { type: 'string', format: 'date', nullable: true },
    price: { type: 'number', multipleOf: 0.01 },
    total: { type: 'integer', format: 'int64' },
    when: { type: 'string', format: 'date-time' },
    image: { type: 'string', format: 'byte' },
    parent: { $ref: '#/components/schemas/Person' },
    children: { type: 'array', maxItems: 2, items: { $ref: '#/components/schemas/Person' } }
  }
}
const ofPerson = taking(json({ $ref: '#/components/schemas/Person' }), { Person: person })

const bodies: readonly (readonly [body: string, rule: string | undefined])[] = [
  ['{"name":"A"}', undefined],
  ['{"name":"A","id":"1"}', undefined],
  ['{"name":"A","age":1,"born":null,"price":19.99,"total":9007199254740991}', undefined],
  ['{"name":"A","children":[{"name":"B"},{"name":"C"}]}', undefined],
  ['{"name":"A","when":"2026-11-21T10:00:00Z","born":"2000-02-29","image":"AAAA"}', undefined],
  ['{}', 'required'],
  ['{"name":null}', 'type'],
  ['{"name":7}', 'type'],
  ['{"name":"12345678901"}', 'maxLength'],
  ['{"name":"A","extra":1}', 'additionalProperties'],
  ['{"name":"A","constructor":1}', 'additionalProperties'],
  ['{"name":"A","toString":1}', 'additionalProperties'],
  ['{"name":"A","age":0}', 'exclusiveMinimum'],
  ['{"name":"A","age":"1"}', 'type'],
  ['{"name":"A","age":1.5}', 'type'],
  ['{"name":"A","age":1e999}', 'type'],
  ['{"name":"A","age":2147483648}', 'format'],
  ['{"name":"A","total":9007199254740993}', undefined],
  ['{"name":"A","total":9223372036854775807}', undefined],
  ['{"name":"A","total":9223372036854775808}', 'format'],
  ['{"name":"A","price":1e999}', 'type'],
  ['{"name":"A","price":0.001}', 'multipleOf'],
  ['{"name":"A","born":"2001-02-29"}', 'format'],
  ['{"name":"A","when":"2026-11-21 10:00"}', 'format'],
  ['{"name":"A","parent":{"name":"B","parent":{}}}', 'required'],
  ['{"name":"A","children":[{"name":"B"},{"name":"C"},{"name":"D"}]}', 'maxItems'],
  ['[]', 'type'],
  ['"A"', 'type'],
  ['null', 'type'],
  ['{"name":"A"', 'json'],
  ['{"name":"A"}{}', 'json'],
  ['{"name":"A","name":"B"}', 'json'],
  ['{"name":"A","__proto__":{"name":"B"}}', 'json'],
  ['\ufeff{"name":"A"}', 'json'],
  [`{"name":"A","x":${'['.repeat(70)}${']'.repeat(70)}}`, 'json'],
  ['name=A', 'json']
]

for (const [body, rule] of bodies) {
  t.test(`${body.slice(0, 60)}: ${rule ?? 'valid'}`, async (t) => {
    t.equal(judge(ofPerson, body), rule)
  })
}

t.test('the bytes of a body are not changed by checking them, nor is its value', async (t) => {
  const validator = taking(json({ type: 'object', additionalProperties: false, properties: { count: { type: 'integer', default: 7 }, name: { type: 'string' } } }))
  const bytes = Buffer.from('{ "name" : "1" }')
  t.strictSame(validator.body('application/json', bytes), { value: { name: '1' } })
  t.equal(bytes.toString(), '{ "name" : "1" }')
})

t.test('a schema that contains itself is followed as deep as the reader reads, and no deeper', async (t) => {
  const chain = (depth: number): string => '{"name":"A","parent":'.repeat(depth) + '{"name":"A"}' + '}'.repeat(depth)
  t.equal(judge(ofPerson, chain(63)), undefined)
  t.equal(judge(ofPerson, chain(10_000)), 'json')
})

t.test('a finding tells where, by names of the contract only', async (t) => {
  const validator = taking(json({ type: 'object', properties: { list: { type: 'array', items: { type: 'object', additionalProperties: { type: 'object', properties: { 'a/b~c': { type: 'string' } } } } } } }))
  const pointerOf = (body: string) => {
    const result = validator.body('application/json', Buffer.from(body))
    return isRefused(result) ? [result.findings[0].pointer, result.findings[0].detail] : []
  }
  t.strictSame(pointerOf('{"list":[{},{"RSSMRA80A01H501U":7}]}'), ['/list/1/*', 'the body at /list/1/* must be object'])
  t.strictSame(pointerOf('{"list":[{"3331234567":{"a/b~c":7}}]}'), ['/list/0/*/a~1b~0c', 'the body at /list/0/*/a~1b~0c must be string'])
  t.strictSame(pointerOf('[]'), ['', 'the body must be object'])
})

t.test('a schema that cannot be compiled is named with its place', async (t) => {
  t.throws(() => taking(json({ type: 'string', pattern: '(' })), { message: /^test\.yaml: the pattern "\(" is no regular expression \(ECMA-262\) \(at #\/paths\/.*\/schema\/pattern\)$/ })
  t.throws(() => taking(json({ $ref: '#/components/schemas/Missing' })), { message: /post: a schema cannot be compiled: a reference points to nothing: \/components\/schemas\/Missing/ })
})

t.test('schemas that only refer to each other are refused before they are asked for a verdict', async (t) => {
  const reference = (name: string): JsonObject => ({ $ref: `#/components/schemas/${name}` })
  const circles: Readonly<Record<string, JsonObject>> = {
    'itself': { A: reference('A') },
    'each other': { A: reference('B'), B: reference('A') },
    'allOf itself': { A: { allOf: [reference('A')] } },
    'oneOf through another': { A: { oneOf: [{ type: 'string' }, reference('B')] }, B: { anyOf: [reference('A')] } },
    'not itself': { A: { not: reference('A') } }
  }
  for (const [name, schemas] of Object.entries(circles)) t.throws(() => taking(json(reference('A')), schemas), { message: /test\.yaml: .*refers to itself/ }, name)
})

t.test('hundreds of schemas that all lead to each other', async (t) => {
  const count = 300
  const reference = (index: number): JsonObject => ({ $ref: `#/components/schemas/S${index % count}` })
  const texts = Object.fromEntries(Array.from({ length: 12 }, (_, index) => [`text${index}`, { type: 'string', maxLength: index }]))
  const schemas = Object.fromEntries(Array.from({ length: count }, (_, index) => [`S${index}`, { type: 'object', properties: { next: reference(index + 1), ...texts } }]))
  const validator = taking(json(reference(0)), schemas)
  t.equal(judge(validator, '{"next":{"next":{"text1":"a"}}}'), undefined)
  t.equal(judge(validator, '{"next":{"next":{"text1":"aa"}}}'), 'maxLength')
})
