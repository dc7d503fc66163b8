import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { prepareAnswers } from '../../openapi/answers/answers.ts'
import { loadContract, toContract } from '../../openapi/contract.ts'
import type { Contract } from '../../openapi/contract.ts'
import type { JsonObject } from '../../openapi/document.ts'
import { contractsIn } from '../../openapi/lint/lint.ts'
import { registerOperations } from '../../openapi/register.ts'
import { isDenial } from '../../policies/denials.ts'
import { freePort } from '../harness/free-port.ts'
import { launch, root } from '../harness/process.ts'
import { MockAnswers } from './answers.ts'
import { curlFor } from './curl.ts'
import { preferencesOf } from './preferences.ts'
import { buildMock } from './server.ts'

const text = { schema: { type: 'string' } }
const list = { schema: { type: 'array', items: { type: 'string' } } }
const json = (schema: JsonObject, more: JsonObject = {}): JsonObject => ({ content: { 'application/json': { schema, ...more } } })
const problem = { type: 'object', required: ['title', 'status'], properties: { title: { type: 'string' }, status: { type: 'integer' } } }
const anyText = { type: 'string' }

const document: JsonObject = {
  openapi: '3.0.3',
  info: { title: 'Prova', version: '1.0.0' },
  servers: [{ url: 'https://api.example.it/rest/prova/v1' }],
  paths: {
    '/u/{id}': {
      parameters: [{ name: 'id', in: 'path', required: true, ...text }, { name: 'X-Tags', in: 'header', ...list }, { name: 'kind', in: 'query', schema: { type: 'string', enum: ['a', 'b'] } }],
      get: {
        operationId: 'read',
        responses: {
          200: {
            description: 'Ok',
            headers: { 'X-Count': { schema: { type: 'integer' }, example: 3 }, 'X-Needed': { required: true, schema: { type: 'string', enum: ['yes'] } }, 'X-Silent': { schema: { type: 'string' } }, 'Content-Length': { schema: { type: 'integer' }, example: 1 } },
            content: {
              'application/json': { schema: { type: 'object' }, examples: { first: { value: { n: 1 } }, second: { value: { n: 2 } } } },
              'application/xml': { schema: { type: 'object', properties: { name: { type: 'string', enum: ['a<b'] }, 'of &': { type: 'array', items: { type: 'integer', enum: [1] } } } } },
              'application/x-www-form-urlencoded': { schema: { type: 'object', properties: { a: { type: 'integer', enum: [1] } } } },
              'text/*': { schema: anyText, example: 'ciao' }
            }
          },
          404: { description: 'No', content: { 'application/problem+json': { schema: problem } } },
          '5XX': { description: 'No', content: { 'application/problem+json': { schema: problem } } }
        }
      },
      delete: { operationId: 'drop', responses: { 204: { description: 'Gone', content: {} } } },
      put: { operationId: 'write', requestBody: { required: true, ...json({ type: 'object', required: ['n'], properties: { n: { type: 'integer' } } }) }, responses: { default: { description: 'Ok', ...json({ type: 'object', properties: { n: { type: 'integer' } } }, { example: '{ "n": 7 }' }) } } }
    },
    '/u/{id}:run': { parameters: [{ name: 'id', in: 'path', required: true, ...text }], post: { operationId: 'run', responses: { '2XX': { description: 'Ok', ...json({ type: 'string', minLength: 3 }) } } } }
  }
}
const contract = toContract(document, 'prova.yaml')
const url = new URL('http://127.0.0.1:8070')

async function mockOf (t: Test, one: Contract) {
  const app = await buildMock(one, url)
  t.teardown(async () => app.close())
  const ask = async (method: string, path: string, headers: Readonly<Record<string, string>> = {}, payload?: string) =>
    app.inject({ method: method as 'GET', url: path, authority: url.host, headers, ...(payload !== undefined && { payload }) })
  return { ask }
}

t.test('every answer of our own contracts is valid, in every status and media type', async (t) => {
  for (const file of await contractsIn([join(root, 'openapi')])) {
    const own = await loadContract(file)
    const answers = new MockAnswers(own, await registerOperations(own))
    const check = prepareAnswers(own)
    const wrong = own.operations.flatMap((operation) => [...operation.responses].flatMap(([status, { content }]) => {
      const code = status === 'default' ? '500' : status.replace('XX', '00')
      return (content.size === 0 ? ['*/*'] : [...content.keys()]).flatMap((type) => {
        const answer = answers.of(operation, { code, example: undefined }, type)
        if (isDenial(answer)) return [`${operation.id} ${status} ${type}: ${answer.detail}`]
        const { findings, body } = check(operation).head(answer.status, Object.fromEntries(answer.headers.map(([name, value]) => [name.toLowerCase(), value])))
        const inBody = body?.check(answer.body)
        return [...findings, ...inBody ? [inBody] : []].map(({ pointer, detail }) => `${operation.id} ${status} ${type}: ${pointer} ${detail}`)
      })
    }))
    t.strictSame(wrong, [], file)
  }
})

t.test('a path that cannot be read is told what it lacks', async (t) => {
  const { ask } = await mockOf(t, contract)
  t.match((await ask('GET', '/u/%zz')).json(), { status: 400, detail: /^The path has characters that must be percent-encoded\. / })
})

t.test('the answer is the one that the caller wishes for', async (t) => {
  const { ask } = await mockOf(t, contract)
  const path = '/rest/prova/v1/u/1'
  const cases: { name: string, headers: Record<string, string>, status: number, type: string | RegExp, body: string | RegExp }[] = [
    { name: 'the first example', headers: {}, status: 200, type: 'application/json', body: '{"n":1}' },
    { name: 'a named example', headers: { prefer: 'example=second' }, status: 200, type: 'application/json', body: '{"n":2}' },
    { name: 'another media type', headers: { accept: 'application/xml, application/json;q=0.5' }, status: 200, type: 'application/xml', body: /<root><name>a&lt;b<\/name><of__>1<\/of__><\/root>\n$/ },
    { name: 'a form', headers: { accept: 'application/x-www-form-urlencoded' }, status: 200, type: 'application/x-www-form-urlencoded', body: 'a=1' },
    { name: 'a media type of a range', headers: { accept: 'text/markdown' }, status: 200, type: 'text/markdown', body: 'ciao' },
    { name: 'a declared status', headers: { prefer: 'code=404' }, status: 404, type: 'application/problem+json', body: '{"title":"testo","status":404}' },
    { name: 'an error whatever is accepted', headers: { prefer: 'code="404"', accept: 'text/plain' }, status: 404, type: 'application/problem+json', body: /"status":404/ },
    { name: 'a status of a range', headers: { prefer: 'respond-async; code=503' }, status: 503, type: 'application/problem+json', body: /"status":503/ },
    { name: 'no status that is not declared', headers: { prefer: 'code=401' }, status: 400, type: 'application/problem+json', body: /This operation declares 200, 404, 5XX/ },
    { name: 'no status that is none', headers: { prefer: 'code=1e3' }, status: 400, type: 'application/problem+json', body: /"malformed-request"/ },
    { name: 'no example that is not there', headers: { prefer: 'example=third' }, status: 400, type: 'application/problem+json', body: /first, second/ },
    { name: 'nothing that is not accepted', headers: { accept: 'image/png' }, status: 406, type: 'application/problem+json', body: /"not-acceptable"/ }
  ]
  for (const { name, headers, status, type, body } of cases) {
    const answer = await ask('GET', path, headers)
    t.equal(answer.statusCode, status, name)
    t.match(answer.headers['content-type'], type, name)
    t.match(answer.body, body, name)
  }
  const { headers } = await ask('GET', path, { prefer: 'example=second' })
  t.match(headers, { 'x-count': '3', 'x-needed': 'yes', 'content-length': '7', 'preference-applied': 'example=second' })
  t.notOk('x-silent' in headers)
  t.match(await ask('PUT', path, { 'content-type': 'application/json' }, '{"n":1}'), { statusCode: 200, body: '{ "n": 7 }' }, 'JSON that an example gives as text')
  t.match(await ask('POST', `${path}:run`), { statusCode: 200, body: '"testo"' })
  t.match(await ask('DELETE', path), { statusCode: 204, body: '' })
  t.strictSame(preferencesOf(undefined), { code: undefined, example: undefined })
})

t.test('requests are refused as by the gateway, and odd ones end nothing', async (t) => {
  const { ask } = await mockOf(t, contract)
  const path = '/rest/prova/v1/u/1'
  const body = { 'content-type': 'application/json' }
  const cases: readonly (readonly [name: string, answer: ReturnType<typeof ask>, status: number, code: string])[] = [
    ['a broken escape', ask('GET', '/u/%zz'), 400, 'malformed-request'],
    ['a broken escape in a parameter', ask('GET', '/rest/prova/v1/u/%zz'), 400, 'malformed-request'],
    ['a broken escape in the query', ask('GET', `${path}?kind=%e0`), 400, 'invalid-parameter'],
    ['no path', ask('GET', '/'), 404, 'route-not-found'],
    ['no value where one belongs', ask('GET', '/rest/prova/v1/u/'), 404, 'route-not-found'],
    ['another method', ask('PATCH', path), 405, 'method-not-allowed'],
    ['a parameter that is not declared', ask('GET', `${path}?limit=1`), 400, 'invalid-parameter'],
    ['a value that is not declared', ask('GET', `${path}?kind=c`), 400, 'invalid-parameter'],
    ['no body where one is required', ask('PUT', path), 400, 'invalid-body'],
    ['a body where there is none', ask('DELETE', path, body, '{}'), 400, 'malformed-request'],
    ['another media type', ask('PUT', path, { 'content-type': 'text/plain' }, 'n'), 415, 'unsupported-media-type'],
    ['a coding', ask('PUT', path, { ...body, 'content-encoding': 'gzip' }, '{"n":1}'), 415, 'unsupported-media-type'],
    ['a body that is no JSON', ask('PUT', path, body, '{'), 400, 'invalid-body'],
    ['a body against its schema', ask('PUT', path, body, '{"n":"x"}'), 400, 'invalid-body'],
    ['a body too large', ask('PUT', path, body, 'x'.repeat(11 * 1024 * 1024)), 413, 'content-too-large'],
    ['another host', ask('GET', path, { host: 'evil.example' }), 400, 'malformed-request']
  ]
  for (const [name, asked, status, code] of cases) {
    const answer = await asked
    t.equal(answer.statusCode, status, name)
    t.equal(answer.headers['content-type'], 'application/problem+json', name)
    t.match(answer.json(), { status, code, type: `${url.origin}/problems/${code}` }, name)
  }
  t.equal((await ask('PATCH', path)).headers['allow'], 'GET, PUT, DELETE')
  t.equal((await ask('GET', path)).statusCode, 200, 'without the list in a header that may be left out')
  t.equal((await ask('GET', '/problems/invalid-body')).statusCode, 200, 'what a problem points to is there')
})

t.test('the curl line fills in what is required', async (t) => {
  t.equal(curlFor(contract, url.origin), "curl -i 'http://127.0.0.1:8070/rest/prova/v1/u/testo'")
  const put = toContract({ ...document, paths: { '/q': { put: { operationId: 'q', parameters: [{ name: 'a b', in: 'query', required: true, ...list }, { name: 'X-It', in: 'header', required: true, schema: { type: 'string', enum: ["it's"] } }], requestBody: json({ type: 'integer', enum: [3] }), responses: {} } } } }, 'put.yaml')
  t.equal(curlFor(put, url.origin), "curl -i -X PUT -H 'X-It: it'\\''s' -H 'Content-Type: application/json' --data '3' 'http://127.0.0.1:8070/rest/prova/v1/q?a%20b=testo'")
})

t.test('varco mock serves on this machine alone, prints a call that works, and stops when asked', async (t) => {
  const port = await freePort()
  const absent = launch(t, ['gateway/varco.ts', 'mock', join(root, 'openapi/none.yaml'), '--port', String(port)], { cwd: root, port })
  t.equal(await absent.ended, 2)
  t.match(absent.err, /^varco mock: .*none\.yaml cannot be read \(ENOENT\)/)
  const program = launch(t, ['gateway/varco.ts', 'mock', join(root, 'openapi/surveys.v1.yaml'), '--port', String(port)], { cwd: root, port })
  await program.says(/ready on http:\/\/127\.0\.0\.1:/)
  t.match(program.out, /No voucher is needed/)
  // Every address of this machine but that one refuses.
  await t.rejects(fetch(`http://127.0.0.2:${port}/`), { cause: { code: 'ECONNREFUSED' } })
  const called = spawnSync('sh', ['-c', `${/^curl .*$/m.exec(program.out)?.[0] ?? 'false'} -s`], { encoding: 'utf8' })
  t.match(called.stdout, /^HTTP\/1\.1 200 OK/)
  const second = launch(t, ['gateway/varco.ts', 'mock', join(root, 'openapi/surveys.v1.yaml'), '--port', String(port)], { cwd: root, port })
  t.equal(await second.ended, 1)
  t.match(second.err, new RegExp(`^varco mock: port ${port} is taken: choose another with --port\n$`))
  t.equal(await program.stop('SIGINT'), 0)
})
