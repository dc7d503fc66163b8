import { casesOf, jsonCases } from './request-case.ts'
import type { Fragment, RequestCase, Expected } from './request-case.ts'

const reference = (name: string) => ({ $ref: `#/components/schemas/${name}` })
const resource = { type: 'object', required: ['name', 'address'], additionalProperties: false, properties: { name: { type: 'string' }, nick: { type: 'string', maxLength: 5 }, address: { type: 'object', required: ['city'], properties: { city: { type: 'string' }, street: { type: 'string' } } } } }
const patched = { method: 'patch', schemas: { Person: resource }, responses: { 200: { description: '', content: { 'application/json': { schema: reference('Person') } } } } } as const
const operations = { type: 'array', items: { type: 'object', required: ['op', 'path'], properties: { op: { type: 'string' }, path: { type: 'string' } } } }

function form (kind: string, schema: object, rows: Readonly<Record<string, Expected>>, encoding?: object): readonly RequestCase[] {
  const type = 'application/x-www-form-urlencoded'
  const fragment: Fragment = { method: 'post', requestBody: { required: true, content: { [type]: { schema, ...encoding && { encoding } } } } }
  return casesOf(kind, fragment, Object.entries(rows).map(([body, expected]) => [body, { type, body }, expected]))
}

const properties = { n: { type: 'integer', minimum: 1 }, open: { type: 'boolean' }, s: { type: 'string', maxLength: 5 }, ids: { type: 'array', items: { type: 'integer' } }, o: { type: 'object', required: ['a'], properties: { a: { type: 'integer' } }, additionalProperties: false }, long: { type: 'integer', format: 'int64' } }
const closed = { type: 'object', required: ['n'], properties, additionalProperties: false }

/** Patches (RFC 6902, RFC 7396), forms and texts. */
export const patchAndFormCases: readonly RequestCase[] = [
  ...jsonCases('merge patch of a resource', reference('Person'), [
    ['{}'], ['{"nick":"a"}'], ['{"nick":null}'], ['{"name":"a"}'], ['{"name":null}', 'body/name type'], ['{"name":7}', 'body/name type'], ['{"nick":"abcdef"}', 'body/nick maxLength'], ['{"other":1}', 'body additionalProperties'], ['{"address":{"street":null}}'], ['{"address":{"city":null}}', 'body/address/city type'], ['{"address":null}', 'body/address type'], ['[]', 'body type'], ['{"a":1,"a":2}', 'body json']
  ], { ...patched, type: 'application/merge-patch+json' }),
  ...jsonCases('merge patch with a schema of its own', { type: 'object', required: ['version'], properties: { version: { type: 'integer' }, note: { type: 'string', nullable: true }, name: { type: 'string' } } }, [
    ['{"version":1,"note":null}'], ['{"note":"a"}', 'body required'], ['{"version":1,"name":null}', 'body/name type'], ['{"version":"1"}', 'body/version type']
  ], { method: 'patch', type: 'application/merge-patch+json' }),
  ...jsonCases('JSON patch', operations, [
    ['[]'], ['[{"op":"add","path":"/a","value":1}]'], ['[{"op":"add","path":"/a","value":null}]'], ['[{"op":"remove","path":""}]'], ['[{"op":"move","from":"/a","path":"/b"}]'], ['{"op":"add"}', 'body type'], ['[{"op":"add"}]', 'body/0 required'], ['[{"op":"merge","path":"/a"}]', 'body/0/op json-patch'], ['[{"op":"add","path":"/a"}]', 'body/0 json-patch'], ['[{"op":"add","path":"a","value":1}]', 'body/0/path json-patch'], ['[{"op":"test","path":"/a~2","value":1}]', 'body/0/path json-patch'], ['[{"op":"move","path":"/a"}]', 'body/0/from json-patch'], ['[{"op":"move","from":"/a","path":"/a/b"}]', 'body/0/from json-patch'], ['[{"op":"toString","path":"/a"}]', 'body/0/op json-patch']
  ], { method: 'patch', type: 'application/json-patch+json' }),
  ...jsonCases('other +json', { type: 'object', required: ['title'], properties: { status: { type: 'integer', maximum: 600, exclusiveMaximum: true } } }, [['{"title":"a","status":599}'], ['{"title":"a","status":600}', 'body/status exclusiveMaximum'], ['{}', 'body required']], { type: 'application/problem+json' }),

  ...form('urlencoded forms', closed, {
    'n=1': undefined, 'n=x': 'body/n type', 'n=0': 'body/n minimum', 'n=1&n=2': 'body/n once', 'open=true': 'body required', 'n=1&open=yes': 'body/open type', 'n=1&s=a+b': undefined, 'n=1&s=abcdef': 'body/s maxLength', 'n=1&ids=1&ids=2': undefined, 'n=1&ids=1&ids=x': 'body/ids/1 type', 'n=1&x=2': 'body additionalProperties', 'n=1&x=2&x=3': 'body/* once', 'n=1&o=%7B%22a%22%3A1%7D': undefined, 'n=1&o=%7B%22a%22%3A%22x%22%7D': 'body/o/a type', 'n=1&o=x': 'body/o json', 'n=%zz': 'body encoding', 'n=%ff': 'body encoding', 'n=0x1': 'body/n type', 'n=1&long=9223372036854775807': undefined, 'n=1&long=9223372036854775808': 'body/long format', 'n=1&__proto__=1': 'body additionalProperties', '{"n":1}': ['body additionalProperties', 'body required']
  }),
  ...form('urlencoded forms', { type: 'object', properties: { ids: { type: 'array', items: { type: 'integer' } }, pipes: { type: 'array', items: { type: 'integer' } }, deep: properties.o, flat: properties.o, spread: { type: 'object', properties: { b: { type: 'integer' } } } }, additionalProperties: false }, {
    'ids=1,2': undefined, 'ids=1&ids=2': 'body/ids once', 'pipes=1%7C2': undefined, 'deep%5Ba%5D=1': undefined, 'deep[a]=x': 'body/deep/a type', 'flat=a,1': undefined, 'flat=a': 'body/flat json', 'b=1': undefined, 'b=x': 'body/spread/b type'
  }, { ids: { explode: false }, pipes: { style: 'pipeDelimited', explode: false }, deep: { style: 'deepObject' }, flat: { style: 'form', explode: false }, spread: { style: 'form', explode: true } }),
  ...form('urlencoded forms', { type: 'object', additionalProperties: { type: 'integer' } }, { 'a=1&b=2': undefined, 'a=x': 'body/* type' }),
  ...form('urlencoded forms', { type: 'object', properties: { n: { type: 'integer' } } }, { 'n=1&other=x': undefined, 'other=x': undefined }),

  ...casesOf('texts', { method: 'post', requestBody: { required: true, content: { 'text/plain': { schema: { type: 'string', maxLength: 5, pattern: '^[^<]*$' } } } } }, [
    ['a text', { type: 'text/plain', body: 'ciao' }], ['too long', { type: 'text/plain', body: 'cia cia' }, 'body maxLength'], ['a pattern', { type: 'text/plain', body: '<b>' }, 'body pattern'], ['with charset', { type: 'text/plain; charset=utf-8', body: 'a' }], ['another charset', { type: 'text/plain; charset=latin1', body: 'a' }, 'body mediaType'], ['no UTF-8', { type: 'text/plain', body: Buffer.from([0xff]) }, 'body encoding']
  ]),
  ...casesOf('texts', { method: 'post', requestBody: { content: { 'text/plain': { schema: { type: 'integer' } } } } }, [['a number', { type: 'text/plain', body: '12' }], ['no number', { type: 'text/plain', body: 'x' }, 'body type'], ['no JSON is read', { type: 'text/plain', body: '{"a":1}' }, 'body type']]),
  ...casesOf('opaque bodies', { method: 'post', requestBody: { required: true, content: { 'application/pdf': { schema: { type: 'string', format: 'binary' } }, 'application/zip': { schema: { type: 'string', format: 'binary', maxLength: 4 } }, 'application/xml': { schema: { type: 'object', required: ['a'] } }, 'text/csv': { schema: { type: 'array' } }, 'application/octet-stream': {} } } }, [
    ['pdf', { type: 'application/pdf', body: Buffer.from([0x25, 0xff, 0]) }], ['zip', { type: 'application/zip', body: Buffer.from([1, 2, 3, 0xff]) }], ['too many bytes', { type: 'application/zip', body: Buffer.from([1, 2, 3, 4, 5]) }, 'body maxLength'], ['xml is not read', { type: 'application/xml', body: '<a/>' }], ['xml in another charset', { type: 'application/xml; charset=iso-8859-1', body: '<a/>' }], ['csv is not read', { type: 'text/csv', body: 'a;b' }], ['no schema', { type: 'application/octet-stream', body: 'a' }], ['empty', { type: 'application/pdf', body: '' }, 'body required']
  ]),
  ...casesOf('JOSE', { method: 'post', requestBody: { required: true, content: { 'application/jose': { schema: { type: 'string' } } } } }, [
    ['a JWS', { type: 'application/jose', body: 'eyJhbGciOiJSUzI1NiJ9.e30.c2ln' }], ['no segments', { type: 'application/jose', body: 'abc' }, 'body jose'], ['two segments', { type: 'application/jose', body: 'eyJhbGciOiJSUzI1NiJ9.e30' }, 'body jose'], ['a header that is no JSON', { type: 'application/jose', body: 'YWJj.e30.c2ln' }, 'body jose'], ['a header without alg', { type: 'application/jose', body: 'e30.e30.c2ln' }, 'body jose'], ['JSON', { type: 'application/jose', body: '{}' }, 'body jose'], ['a JWE', { type: 'application/jose', body: 'eyJhbGciOiJkaXIiLCJlbmMiOiJBMTI4R0NNIn0..AAAA.AAAA.AAAA' }]
  ])
]
