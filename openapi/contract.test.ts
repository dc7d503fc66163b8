import { join } from 'node:path'
import t from 'tap'
import { loadContract, toContract } from './contract.ts'
import { atPointer } from './document.ts'
import { essence } from './requests/media-type.ts'
import type { Operation } from './contract.ts'
import type { JsonObject } from './document.ts'
import { registerOperations } from './register.ts'

const base: JsonObject = { openapi: '3.0.3', info: { title: 'Prova', version: '1.2.0' } }
const get = (operation: JsonObject): JsonObject => ({ ...base, paths: { '/x/{id}': { get: { operationId: 'getX', responses: {}, ...operation } } } })
const first = (document: JsonObject): Operation => toContract(document, 'test.yaml').operations[0]!
const parameter = (changes: JsonObject = {}): JsonObject => ({ name: 'a', in: 'query', schema: { type: 'string' }, ...changes })

const at = (paths: JsonObject): JsonObject => ({ ...base, paths })
const answers = { responses: {} }

const refused: Readonly<Record<string, readonly [document: JsonObject, message: RegExp]>> = {
  'OpenAPI 2': [{ swagger: '2.0', info: {}, paths: {} }, /openapi must be 3\.0\.x or 3\.1\.x, in quotes \(RAC_GEN_001\): this is Swagger 2, which converters make OpenAPI 3 of \(at #\/openapi\)/],
  'OpenAPI 3.2': [{ ...base, openapi: '3.2.0', paths: {} }, /openapi must be 3\.0\.x or 3\.1\.x/],
  'a version that is a number': [{ ...base, openapi: 3, paths: {} }, /openapi must be 3\.0\.x/],
  'no info': [{ openapi: '3.0.3', paths: {} }, /has no info object/],
  'no paths': [base, /has no paths object/],
  'paths that are a list': [{ ...base, paths: [] }, /paths must be an object \(at #\/paths\)/],
  'a path that is no object': [at({ '/x': 7 }), /an object is expected here \(at #\/paths\/~1x\)/],
  'a parameter without a name': [get({ parameters: [{ in: 'query', schema: {} }] }), /GET \/x\/\{id\}: a parameter has no name or no place \(in\) \(at #\/paths\/~1x~1\{id\}\/get\)/],
  'a reference to nothing': [get({ parameters: [{ $ref: '#/components/parameters/Missing' }] }), /an object is expected at #\/components\/parameters\/Missing \(at #\/components\/parameters\/Missing\)/],
  'references in a circle': [
    { ...get({ parameters: [{ $ref: '#/components/parameters/A' }] }), components: { parameters: { A: { $ref: '#/components/parameters/B' }, B: { $ref: '#/components/parameters/A' } } } },
    /\$ref "#\/components\/parameters\/A" refers to itself/
  ],
  'a schema that is only itself': [{ ...get({}), components: { schemas: { A: { $ref: '#/components/schemas/A' } } } }, /schema "A" refers to itself.*\(at #\/components\/schemas\/A\)/],
  'a schema that is made of itself a billion times': [{ ...get({}), components: { schemas: { ...Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`S${index}`, { allOf: [{ $ref: `#/components/schemas/S${index + 1}` }, { $ref: `#/components/schemas/S${index + 1}` }] }])), S30: {} } } }, /one value checked against more than 100000 others/],
  'a pattern that is none': [{ ...get({}), components: { schemas: { A: { pattern: '[' } } } }, /the pattern "\[" is no regular expression \(ECMA-262\) \(at #\/components\/schemas\/A\/pattern\)/],
  'a pattern that can explode': [{ ...get({}), components: { schemas: { A: { patternProperties: { '^(?=(a+)+$)': {} } } } } }, /could take too long.*\(at #\/components\/schemas\/A\/patternProperties\/\^\(\?=\(a\+\)\+\$\)\)/]
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
  t.strictSame(first(get({ parameters: ['Accept', 'content-type', 'AUTHORIZATION'].map((name) => parameter({ name, in: 'header' })) })).parameters.map(({ name }) => name), ['id'])
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
  t.strictSame([...responses].map(([status, { content }]) => [status, ...content.keys()]), [['200', 'application/json; charset=utf-8', 'text/csv'], ['default']])
  t.strictSame(responseHeaders, ['x-total', 'etag'])
})

const servers: Readonly<Record<string, string>> = {
  'https://api.example.it/rest/x/v1': '/rest/x/v1',
  'https://api.example.it/rest/x/v1/': '/rest/x/v1',
  'https://api.example.it': '',
  '/rest/x/v1': '/rest/x/v1',
  'https://{host}/rest/{name}/v1': '',
  'https://{host}/rest/x/v1': '/rest/x/v1',
  'https://<the system>/rest/x/v1': '/rest/x/v1',
  '{protocol}://{host}:{port}/rest/x/v{version}': '/rest/x/v1',
  'api.example.it/rest/x/v1': '/rest/x/v1',
  'https://${host}/${path}': '',
  'v1': '/v1',
  '/': '',
  'not a URL {': ''
}

t.test('the base path is the one of the first server', async (t) => {
  for (const [url, path] of Object.entries(servers)) t.equal(toContract({ ...get({}), servers: [{ url, variables: { protocol: { default: 'https' }, port: { default: 443 }, version: { default: '1' } } }, { url: 'https://x.example/other' }] }, 'test.yaml').basePath, path, url)
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

const filled: Readonly<Record<string, readonly [document: JsonObject, operations: readonly string[], note: RegExp]>> = {
  'an operationId that is missing': [at({ '/users/{id}/roles': { get: answers }, '/': { post: answers } }), ['GET /users/{id}/roles getUsersIdRoles id', 'POST / postRoot'], /has no operationId: it is called getUsersIdRoles/],
  'one that is made and taken': [at({ '/a': { get: answers }, '/b': { get: { operationId: 'getA' } }, '/a/': { get: answers } }), ['GET /a getA2', 'GET /b getA', 'GET /a/ getA3'], /it is called getA2/],
  'one that is there twice': [at({ '/a': { get: { operationId: 'same' } }, '/b': { get: { operationId: 'same' } } }), ['GET /a same', 'GET /b getB'], /operationId "same" is that of another operation too: this one is called getB/],
  'parameters of the path that are not declared': [at({ '/a/{x}/{y}.{z}': { parameters: [parameter({ name: 'x', in: 'path', schema: { type: 'integer' } })], get: { operationId: 'a' } } }), ['GET /a/{x}/{y}.{z} a x y z'], /the parameter "y" of the path is not declared: it is read as a text/],
  'parameters that are declared for the path and not in it': [at({ '/a': { get: { operationId: 'a', parameters: [parameter({ name: 'x', in: 'path', required: true })] } } }), ['GET /a a'], /the parameter "x" is declared for the path and not in it: it is left out/],
  'a parameter that is in the path twice': [at({ '/a/{x}/b/{x}': { get: { operationId: 'a', parameters: [parameter({ name: 'x', in: 'path', schema: { type: 'integer' } })] } } }), ['GET /a/{x}/b/{x_2} a x x_2'], /has the parameter "x" twice: the later one is called x_2/],
  'a brace too many': [at({ '/a/{x}}/b': { get: { operationId: 'a' } } }), ['GET /a/{x}/b a x'], /has a brace or a space too many: it is read as \/a\/\{x\}\/b/],
  'no slash at the beginning': [at({ a: { get: { operationId: 'a' } } }), ['GET /a a'], /does not begin with a slash/],
  'the same path with a slash and without': [at({ 'a/b': { get: { operationId: 'b' } }, '/a/b': { get: { operationId: 'a' }, post: { operationId: 'c' } } }), ['GET /a/b a', 'POST /a/b c'], /the path "a\/b" is there as \/a\/b too: only that one is served/],
  'the same path under other names': [at({ '/a/{x}': { get: { operationId: 'a' } }, '/a/{y}': { put: { operationId: 'b' } } }), ['GET /a/{x} a x', 'PUT /a/{y} b y'], /^$/],
  'the same operation under other names': [at({ '/a/{x}': { get: { operationId: 'a' } }, '/a/{y}': { get: { operationId: 'b' } } }), ['GET /a/{x} a x'], /GET \/a\/\{y\} is the same path as \/a\/\{x\} \(at #\/paths\/~1a~1\{x\}\/get\), from which no request can tell it apart: only that one is served/],
  'one of which is deprecated': [at({ '/a/{x}': { get: { operationId: 'a', deprecated: true } }, '/a/{y}': { get: { operationId: 'b' } } }), ['GET /a/{y} b y'], /is the same path as \/a\/\{y\}/],
  'a path with a brace': [at({ '/x/{id': { get: answers }, '/a': { get: { operationId: 'a' } } }), ['GET /a a'], /the path "\/x\/\{id" has a brace without its other one, or with no name in them: it is not served/],
  'a path with a parameter without a name': [at({ '/x/{}': { get: answers } }), [], /has a brace without its other one.*: it is not served/],
  'a path with a query': [at({ '/x?a=b': { get: answers } }), [], /has a query or a fragment: declare that as parameters: it is not served/],
  'a path with a wildcard': [at({ '/x/*': { get: answers } }), [], /has a \*, a backslash or white space: it is not served/],
  'a path with parameters side by side': [at({ '/x/{a}{b}': { get: answers } }), [], /has two parameters with nothing between them: it is not served/],
  'a method in upper case': [at({ '/a': { GET: { operationId: 'a', parameters: [parameter()] } } }), ['GET /a a a'], /the method GET is read as get/],
  'a parameter in Query': [at({ '/a': { get: { operationId: 'a', parameters: [parameter({ in: 'Query' })] } } }), ['GET /a a a'], /the parameter "a" is in Query: that is read as query/],
  'nothing under paths': [{ ...base, paths: null }, [], /has no paths/],
  'what is no operation': [at({ '/a': { get: null, put: { operationId: 'a' } }, '/b': null, 'x-c': {} }), ['PUT /a a'], /is no operation: it is left out/],
  'a parameter as Swagger 2 has it': [at({ '/a': { get: { operationId: 'a', parameters: [{ name: 'x', in: 'query', type: 'integer', required: 'true' }] } } }), ['GET /a a x'], /the parameter "x" has no schema: it is read as \{"type":"integer"\}/],
  'a parameter of which nothing is said': [at({ '/a': { get: { operationId: 'a', parameters: [{ name: 'x', in: 'query', content: {} }, null] } } }), ['GET /a a x'], /the parameter "x" has no schema: it is read as \{"type":"string"\}/],
  'a style that there is not': [at({ '/a': { get: { operationId: 'a', parameters: [parameter({ style: 'simple' })] } } }), ['GET /a a a'], /the style "simple" is none of parameters in query: it is left out/],
  'an answer with nothing in it': [at({ '/a': { get: { operationId: 'a', responses: { 200: null, 400: { headers: { X: null }, content: { 'text/csv': null } }, 'x-a': 'b' } } } }), ['GET /a a'], /what stands at #\/paths\/~1a\/get\/responses\/200 is nothing that OpenAPI has there: it is left out/],
  'a body that is none': [at({ '/a': { put: { operationId: 'a', requestBody: null, responses: [] } } }), ['PUT /a a'], /requestBody is nothing that OpenAPI has there/],
  'a version that is a number': [{ ...base, info: { title: 'Prova', version: 1 }, paths: {} }, [], /^$/],
  'a title that is missing': [{ ...base, info: { version: '1' }, paths: {} }, [], /info has no title that is a text/],
  'no paths, but components': [{ ...base, components: { schemas: { A: {} } } }, [], /has no paths: there is nothing to serve/],
  'no paths since 3.1': [{ ...base, openapi: '3.1.0', webhooks: { a: { post: { operationId: 'a' } } } }, [], /has no paths/]
}

for (const [name, [document, operations, note]] of Object.entries(filled)) {
  t.test(`a real contract with ${name} is served`, async (t) => {
    const contract = toContract(document, 'test.yaml')
    t.strictSame(contract.operations.map(({ method, path, id, parameters }) => [method, path, id, ...parameters.map((one) => one.name)].join(' ')), operations)
    t.match(contract.notes.map(({ message }) => message).filter((message) => !/not declared/.test(message) || /not declared/.test(note.source)).join('\n'), note.source === '^$' ? '' : note)
    await registerOperations(contract)
    t.strictSame(structuredClone(contract), contract, 'it can be told to another thread')
  })
}

t.test('a version is what is written, and what is wrong is told with its line', async (t) => {
  const file = join(t.testdir({ 'a.yaml': 'openapi: 3.0.3\ninfo: { title: 2026, version: 1.10 }\npaths: {}\n', 'b.yaml': 'openapi: 3.0.3\ninfo: { title: a, version: b }\npaths:\n  /a:\n    get:\n      responses:\n        200: { content: { application/json: { schema: { $ref: c.yaml } } } }\n', 'c.yaml': 'type: string\npattern: "["\n' }), 'a.yaml')
  t.match(await loadContract(file), { title: '2026', version: '1.10' })
  await t.rejects(loadContract(file.replace('a.yaml', 'b.yaml')), { line: 2, column: 1, pointer: '/pattern', message: /c\.yaml:2:1: the pattern "\[" is no regular expression \(ECMA-262\) \(at #\/pattern\)$/ })
})

t.test('texts of an enum are those that are written', async (t) => {
  const file = join(t.testdir({ 'a.yaml': 'openapi: 3.0.3\ninfo: { title: a, version: b }\npaths: {}\ncomponents: { schemas: { A: { type: string, enum: [01, 1.0, 0x1F, true, null] } } }\n' }), 'a.yaml')
  const { document } = await loadContract(file)
  t.strictSame(atPointer(document, '/components/schemas/A/enum'), ['01', '1.0', '0x1F', 'true', null])
})
