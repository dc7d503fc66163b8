import { join } from 'node:path'
import t from 'tap'
import { loadContract, toContract } from './contract.ts'
import { essence } from './media-type.ts'
import type { Operation } from './contract.ts'
import type { JsonObject } from './document.ts'

const base: JsonObject = { openapi: '3.0.3', info: { title: 'Prova', version: '1.2.0' } }
const get = (operation: JsonObject): JsonObject => ({ ...base, paths: { '/x/{id}': { get: { operationId: 'getX', responses: {}, ...operation } } } })
const first = (document: JsonObject): Operation => toContract(document, 'test.yaml').operations[0]!
const parameter = (changes: JsonObject = {}): JsonObject => ({ name: 'a', in: 'query', schema: { type: 'string' }, ...changes })

const refused: Readonly<Record<string, readonly [document: JsonObject, message: RegExp]>> = {
  'OpenAPI 2': [{ swagger: '2.0', info: {}, paths: {} }, /openapi must be 3\.0\.x \(RAC_GEN_001\)/],
  'OpenAPI 3.1': [{ ...base, openapi: '3.1.0', paths: {} }, /openapi must be 3\.0\.x/],
  'a version that is a number': [{ ...base, openapi: 3, paths: {} }, /openapi must be 3\.0\.x/],
  'no info': [{ openapi: '3.0.3', paths: {} }, /has no info object/],
  'a version of its own that is a number': [{ ...base, info: { title: 'Prova', version: 1 }, paths: {} }, /info\.version must be a text; put it in quotes/],
  'no paths': [base, /has no paths object/],
  'a path that is no object': [{ ...base, paths: { '/x': 7 } }, /an object is expected under paths/],
  'no operationId': [get({ operationId: '' }), /GET \/x\/\{id\} has no operationId/],
  'one operationId twice': [{ ...base, paths: { '/a': { get: { operationId: 'same', responses: {} } }, '/b': { get: { operationId: 'same', responses: {} } } } }, /operationId "same" is used twice/],
  'a parameter without a name': [get({ parameters: [{ in: 'query', schema: {} }] }), /GET \/x\/\{id\}: a parameter has no name or no place/],
  'a parameter in a cookie': [get({ parameters: [parameter({ in: 'cookie' })] }), /parameter "a" in cookie is not supported/],
  'a style that is not read': [get({ parameters: [parameter({ style: 'deepObject' })] }), /parameter "a" has the style "deepObject"/],
  'a parameter without a schema': [get({ parameters: [{ name: 'a', in: 'query', content: {} }] }), /parameter "a" has no schema/],
  'a reference to nothing': [get({ parameters: [{ $ref: '#/components/parameters/Missing' }] }), /an object is expected at #\/components\/parameters\/Missing/],
  'references in a circle': [
    { ...get({ parameters: [{ $ref: '#/components/parameters/A' }] }), components: { parameters: { A: { $ref: '#/components/parameters/B' }, B: { $ref: '#/components/parameters/A' } } } },
    /\$ref "#\/components\/parameters\/A" refers to itself/
  ],
  'a schema that is only itself': [{ ...get({}), components: { schemas: { A: { $ref: '#/components/schemas/A' } } } }, /schema "A" refers to itself/]
}

for (const [name, [document, message]] of Object.entries(refused)) {
  t.test(`a contract with ${name} is not served`, async (t) => {
    t.throws(() => toContract(document, 'test.yaml'), { name: 'DocumentError', message: new RegExp(`^test\\.yaml: .*${message.source}`) })
  })
}

t.test('only an explicit empty security makes an operation public', async (t) => {
  t.equal(first(get({ security: [] })).isPublic, true)
  t.equal(first(get({})).isPublic, false)
  t.equal(first({ ...get({}), security: [] }).isPublic, false, 'not even an empty one for the whole contract')
  t.equal(first(get({ security: [{}] })).isPublic, false)
  t.equal(first(get({ security: null })).isPublic, false)
  t.equal(first(get({ security: [{ bearer: [] }] })).isPublic, false)
})

t.test('parameters of the path are the operation\'s too, and its own win', async (t) => {
  const document: JsonObject = { ...base, paths: { '/x/{id}': {
    parameters: [parameter({ name: 'id', in: 'path', required: true }), parameter({ required: true }), parameter({ name: 'X-A', in: 'header' })],
    get: { operationId: 'getX', responses: {}, parameters: [parameter({ required: false, schema: { type: 'integer' } }), parameter({ name: 'A' }), parameter({ name: 'x-a', in: 'header', required: true })] }
  } } }
  t.match(first(document).parameters, [
    { name: 'id', in: 'path', required: true, explode: false },
    { name: 'a', in: 'query', required: false, explode: true, schema: { type: 'integer' } },
    { name: 'x-a', in: 'header', required: true },
    { name: 'A', in: 'query' }
  ])
})

t.test('headers that belong to the protocol are no parameters', async (t) => {
  t.strictSame(first(get({ parameters: ['Accept', 'content-type', 'AUTHORIZATION'].map((name) => parameter({ name, in: 'header' })) })).parameters, [])
})

t.test('bodies, answers and their headers are read through references', async (t) => {
  const document = {
    ...get({ requestBody: { $ref: '#/components/requestBodies/B' }, responses: { 200: { $ref: '#/components/responses/R' }, default: { description: 'x' } } }),
    components: {
      requestBodies: { B: { required: true, content: { 'Application/JSON; charset=utf-8': { schema: { type: 'object' } }, 'text/csv': {} } } },
      responses: { R: { description: 'x', headers: { 'X-Total': {}, ETag: {} }, content: { 'application/json; charset=utf-8': {}, 'text/csv': {} } } }
    }
  }
  const { body, responses, responseHeaders } = first(document)
  t.equal(body?.required, true)
  t.strictSame([...body?.content ?? []], [['application/json', { type: 'object' }], ['text/csv', undefined]])
  t.strictSame([...responses], [['200', ['application/json', 'text/csv']], ['default', []]])
  t.strictSame(responseHeaders, ['x-total', 'etag'])
})

const servers: Readonly<Record<string, string>> = {
  'https://api.example.it/rest/x/v1': '/rest/x/v1',
  'https://api.example.it/rest/x/v1/': '/rest/x/v1',
  'https://api.example.it': '',
  '/rest/x/v1': '/rest/x/v1',
  'https://{host}/rest/{name}/v1': '',
  'not a URL {': ''
}

t.test('the base path is the one of the first server', async (t) => {
  for (const [url, path] of Object.entries(servers)) t.equal(toContract({ ...get({}), servers: [{ url }, { url: 'https://x.example/other' }] }, 'test.yaml').basePath, path, url)
  t.equal(toContract(get({}), 'test.yaml').basePath, '')
})

t.test('a contract that changes has another hash', async (t) => {
  const hash = (document: JsonObject) => toContract(document, 'test.yaml').sha256
  t.equal(hash(get({})), hash(get({})))
  t.not(hash(get({})), hash(get({ summary: 'x' })))
})

t.test('a media type is compared by its essence', async (t) => {
  t.equal(essence('Application/Problem+JSON ; charset=utf-8'), 'application/problem+json')
})

t.test('the four contracts are read with all their operations, of which only the status is public', async (t) => {
  for (const name of ['tickets', 'surveys', 'service-usage', 'sla-telemetry']) {
    const contract = await loadContract(join(import.meta.dirname, `${name}.v1.yaml`))
    t.equal(contract.basePath, `/rest/${name}/v1`)
    t.strictSame(contract.operations.filter(({ isPublic }) => isPublic).map(({ method, path }) => `${method} ${path}`), ['GET /status'], name)
    t.ok(contract.operations.length >= 5, name)
    t.notMatch(JSON.stringify(contract.document), /"\$ref":"(?!#)/)
  }
})
