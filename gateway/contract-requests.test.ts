import t from 'tap'
import type { JsonObject } from '../openapi/document.ts'
import { startGateway } from './harness/gateway.ts'
import type { Harness } from './harness/gateway.ts'
import { archiveContract, basePath } from './harness/platform.ts'
import { checkNextServed, checkProblem } from './harness/refusal.ts'

const integers = { type: 'array', items: { type: 'integer' } }
const answers = { 200: { description: '', content: { 'application/json': { schema: {} } } } }
const parameter = (name: string, place: string, schema: object, rest: object = {}) => ({ name, in: place, schema, ...rest, ...place === 'path' && { required: true } })
const operation = (operationId: string, parameters: readonly object[], content?: object) => ({ operationId, parameters, responses: answers, ...content && { requestBody: { required: true, content } } })
const form = { type: 'object', required: ['n'], properties: { n: { type: 'integer' }, file: { type: 'string', format: 'binary' } }, additionalProperties: false }
const contract = {
  ...archiveContract,
  paths: {
    ...archiveContract['paths'] as JsonObject,
    '/lists/{ids}': { get: operation('readList', [parameter('ids', 'path', integers)]) },
    '/labels/{v}': { get: operation('readLabel', [parameter('v', 'path', { type: 'array', items: { type: 'string' } }, { style: 'label' })]) },
    '/matrices/{v}': { get: operation('readMatrix', [parameter('v', 'path', integers, { style: 'matrix', explode: true })]) },
    '/filtered': { get: operation('filter', [parameter('p', 'query', integers, { style: 'pipeDelimited', explode: false }), parameter('s', 'query', integers, { style: 'spaceDelimited', explode: false }), parameter('f', 'query', { type: 'object', properties: { a: { type: 'integer' } }, additionalProperties: false }, { style: 'deepObject' }), parameter('long', 'query', { type: 'integer', format: 'int64' }), parameter('lang', 'cookie', { type: 'string', maxLength: 2 }), parameter('X-One', 'header', { type: 'string' }), parameter('X-Many', 'header', integers)]) },
    '/bodies': { post: operation('post', [parameter('limit', 'query', { type: 'integer', maximum: 5 })], { 'application/json': { schema: { type: 'object', properties: { long: { type: 'integer', format: 'int64' }, state: { type: 'string', enum: ['A', 'B'] } }, additionalProperties: false } }, 'application/x-www-form-urlencoded': { schema: form }, 'multipart/form-data': { schema: form, encoding: { file: { contentType: 'application/pdf' } } } }) }
  }
} as unknown as JsonObject

/** One gateway for all: a call, and what the upstream saw of it. */
async function calling (t: Parameters<typeof startGateway>[0]): Promise<{ gateway: Harness, forwarded: (path: string, options?: Parameters<Harness['call']>[1]) => Promise<unknown> }> {
  const gateway = await startGateway(t, { contract })
  return {
    gateway,
    forwarded: async (path, options) => {
      gateway.upstream.requests.length = 0
      const { status, json } = await gateway.call(path, options)
      await gateway.takeRecords(1)
      const [seen] = gateway.upstream.requests
      return status === 200 ? seen?.url.slice(seen.url.lastIndexOf('/v1/') + 3) : json
    }
  }
}

t.test('what is checked is what is forwarded, and nothing else', async (t) => {
  const { gateway, forwarded } = await calling(t)
  const same = async (target: string, as = target): Promise<void> => { t.equal(await forwarded(target), as, target) }
  await same('/lists/1,2')
  await same('/lists/%31,2', '/lists/1,2')
  await same('/labels/.a.b%2Ec,d')
  await same('/matrices/;v=1;v=2')
  await same('/filtered?p=1%7C2')
  await same('/filtered?p=1|2', '/filtered?p=1%7C2')
  await same('/filtered?s=1+2', '/filtered?s=1%202')
  await same('/filtered?f[a]=1&long=9223372036854775807', '/filtered?f%5Ba%5D=1&long=9223372036854775807')
  for (const path of ['/lists/1,x', '/lists/1%2C2', '/labels/a', '/matrices/;w=1', '/matrices/1', '/filtered?f[b]=1', '/filtered?long=9223372036854775808', '/filtered?p=1,2']) t.match(await forwarded(path), { code: 'invalid-parameter', status: 400 }, path)
  for (const path of ['/lists/1;2', '/filtered;v=1', '/nothing;v=1', '/matrices/..;v=1']) t.match(await forwarded(path), { code: 'malformed-request', status: 400 }, path)
  await forwarded('/filtered', { headers: { Cookie: 'session=secret; lang=it', 'X-Many': '1, 2' } })
  t.match(gateway.upstream.requests, [{ headers: { 'cookie': 'lang=it', 'x-many': '1, 2' } }])
  t.match(await forwarded('/filtered', { headers: { Cookie: 'lang=ita' } }), { code: 'invalid-parameter', errors: [{ in: 'cookie', pointer: '/lang', rule: 'maxLength' }] })
  await checkNextServed(t, gateway)
})

t.test('a header that is one value comes once', async (t) => {
  const { gateway } = await calling(t)
  const lines = (...headers: string[]) => [`GET ${basePath}/filtered HTTP/1.1`, `Host: ${gateway.host}`, `Authorization: Bearer ${gateway.voucher()}`, ...headers]
  await checkProblem(t, gateway, await gateway.raw(lines('X-One: a', 'X-One: b')), { status: 400, code: 'invalid-parameter' })
  for (const headers of [['X-One: a, b'], ['X-Many: 1', 'X-Many: 2']]) t.equal((await gateway.raw(lines(...headers))).status, 200, headers.join())
})

t.test('a refusal names everything that is wrong, by pointer and rule, and no value', async (t) => {
  const { gateway } = await calling(t)
  const sent = 'RSSMRA80A01H501U'
  const told = await gateway.call('/bodies', { method: 'POST', body: `{"state":"${sent}","${sent}":1,"long":9223372036854775808}` })
  t.match(told, { status: 400, json: { code: 'invalid-body', detail: String, errors: [] } })
  t.notOk(told.body.includes(sent))
  t.strictSame(told.json.errors, [
    { in: 'body', pointer: '', rule: 'additionalProperties', detail: 'The body may have no members but those that the contract declares: long, state.' },
    { in: 'body', pointer: '/long', rule: 'format', detail: 'The body at /long must match format "int64".' },
    { in: 'body', pointer: '/state', rule: 'enum', detail: 'The body at /state must be one of "A", "B".' }
  ])
  const parameters = await gateway.call(`/bodies?limit=9&${sent}=1`, { method: 'POST', body: '{}' })
  t.match(parameters.json.errors, [{ in: 'query', pointer: '', rule: 'undeclared' }, { in: 'query', pointer: '/limit', rule: 'maximum' }])
  t.notOk(parameters.body.includes(sent))
  t.equal(gateway.upstream.requests.length, 0)
})

t.test('forms are checked, and go on byte for byte', async (t) => {
  const { gateway } = await calling(t)
  const multipart = (content: string, type = 'application/pdf') => ['--b', 'Content-Disposition: form-data; name="n"', '', content, '--b', 'Content-Disposition: form-data; name="file"; filename="a.pdf"', `Content-Type: ${type}`, '', '%PDF', '--b--', ''].join('\r\n')
  const send = async (type: string, body: string) => gateway.call('/bodies', { method: 'POST', body, headers: { 'Content-Type': type } })
  for (const [type, body] of [['application/x-www-form-urlencoded', 'n=%31'], ['multipart/form-data; boundary=b', multipart('1')]] as const) {
    gateway.upstream.requests.length = 0
    t.equal((await send(type, body)).status, 200, type)
    t.match(gateway.upstream.requests, [{ headers: { 'content-type': type }, body: Buffer.from(body) }])
  }
  t.match(await send('application/x-www-form-urlencoded', 'n=a'), { status: 400, json: { code: 'invalid-body', errors: [{ pointer: '/n', rule: 'type' }] } })
  t.match(await send('multipart/form-data; boundary=b', multipart('a')), { status: 400, json: { errors: [{ pointer: '/n', rule: 'type' }] } })
  t.match(await send('multipart/form-data; boundary=b', multipart('1', 'text/html')), { status: 400, json: { errors: [{ pointer: '/file', rule: 'contentType' }] } })
  t.match(await send('multipart/form-data', multipart('1')), { status: 400, json: { errors: [{ rule: 'multipart' }] } })
  t.match(await send('multipart/mixed; boundary=b', multipart('1')), { status: 415, json: { code: 'unsupported-media-type' } })
})
