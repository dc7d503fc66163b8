import { casesOf, jsonCases } from './request-case.ts'
import type { Fragment, RequestCase, Expected } from './request-case.ts'

const reference = (name: string) => ({ $ref: `#/components/schemas/${name}` })
const content = (types: Readonly<Record<string, object>>, required = true): Fragment => ({ method: 'post', requestBody: { required, content: Object.fromEntries(Object.entries(types).map(([type, schema]) => [type, { schema }])) } })
const object = { type: 'object' }
const list = { type: 'array' }
const person = { type: 'object', additionalProperties: false, required: ['id', 'name'], properties: { id: { type: 'string', readOnly: true }, secret: { type: 'string', writeOnly: true }, name: { type: 'string', maxLength: 10 }, age: { type: 'integer', minimum: 0, exclusiveMinimum: true }, born: { type: 'string', format: 'date', nullable: true }, price: { type: 'number', multipleOf: 0.01 }, state: { type: 'string', enum: ['A', 'B'] }, parent: reference('Person'), children: { type: 'array', maxItems: 2, items: reference('Person') } } }
const cat = { type: 'object', required: ['kind', 'lives'], properties: { kind: { type: 'string' }, lives: { type: 'integer' } } }
const dog = { type: 'object', required: ['kind', 'bark'], properties: { kind: { type: 'string' }, bark: { type: 'boolean' } } }
const animals = { Cat: cat, Dog: dog, Animal: { oneOf: [reference('Cat'), reference('Dog')], discriminator: { propertyName: 'kind', mapping: { C: '#/components/schemas/Cat', D: '#/components/schemas/Dog' } } } }
const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)

function types (kind: string, fragment: Fragment, body: string, rows: Readonly<Record<string, Expected>>): readonly RequestCase[] {
  return casesOf(kind, fragment, Object.entries(rows).map(([type, expected]) => [type, { type, body }, expected]))
}

/** Media types, and bodies in JSON. */
export const bodyCases: readonly RequestCase[] = [
  ...types('media types', content({ 'application/json': object }), '{}', {
    'application/json': undefined, 'APPLICATION/Json': undefined, 'application/json;charset=utf-8': undefined, 'application/json; charset="UTF-8"': undefined, 'application/json; profile=x': undefined, 'text/plain': 'body mediaType', 'text/json': 'body mediaType', 'application/jsonx': 'body mediaType', 'application/problem+json': 'body mediaType', 'application/xml': 'body mediaType', 'application/json, text/plain': 'body mediaType',
    'application/json;charset=utf-7': 'body mediaType', 'application/json; charset="utf-16"': 'body mediaType', 'application/json;charset=utf-8;charset=utf-7': 'body mediaType', 'application/json; charset=': 'body mediaType', '*/*': 'body mediaType', '': 'body mediaType', 'json': 'body mediaType'
  }),
  ...types('media types', content({ 'application/json; charset=utf-8': object }), '[]', { 'application/json': 'body type', 'application/json; charset=UTF-8': 'body type', 'application/json;charset=latin1': 'body mediaType' }),
  ...types('media types', content({ 'Application/Vnd.API+JSON': object }), '[]', { 'application/vnd.api+json': 'body type', 'application/vnd.api+json; charset=utf-8': 'body type', 'application/json': 'body mediaType' }),
  ...types('media types', content({ 'application/*': object, '*/*': { type: 'string', format: 'binary' }, 'application/merge-patch+json': list }), '{}', { 'application/json': undefined, 'application/hal+json': undefined, 'application/merge-patch+json': 'body type', 'image/png': undefined, 'text/plain': undefined }),
  ...types('media types', content({ 'application/json; version=1': object, 'application/json; version=2': list }), '{}', { 'application/json; version=1': undefined, 'application/json;version=2': 'body type', 'application/json': 'body mediaType', 'application/json; version=3': 'body mediaType' }),
  ...types('media types', content({ 'application/pdf': { type: 'string', format: 'binary' }, 'text/csv': { type: 'string' } }), 'x', { 'application/pdf': undefined, 'text/csv; charset=windows-1252': undefined, 'text/csv; header=present': undefined, 'application/zip': 'body mediaType' }),
  ...casesOf('media types', content({ 'application/json': object }, false), [['no body where none is needed', {}], ['one that is there is checked', { type: 'application/json', body: '[]' }, 'body type'], ['a body without a type', { body: '{}' }, 'body mediaType']]),
  ...casesOf('media types', content({ 'application/json': object }), [['a missing body', {}, 'body required'], ['an empty body', { type: 'application/json', body: '' }, 'body required'], ['white space', { type: 'application/json', body: ' ' }, 'body json']]),
  ...casesOf('media types', content({ 'application/json': object, 'multipart/form-data': { type: 'object', properties: { f: { type: 'string' } } } }), [['each by its own schema', { type: 'application/json', body: '[]' }, 'body type'], ['and the other', { type: 'multipart/form-data; boundary=b', body: '--b\r\nContent-Disposition: form-data; name="f"\r\n\r\na\r\n--b--\r\n' }]]),

  ...jsonCases('JSON', object, [
    ['{}'], ['{"a":1}'], ['[]', 'body type'], ['null', 'body type'], ['{', 'body json'], ['{}{}', 'body json'], ['{"a":1,}', 'body json'], ['{"a":1,"a":2}', 'body json'], ['{"a":1,"\\u0061":2}', 'body json'], ['{"b":{"a":1,"a":2}}', 'body json'], ['{"__proto__":{}}', 'body json'], ['{"\\u005f_proto__":{}}', 'body json'], ['{"constructor":{"prototype":{}}}', 'body json'], ['\ufeff{}', 'body json'], ['{"a":"\\ud800"}', 'body json'], ['{"a":NaN}', 'body json'], ['{"a":01}', 'body json'], ['{"a":1}//', 'body json'], ["{'a':1}", 'body json'], ['a=1', 'body json'],
    [`{"a":${nested(63)}}`], [`{"a":${nested(64)}}`, 'body json'], [nested(10_000), 'body json'], ['{"toString":1,"valueOf":2}']
  ]),
  ...casesOf('JSON', content({ 'application/json': object }), [['bytes that are no UTF-8', { type: 'application/json', body: Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]) }, 'body json'], ['UTF-16', { type: 'application/json', body: Buffer.from('{}', 'utf16le') }, 'body json']]),

  ...jsonCases('numbers', { type: 'object', properties: { long: { type: 'integer', format: 'int64' }, int: { type: 'integer', format: 'int32' }, most: { type: 'integer', maximum: 9007199254740992 }, whole: { type: 'integer' }, any: { type: 'number' }, cents: { type: 'number', multipleOf: 0.01 }, below: { type: 'number', maximum: 10, exclusiveMaximum: true }, listed: { enum: [1, 2] }, unique: { type: 'array', uniqueItems: true } } }, [
    ['{"long":9223372036854775807}'], ['{"long":9223372036854775808}', 'body/long format'], ['{"long":-9223372036854775808}'], ['{"long":-9223372036854775809}', 'body/long format'], ['{"long":9007199254740993}'], ['{"long":1.5}', 'body/long type'], 
    ['{"int":2147483648}', 'body/int format'], ['{"int":2147483647}'], ['{"int":12345678901234567890}', 'body/int format'], ['{"most":9007199254740992}'], ['{"most":9007199254740993}', 'body/most maximum'], ['{"whole":1.0}'], ['{"whole":1e2}'], ['{"whole":-0}'], ['{"whole":1.5}', 'body/whole type'], ['{"whole":123456789012345678901234567890}'], ['{"whole":"1"}', 'body/whole type'], ['{"whole":true}', 'body/whole type'],
    ['{"any":0.30000000000000004}'], ['{"any":1e400}', 'body/any type'], ['{"any":-1e400}', 'body/any type'], ['{"any":12345678901234567890}'], ['{"cents":19.99}'], ['{"cents":0.07}'], ['{"cents":19.999}', 'body/cents multipleOf'], ['{"below":9.999}'], ['{"below":10}', 'body/below exclusiveMaximum'], ['{"listed":2}'], ['{"listed":12345678901234567890}', 'body/listed enum'],
    ['{"unique":[9007199254740992,9007199254740993]}'], ['{"unique":[9007199254740993,9007199254740993]}', 'body/unique uniqueItems'], ['{"long":9223372036854775808,"most":9007199254740993}', ['body/long format', 'body/most maximum']], ['{"name":"1234567890123456"}']
  ]),
  ...jsonCases('numbers', { type: 'integer', maximum: Number('9223372036854775807') }, [['9223372036854775807'], ['9223372036854775808', 'body maximum']]),

  ...jsonCases('schemas', reference('Person'), [
    ['{"name":"A"}'], ['{"name":"A","id":"1"}'], ['{"name":"A","secret":"s"}'], ['{"name":"A","age":1,"born":null,"price":19.99,"state":"A"}'], ['{"name":"A","children":[{"name":"B"},{"name":"C"}]}'], ['{}', 'body required'], ['{"name":null}', 'body/name type'], ['{"name":7}', 'body/name type'], ['{"name":"12345678901"}', 'body/name maxLength'], ['{"name":"A","extra":1}', 'body additionalProperties'], ['{"name":"A","toString":1}', 'body additionalProperties'], ['{"name":"A","age":0}', 'body/age exclusiveMinimum'], ['{"name":"A","born":"2001-02-29"}', 'body/born format'], ['{"name":"A","state":"C"}', 'body/state enum'], ['{"name":"A","state":"a"}', 'body/state enum'],
    ['{"name":"A","parent":{"name":"B","parent":{}}}', 'body/parent/parent required'], ['{"name":"A","children":[{"name":"B"},{"name":7}]}', 'body/children/1/name type'], ['{"name":"A","children":[{"name":"B"},{"name":"C"},{"name":"D"}]}', 'body/children maxItems'], ['{"age":"x","state":"C"}', ['body required', 'body/age type', 'body/state enum']]
  ], { schemas: { Person: person } }),
  ...jsonCases('schemas', { nullable: true, allOf: [{ type: 'object', properties: { a: { nullable: true } } }] }, [['{"a":null}'], ['{"a":1}']]),
  ...jsonCases('schemas', { type: 'object', properties: { a: { type: 'string', nullable: true, enum: ['x'] }, b: { nullable: true, anyOf: [{ type: 'string' }] } } }, [['{"a":null}', 'body/a enum'], ['{"a":"x"}'], ['{"a":"y"}', 'body/a enum']]),
  ...jsonCases('schemas', { type: 'object', properties: { code: { type: 'string', pattern: '^[\\w\\-]+$' } } }, [['{"code":"a-b"}'], ['{"code":"a b"}', 'body/code pattern']]),
  ...jsonCases('schemas', { type: 'object', required: ['toString', 'constructor'], properties: { toString: { type: 'string' }, constructor: { type: 'integer' } } }, [['{}', ['body required', 'body required']], ['{"toString":"a","constructor":1}'], ['{"toString":1,"constructor":1}', 'body/toString type']]),
  ...jsonCases('schemas', { type: 'object', additionalProperties: { type: 'integer' }, minProperties: 1, maxProperties: 2 }, [['{"a":1}'], ['{}', 'body minProperties'], ['{"RSSMRA80A01H501U":"x"}', 'body/* type'], ['{"a":1,"b":2,"c":3}', 'body maxProperties']]),
  ...jsonCases('schemas', { allOf: [reference('Base'), { type: 'object', required: ['b'], properties: { b: { type: 'integer' } } }] }, [['{"a":"x","b":1}'], ['{"b":1}', 'body required'], ['{"a":"x","b":"y"}', 'body/b type'], ['{}', ['body required', 'body required']]], { schemas: { Base: { type: 'object', required: ['a'], properties: { a: { type: 'string' } } } } }),
  ...jsonCases('schemas', { type: 'object', not: { required: ['a'] } }, [['{"b":1}'], ['{"a":1}', 'body not']]),

  ...jsonCases('alternatives', reference('Animal'), [
    ['{"kind":"C","lives":7}'], ['{"kind":"D","bark":true}'], ['{"kind":"C","bark":true}', 'body required'], ['{"kind":"C","lives":"x"}', 'body/lives type']
  ], { schemas: animals }),
  ...jsonCases('alternatives', { oneOf: [{ type: 'object', required: ['a'], properties: { a: { type: 'integer' }, x: { type: 'string' } } }, { type: 'object', required: ['b'], properties: { b: { type: 'integer' } } }] }, [
    ['{"a":1}'], ['{"b":1}'], ['{"a":1,"b":1}', 'body oneOf'], ['{"a":1,"x":1}', 'body/x type'], ['7', 'body type'], ['{}', 'body required']
  ]),
  ...jsonCases('alternatives', { type: 'object', properties: { v: { oneOf: [{ type: 'integer' }, { type: 'string', maxLength: 3 }] } } }, [['{"v":1}'], ['{"v":"abc"}'], ['{"v":"abcd"}', 'body/v maxLength'], ['{"v":true}', 'body/v type'], ['{"v":12345678901234567890}']]),
  ...jsonCases('alternatives', { anyOf: [{ type: 'object', required: ['kind', 'n'], properties: { kind: { enum: ['a'] }, n: { type: 'integer' } } }, { type: 'object', required: ['kind', 's'], properties: { kind: { enum: ['b'] }, s: { type: 'string' } } }] }, [['{"kind":"a","n":1}'], ['{"kind":"a","n":"x"}', 'body/n type'], ['{"kind":"b","s":1}', 'body/s type'], ['{"kind":"c"}', ['body/kind enum', 'body required']]]),

  ...jsonCases('3.1', { type: ['object', 'null'], properties: { a: { type: ['integer', 'string'] }, c: { const: 'x' }, pair: { type: 'array', prefixItems: [{ type: 'integer' }, { type: 'string' }], items: false }, m: { type: 'integer', exclusiveMinimum: 5 } }, dependentRequired: { a: ['c'] }, unevaluatedProperties: false }, [
    ['null'], ['{}'], ['{"a":1,"c":"x"}'], ['{"a":true,"c":"x"}', 'body/a type'], ['{"a":1}', 'body dependentRequired'], ['{"c":"y"}', 'body/c const'], ['{"pair":[1,"a"]}'], ['{"pair":["a",1]}', ['body/pair/0 type', 'body/pair/1 type']], ['{"m":5}', 'body/m exclusiveMinimum'], ['{"m":9007199254740993}'], ['{"z":1}', 'body unevaluatedProperties']
  ], { openapi: '3.1.0' }),
  ...jsonCases('names of the prototype', { type: 'object', required: ['toString'] }, [['{"toString":1}'], ['{}', 'body required']]),
  ...jsonCases('3.1', { $ref: '#/components/schemas/N', maximum: 5 }, [['5'], ['6', 'body maximum'], ['"a"', 'body type']], { openapi: '3.1.0', schemas: { N: { type: 'integer' } } })
]
