import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import type { VarcoCallClaims } from '../openapi/varco-call.ts'
import { portsOf } from '../policies/fixture.ts'
import type { HostAddress, Resolver } from '../policies/resolver.ts'
import type { ReplyTarget } from '../policies/reply-url.ts'
import { dnsResolver } from './adapters/resolver-dns.ts'
import { startGateway } from './harness/gateway.ts'
import type { CallOptions, Harness, HarnessOptions } from './harness/gateway.ts'
import { basePath, ids } from './harness/platform.ts'
import { checkNextServed, checkProblem, checkRefused } from './harness/refusal.ts'
import { reportsContract, reportsOptions } from './harness/reports.ts'
import type { AnswerAs } from './harness/upstream.ts'
import type { WireAnswer } from './harness/wire.ts'
import { goLive } from './live.ts'

const answerAs = (status: number, headers: Readonly<Record<string, string>> = {}, body = '{}'): AnswerAs => (_request, response) => {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body)
}
const replyTo = 'https://fruitore.example.it/reports/7?token=a'
const push = (gateway: Harness, headers: Readonly<Record<string, string>> = {}, options: CallOptions = {}): Promise<WireAnswer> => gateway.call('/pushes', { method: 'POST', ...options, headers: { 'X-ReplyTo': replyTo, ...headers } })
const withTargets = (...targets: readonly ReplyTarget[]): HarnessOptions => ({ ...reportsOptions, config: (config) => ({ ...config, eservices: config.eservices.map((eservice) => ({ ...eservice, replyTo: targets })) }) })

function toldOf (gateway: Harness): VarcoCallClaims {
  const [, claims = ''] = String(gateway.upstream.requests.at(-1)?.headers['varco-call']).split('.')
  return JSON.parse(Buffer.from(claims, 'base64url').toString()) as VarcoCallClaims
}

t.test('a push is accepted with 202, and its answer is tied to it', async (t) => {
  const gateway = await startGateway(t, reportsOptions)
  gateway.upstream.answer = answerAs(202)
  const answer = await push(gateway, { 'x-correlation-id': 'chosen-by-the-caller' })
  const seen = gateway.upstream.requests.at(-1)!
  t.equal(answer.status, 202)
  t.match(answer.headers['x-correlation-id'], /^[0-9a-f-]{36}$/)
  t.equal(seen.headers['x-correlation-id'], answer.headers['x-correlation-id'], 'the e-service was told the same id, and not the caller\'s')
  t.equal(seen.rawHeaders.filter((name) => /^x-correlation-id$/i.test(name)).length, 1)
  t.equal(answer.headers['x-correlation-id'], answer.headers['x-request-id'], 'it is the one of the records')
  t.equal(seen.headers['x-replyto'], replyTo)
  const told = toldOf(gateway)
  t.strictSame(told.replyTo, { url: replyTo, addresses: ['93.184.216.34'] })
  t.notHas(told, 'urlCallback')
  gateway.upstream.answer = answerAs(202, { 'x-correlation-id': 'of-the-e-service' })
  t.equal((await push(gateway)).headers['x-correlation-id'], 'of-the-e-service')
})

t.test('elsewhere X-ReplyTo and X-Correlation-ID are headers like any other: not let through', async (t) => {
  const gateway = await startGateway(t, reportsOptions)
  const answer = await gateway.call('/items', { headers: { 'X-ReplyTo': 'file:///etc/passwd', 'X-Correlation-ID': '1' } })
  t.equal(answer.status, 200)
  t.equal(answer.headers['x-correlation-id'], undefined)
  for (const name of ['x-replyto', 'x-correlation-id']) t.notHas(gateway.upstream.requests.at(-1)?.headers, name)
  t.notHas(toldOf(gateway), 'replyTo')
})

const problem = { 'content-type': 'application/problem+json' }
const where = { location: '/rest/archive/v1/pulls/7' }

/** What an e-service answers to a step, and what becomes of it: the status that the caller sees. */
const answers: readonly (readonly [step: 'push' | 'pull-request' | 'pull-status' | 'pull-result', status: number, headers: Readonly<Record<string, string>>, seen: number])[] = [
  ...[200, 201, 203, 204, 206, 300, 302, 303, 307, 308].map((status) => ['push', status, where, 502] as const),
  ['push', 202, {}, 202],
  ...[200, 201, 204, 302, 303].map((status) => ['pull-request', status, where, 502] as const),
  ['pull-request', 202, {}, 502],
  ['pull-request', 202, { location: '' }, 502],
  ['pull-request', 202, where, 202],
  ...[201, 202, 204, 301, 302, 307, 308].map((status) => ['pull-status', status, where, 502] as const),
  ['pull-status', 200, {}, 200],
  ['pull-status', 303, {}, 502],
  ['pull-status', 303, where, 303],
  ...[201, 202, 204, 206, 303].map((status) => ['pull-result', status, where, 502] as const),
  ['pull-result', 200, {}, 200],
  ...(['push', 'pull-request', 'pull-status', 'pull-result'] as const).flatMap((step) => [[step, 422, problem, 422], [step, 404, problem, 404], [step, 500, problem, 500], [step, 503, problem, 503], [step, 404, {}, 404], [step, 500, {}, 502]] as const)
]

t.test('H: each step is answered as its pattern says, or not at all', async (t) => {
  const gateway = await startGateway(t, reportsOptions)
  const send = { 'push': () => push(gateway), 'pull-request': () => gateway.call('/pulls', { method: 'POST' }), 'pull-status': () => gateway.call('/pulls/7'), 'pull-result': () => gateway.call('/pulls/7/report') }
  for (const [step, status, headers, seen] of answers) {
    const code = seen === 502 ? 'upstream-invalid' : 'admitted'
    await t.test(`${step}, answered ${status} ${JSON.stringify(headers)}: ${code}`, async (t) => {
      gateway.upstream.answer = answerAs(status, headers, status === 204 ? '' : headers === problem ? '{"type":"about:blank","title":"x","status":400,"detail":"of the e-service"}' : '{"canary":1}')
      const answer = await send[step]()
      if (seen === 502) {
        await checkProblem(t, gateway, answer, { status: 502, code: 'upstream-invalid' })
        t.notMatch(answer.body, 'canary')
        t.equal(answer.headers['location'], undefined)
      } else {
        t.equal(answer.status, seen)
        if (seen < 400) t.equal(answer.headers['location'], headers['location'])
        if (headers === problem) t.match(answer.json, { detail: 'of the e-service' })
        await gateway.takeRecords(1)
      }
      gateway.upstream.answer = answerAs(200)
      await checkNextServed(t, gateway)
    })
  }
})

t.test('a Location stays as it is, but for the address of the upstream', async (t) => {
  const gateway = await startGateway(t, reportsOptions)
  const cases = [[where.location, where.location], ['7', '7'], [`${gateway.upstream.url}${where.location}?x=1`, `${where.location}?x=1`], ['https://elsewhere.example/7', 'https://elsewhere.example/7']] as const
  for (const [location, seen] of cases) {
    gateway.upstream.answer = answerAs(303, { location })
    t.equal((await gateway.call('/pulls/7')).headers['location'], seen)
    gateway.upstream.answer = answerAs(202, { location })
    t.equal((await gateway.call('/pulls', { method: 'POST' })).headers['location'], seen)
  }
})

t.test('a caller cannot have a poll answered with 304', async (t) => {
  const gateway = await startGateway(t, reportsOptions)
  await gateway.call('/pulls/7', { headers: { 'If-None-Match': '"1"', 'If-Modified-Since': 'Mon, 02 Mar 2026 10:00:00 GMT' } })
  for (const name of ['if-none-match', 'if-modified-since']) t.notHas(gateway.upstream.requests.at(-1)?.headers, name)
})

/** Every X-ReplyTo that names something inside, or nothing: as it stands on the wire. */
const hosts = ['127.0.0.1', '127.0.0.2', '[::1]', '[0:0:0:0:0:0:0:1]', '0.0.0.0', '0', '[::]', '169.254.169.254', '10.0.0.1', '10.255.255.255', '172.16.0.1', '192.168.1.1', '100.64.0.1', '224.0.0.1', '255.255.255.255', '192.0.2.1', '198.18.0.1',
  '2130706433', '017700000001', '0177.0.0.1', '0x7f000001', '0x7f.0.0.1', '127.1', '127.0.1', 'localhost', 'localhost.', 'LOCALHOST', '[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '[::127.0.0.1]', '[fe80::1]', '[fc00::1]', '[fd00::1]', '[ff02::1]', '[64:ff9b::7f00:1]', '[2002:7f00:1::1]', '[2001:db8::1]',
  'fruitore.example.it.evil.example', 'evil.example', 'fruitore.example.it.', 'fruitore.example.it%00', 'fruitore%2eexample.it', 'fruitore.example.it@127.0.0.1', '127.0.0.1#fruitore.example.it', '127.0.0.1?fruitore.example.it', '127.0.0.1\\@fruitore.example.it', 'user:pass@fruitore.example.it']
const urls = [
  ...hosts.flatMap((host) => [`https://${host}/`, `http://${host}/`]), ...[22, 25, 80, 6379, 8443, 65535, 65536, 0].map((port) => `https://fruitore.example.it:${port}/`),
  'http://fruitore.example.it/', 'file:///etc/passwd', 'gopher://fruitore.example.it/', 'ftp://fruitore.example.it/', 'dict://127.0.0.1:11211/', 'jar:https://fruitore.example.it!/', 'javascript:alert(1)', '//fruitore.example.it/', '/reports', 'fruitore.example.it', 'https:fruitore.example.it', 'https:///fruitore.example.it/', 'https://',
  'https://fruitore.example.it/#', 'https://fruitore.example.it/ x', 'https://fruitore.example.it/\tx', 'https://fruitore.example.it/\xa0', 'https://fruitore.example.it/, https://evil.example/', `https://fruitore.example.it/${'x'.repeat(2000)}`
]

t.test('101: X-ReplyTo that is not acceptable is 400, and the canary sees nothing', async (t) => {
  const canary = createServer(() => { t.fail('the canary was called') }).listen(0, '127.0.0.1')
  await once(canary, 'listening')
  t.teardown(() => { canary.close() })
  const { port } = canary.address() as AddressInfo
  const gateway = await startGateway(t, { ...reportsOptions, resolver: dnsResolver() })
  const voucher = gateway.voucher()
  const lines = (...more: readonly string[]): readonly string[] => [`POST ${basePath}/pushes HTTP/1.1`, `Host: ${gateway.host}`, `Authorization: Bearer ${voucher}`, 'Content-Length: 0', ...more]
  const values = [...urls, ...['127.0.0.1', 'localhost', '[::1]'].flatMap((host) => [`https://${host}:${port}/`, `http://${host}:${port}/`])]
  for (const url of values) {
    await t.test(`${JSON.stringify(url).slice(0, 80)}: reply-to-invalid`, async (t) => {
      await checkRefused(t, gateway, { name: url, bytes: lines(`X-ReplyTo: ${url}`), status: 400, code: 'reply-to-invalid' })
    })
  }
  const others: Readonly<Record<string, readonly string[]>> = { 'none': [], 'an empty one': ['X-ReplyTo:'] }
  for (const [name, more] of Object.entries(others)) await t.test(`${name}: reply-to-invalid`, async (t) => checkRefused(t, gateway, { name, bytes: lines(...more), status: 400, code: 'reply-to-invalid' }))
  const several: Readonly<Record<string, readonly string[]>> = { 'two': [`X-ReplyTo: ${replyTo}`, `x-replyto: ${replyTo}`], 'a good and a bad one': [`X-ReplyTo: ${replyTo}`, 'X-ReplyTo: https://evil.example/'] }
  for (const [name, more] of Object.entries(several)) await t.test(`${name}: malformed-request`, async (t) => checkRefused(t, gateway, { name, bytes: lines(...more), status: 400, code: 'malformed-request' }))
  await t.test('of 9 kB: headers-too-large', async (t) => checkRefused(t, gateway, { name: 'long', bytes: lines(`X-ReplyTo: https://fruitore.example.it/${'x'.repeat(9000)}`), status: 431, code: 'headers-too-large' }))
  await t.test('with a line in it: malformed-request', async (t) => checkRefused(t, gateway, { name: 'CRLF', bytes: lines(`X-ReplyTo: ${replyTo}\r\n X-Injected: 1`), status: 400, code: 'malformed-request' }))
})

t.test('101: it is refused for what its host is, whatever the name: all its addresses must be public', async (t) => {
  const found: Readonly<Record<string, readonly HostAddress[]>> = {
    'public.example.it': [{ address: '93.184.216.34', isPublic: true }],
    'inside.example.it': [{ address: '10.0.0.1', isPublic: false }],
    'both.example.it': [{ address: '93.184.216.34', isPublic: true }, { address: '127.0.0.1', isPublic: false }]
  }
  const resolver: Resolver = { resolve: (host) => host === 'slow.example.it' ? 'unavailable' : found[host] ?? 'unknown' }
  const origins = ['public', 'inside', 'both', 'slow', 'nowhere'].map((name) => `https://${name}.example.it`)
  const gateway = await startGateway(t, { ...withTargets({ consumer: ids.consumer, origins }), resolver })
  gateway.upstream.answer = answerAs(202)
  const to = async (name: string): Promise<WireAnswer> => push(gateway, { 'X-ReplyTo': `https://${name}.example.it/` })
  t.equal((await to('public')).status, 202)
  await gateway.takeRecords(1)
  gateway.upstream.requests.length = 0
  const details = []
  for (const name of ['inside', 'both', 'nowhere']) {
    const answer = await to(name)
    await checkProblem(t, gateway, answer, { status: 400, code: 'reply-to-invalid' })
    t.notMatch(answer.json.detail, /\d\.\d|example/, 'neither the address nor the name')
    details.push(answer.json.detail)
  }
  t.equal(new Set(details).size, 1, 'what is inside and what is not there at all cannot be told apart')
  const late = await to('slow')
  t.equal(late.headers['retry-after'], '5')
  await checkProblem(t, gateway, late, { status: 503, code: 'name-resolution-unavailable' })
  t.equal(gateway.upstream.requests.length, 0)
})

t.test('101: between check and use a name may become another: the e-service gets the addresses that were judged', async (t) => {
  const found: (readonly HostAddress[])[] = [[{ address: '93.184.216.34', isPublic: true }], [{ address: '127.0.0.1', isPublic: false }]]
  let asked = 0
  const gateway = await startGateway(t, { ...reportsOptions, resolver: { resolve: () => found[asked++] ?? 'unknown' } })
  gateway.upstream.answer = answerAs(202)
  t.equal((await push(gateway)).status, 202)
  t.strictSame(toldOf(gateway).replyTo?.addresses, ['93.184.216.34'])
  t.equal(asked, 1)
  t.match((await push(gateway)).json, { code: 'reply-to-invalid' })
})

t.test('the system\'s own resolver is given 2 s', async (t) => {
  const gateway = await startGateway(t, { ...reportsOptions, resolver: dnsResolver({ find: async () => new Promise(() => undefined) }) })
  const start = performance.now()
  t.match(await push(gateway), { status: 503, json: { code: 'name-resolution-unavailable' } })
  t.ok(performance.now() - start < 3000)
  t.equal((await gateway.call('/items')).status, 200)
})

t.test('a private network is for the targets that the configuration says are on one', async (t) => {
  const targets: readonly ReplyTarget[] = [{ consumer: ids.consumer, origins: ['https://10.0.0.7:8443', 'http://127.0.0.1:9000'], allowPrivate: true }, { consumer: ids.consumer, origins: ['https://10.0.0.8'] }, { consumer: ids.producer, origins: ['https://10.0.0.9'], allowPrivate: true }]
  const gateway = await startGateway(t, { ...withTargets(...targets), resolver: dnsResolver() })
  gateway.upstream.answer = answerAs(202)
  for (const [url, status] of [['https://10.0.0.7:8443/cb', 202], ['http://127.0.0.1:9000/cb', 202], ['https://10.0.0.7/cb', 400], ['https://10.0.0.8/', 400], ['https://10.0.0.9/', 400], ['http://10.0.0.7:8443/', 400]] as const) {
    t.equal((await push(gateway, { 'X-ReplyTo': url })).status, status, url)
  }
})

t.test('what a push demands is a matter of who is proved to call', async (t) => {
  const gateway = await startGateway(t, reportsOptions)
  t.match(await push(gateway, { 'X-ReplyTo': 'file:///' }, { voucher: null }), { status: 401, json: { code: 'voucher-missing' } })
  t.match(await push(gateway, {}, { voucher: gateway.voucher({ claims: { consumerId: ids.producer } }) }), { status: 403 })
})

t.test('a push without anybody to answer to, and one that answers to two places, do not go live', async (t) => {
  const { config, folder } = await startGateway(t)
  const contract = join(folder, 'pushing.json')
  const live = async (document: object, replies: readonly ReplyTarget[]): Promise<unknown> => {
    await writeFile(contract, JSON.stringify(document))
    return goLive({ ...config, eservices: config.eservices.map((one) => ({ ...one, contract, replyTo: replies })) }, portsOf(), [])
  }
  await t.rejects(live(reportsContract, []), { message: /e-service "archive": operation "pushReport" answers to X-ReplyTo \(nonBlocking: push\): name in replyTo where/ })
  const paths = reportsContract['paths'] as Record<string, Record<string, object>>
  const both = { ...reportsContract, paths: { ...paths, '/both': { post: { ...paths['/pushes']!['post'], operationId: 'both', 'x-modi': { nonBlocking: 'push', async: 'start_interaction' } } } } }
  await t.rejects(live(both, [{ consumer: ids.consumer, origins: ['https://a.example'] }]), { message: /operation "both": x-modi: the answer to nonBlocking: push goes to X-ReplyTo/ })
})
