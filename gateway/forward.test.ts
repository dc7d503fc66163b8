import t from 'tap'
import type { Test } from 'tap'
import { createHmac, createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { gzipSync } from 'node:zlib'
import type { DenialCode } from '../policies/denials.ts'
import { freePort } from './harness/free-port.ts'
import { startGateway, until } from './harness/gateway.ts'
import { basePath as base, ids, upstreamSecret } from './harness/platform.ts'
import { checkNextServed, checkProblem } from './harness/refusal.ts'
import { answerOk } from './harness/upstream.ts'
import type { AnswerAs } from './harness/upstream.ts'
import type { Config } from './config.ts'

const withUpstream = (upstream: Partial<Config['eservices'][number]['upstream']>) => (config: Config): Config => ({ ...config, eservices: config.eservices.map((one) => ({ ...one, upstream: { ...one.upstream, ...upstream } })) })

/** Answers with exactly these bytes; what Node would have sent is not sent. */
const bytes = (text: string, then: 'close' | 'reset' | 'stay' = 'close'): AnswerAs => (_request, { socket }: ServerResponse) => {
  socket?.write(text, 'latin1', () => {
    if (then === 'close') socket.destroy()
    else if (then === 'reset') socket.resetAndDestroy()
  })
}
const whole = (status: string, ...headers: string[]): AnswerAs => bytes([`HTTP/1.1 ${status}`, ...headers, 'Connection: close', '', 'x'].join('\r\n'))
const drip = (parts: Iterable<string>, everyMs: number): AnswerAs => (_request, { socket }) => {
  const next = Iterator.from(parts)
  const timer = setInterval(() => { socket?.write(next.next().value ?? '') }, everyMs)
  socket?.once('close', () => { clearInterval(timer) })
}
const endless = (text: string): AnswerAs => (_request, { socket }) => {
  const write = (): void => { if (socket?.writable && socket.write(stack)) setImmediate(write) }
  socket?.on('drain', write).write(text, write)
}
const stack = '<pre>Error: relation "people" does not exist\n    at query (/srv/node_modules/pg/client.js:12:3)</pre>'
const telling = ['Server: nginx/1.2', 'X-Powered-By: Express', 'Set-Cookie: sid=1', 'X-Internal: 10.0.0.7']

const failures: readonly (readonly [name: string, answer: AnswerAs, status: number, code: DenialCode])[] = [
  ['closes before the head', bytes(''), 502, 'upstream-unreachable'],
  ['resets before the head', bytes('', 'reset'), 502, 'upstream-unreachable'],
  ['closes within the head', bytes('HTTP/1.1 200 OK\r\nContent-Ty'), 502, 'upstream-unreachable'],
  ['resets within the head', bytes('HTTP/1.1 200 OK\r\nContent-Ty', 'reset'), 502, 'upstream-unreachable'],
  ['answers garbage', bytes('GARBAGE\r\n\r\n'), 502, 'upstream-invalid'],
  ['answers in another protocol', bytes('\0\0\x12\x04\0\0\0\0\0'), 502, 'upstream-invalid'],
  ['frames its answer twice', whole('200 OK', 'Content-Length: 1', 'Content-Length: 2'), 502, 'upstream-invalid'],
  ['frames its answer in two ways', whole('200 OK', 'Content-Length: 1', 'Transfer-Encoding: chunked'), 502, 'upstream-invalid'],
  ['has a folded header', whole('200 OK', 'X-A: b', ' c', 'Content-Length: 1'), 502, 'upstream-invalid'],
  ['has a head of 20 KiB', whole('200 OK', `X-A: ${'a'.repeat(20_000)}`, 'Content-Length: 1'), 502, 'upstream-invalid'],
  ['switches protocols', whole('101 Switching Protocols', 'Upgrade: h2c'), 502, 'upstream-invalid'],
  ['says nothing', () => undefined, 504, 'upstream-timeout'],
  ['says one byte of a head at a time', drip('HTTP/1.1 200 OK', 40), 504, 'upstream-timeout'],
  ['says only that it is going on', drip(Array<string>(20).fill('HTTP/1.1 102 Processing\r\n\r\n'), 40), 504, 'upstream-timeout'],
  ['shows its stack', whole('500 Internal Server Error', 'Content-Type: text/html', ...telling, '', stack), 502, 'upstream-invalid'],
  ['says twice what its error is', whole('500 Internal Server Error', 'Content-Type: application/problem+json', 'Content-Type: text/html', ...telling, '', stack), 502, 'upstream-invalid'],
  ['says twice that its error is a problem', whole('409 Conflict', 'Content-Type: application/problem+json', 'Content-Type: application/problem+json', ...telling, '', stack), 409, 'eservice-refused'],
  ['shows a stack without end', endless(['HTTP/1.1 500 Internal Server Error', 'Content-Type: text/html', 'Content-Length: 100000000', '', ''].join('\r\n')), 502, 'upstream-invalid'],
  ['begins to show its stack', bytes(['HTTP/1.1 500 Internal Server Error', 'Content-Type: text/html', 'Content-Length: 100', '', '<pre>'].join('\r\n'), 'stay'), 502, 'upstream-invalid'],
  ['is itself a gateway without upstream', whole('502 Bad Gateway', 'Content-Type: text/html', ...telling), 502, 'upstream-invalid'],
  ['does not accept the gateway', whole('401 Unauthorized', 'WWW-Authenticate: Bearer', 'Content-Type: application/problem+json'), 502, 'upstream-invalid'],
  ['wants a proxy password', whole('407 Proxy Authentication Required', 'Proxy-Authenticate: Basic'), 502, 'upstream-invalid'],
  ['does not find it, in HTML', whole('404 Not Found', 'Content-Type: text/html', ...telling), 404, 'eservice-refused'],
  ['is overloaded', whole('503 Service Unavailable', 'Retry-After: 7', ...telling), 503, 'eservice-refused']
]

t.test('an upstream that fails is answered for with a problem, in time, and its own words are not passed on', async (t) => {
  const gateway = await startGateway(t, { config: withUpstream({ timeoutMs: 600 }) })
  for (const [name, answer, status, code] of failures) {
    await t.test(name, async (t) => {
      gateway.upstream.requests.length = 0
      gateway.upstream.answer = answer
      const start = performance.now()
      const answered = await gateway.call('/items', { method: 'POST', body: { name: 'x' } })
      t.ok(performance.now() - start < 600 + 5000, 'in time')
      await checkProblem(t, gateway, answered, { status, code })
      t.equal(gateway.upstream.requests.length, 1, 'asked once: the method is not safe')
      for (const header of ['server', 'x-powered-by', 'set-cookie', 'x-internal', 'proxy-authenticate']) t.notHas(answered.headers, header)
      t.equal(answered.headers['www-authenticate'], undefined)
      if (status === 503) t.equal(answered.headers['retry-after'], '7')
      gateway.upstream.answer = answerOk
      await checkNextServed(t, gateway)
    })
  }
})

t.test('an upstream that refuses connections is unreachable, and there again when it is', async (t) => {
  const port = await freePort()
  const gateway = await startGateway(t, { config: withUpstream({ url: `http://127.0.0.1:${port}` }) })
  await checkProblem(t, gateway, await gateway.call('/items'), { status: 502, code: 'upstream-unreachable' })
  gateway.upstream.server.close()
  gateway.upstream.server.listen(port, '127.0.0.1')
  await once(gateway.upstream.server, 'listening')
  t.equal((await gateway.call('/items')).status, 200)
})

t.test('an upstream that leads back to the gateway is not gone round', async (t) => {
  const port = await freePort()
  const gateway = await startGateway(t, { port, config: withUpstream({ url: `http://127.0.0.1:${port}` }) })
  const answer = await gateway.call('/open', { voucher: null })
  t.match(answer, { status: 508, json: { code: 'loop-detected' } })
  t.match((await gateway.takeRecords(2)).map(({ status, code }) => [status, code]), [[508, 'loop-detected'], [508, undefined]])
})

t.test('an upstream whose name does not resolve is unreachable', async (t) => {
  const gateway = await startGateway(t, { config: withUpstream({ url: 'http://upstream.invalid' }) })
  await checkProblem(t, gateway, await gateway.call('/items'), { status: 502, code: 'upstream-unreachable' })
})

t.test('a call that has to wait for a free connection is answered in time too', async (t) => {
  const gateway = await startGateway(t, { config: withUpstream({ timeoutMs: 3000 }) })
  gateway.upstream.answer = () => undefined
  const voucher = gateway.voucher()
  const calls = await Promise.all(Array.from({ length: 140 }, async () => {
    const start = performance.now()
    return { ...await gateway.call('/items', { voucher }), ms: performance.now() - start }
  }))
  t.strictSame([...new Set(calls.map(({ status }) => status))], [504])
  const longest = Math.max(...calls.map(({ ms }) => ms))
  // A deadline that began with the connection would end the last ones after 6 s.
  t.ok(longest < 5500, `the longest took ${longest.toFixed()} ms of 3000, waiting included`)
  gateway.upstream.answer = answerOk
  t.equal((await gateway.call('/items')).status, 200)
})

t.test('a safe call is repeated once when a kept connection turns out to be closed, an unsafe one never', async (t) => {
  const gateway = await startGateway(t)
  const { upstream } = gateway
  const closeOnce: AnswerAs = (_request, { socket }) => {
    upstream.answer = answerOk
    socket?.resetAndDestroy()
  }
  const tryWith = async (method: string, path: string, kept: boolean): Promise<{ status: number, asked: number }> => {
    upstream.answer = answerOk
    if (kept) await gateway.call('/items')
    else upstream.server.closeAllConnections()
    await until(() => (gateway.gateway.live.eservices[0]?.upstream.pool.stats.connected ?? 0) === (kept ? 1 : 0))
    upstream.requests.length = 0
    upstream.answer = closeOnce
    const { status } = await gateway.call(path, { method, ...(method === 'POST' && { body: { name: 'x' } }) })
    return { status, asked: upstream.requests.length }
  }
  t.strictSame(await tryWith('GET', '/items', true), { status: 200, asked: 2 }, 'safe, on a kept connection')
  t.strictSame(await tryWith('GET', '/items', false), { status: 502, asked: 1 }, 'safe, on a new connection')
  t.strictSame(await tryWith('POST', '/items', true), { status: 502, asked: 1 }, 'unsafe')
  t.strictSame(await tryWith('DELETE', '/items/1', true), { status: 502, asked: 1 }, 'idempotent but unsafe')
  upstream.answer = answerOk
  await gateway.call('/items')
  upstream.requests.length = 0
  upstream.answer = bytes('', 'reset')
  t.equal((await gateway.call('/items')).status, 502)
  t.equal(upstream.requests.length, 2, 'never more than once')
})

t.test('an answer that breaks off never looks whole', async (t) => {
  const gateway = await startGateway(t, { config: withUpstream({ timeoutMs: 600 }) })
  const head = 'HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n'
  const cases: readonly (readonly [string, AnswerAs, DenialCode])[] = [
    ['closed before Content-Length is reached', bytes(`${head}Content-Length: 10\r\n\r\n12345`), 'upstream-unreachable'],
    ['reset before Content-Length is reached', bytes(`${head}Content-Length: 10\r\n\r\n12345`, 'reset'), 'upstream-unreachable'],
    ['closed between chunks', bytes(`${head}Transfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n`), 'upstream-unreachable'],
    ['a broken chunk', bytes(`${head}Transfer-Encoding: chunked\r\n\r\n5\r\n12345\r\nzz\r\n`), 'upstream-invalid'],
    ['silent in the middle', bytes(`${head}Content-Length: 10\r\n\r\n12345`, 'stay'), 'upstream-timeout']
  ]
  for (const [name, answer, code] of cases) {
    await t.test(name, async (t) => {
      gateway.upstream.answer = answer
      const answered = await gateway.call('/blobs/1')
      t.notOk(answered.whole, 'the caller sees that it is not whole')
      t.match(await gateway.takeRecords(1), [{ code, status: 502 + 2 * Number(code === 'upstream-timeout') }])
      gateway.upstream.answer = answerOk
      await checkNextServed(t, gateway)
    })
  }
})

t.test('an answer that breaks off does not look whole in HTTP/1.0 either', async (t) => {
  const gateway = await startGateway(t)
  gateway.upstream.answer = bytes('HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n')
  const wire = gateway.connect()
  let error: NodeJS.ErrnoException | undefined
  wire.socket.on('error', (lost) => { error = lost })
  wire.write(gateway.request('/blobs/1').toString().replace('HTTP/1.1', 'HTTP/1.0'))
  await wire.closed
  t.equal(error?.code, 'ECONNRESET')
})

t.test('an answer comes back with what the contract lets through, and nothing else', async (t) => {
  const gateway = await startGateway(t)
  gateway.upstream.answer = (_request, response) => {
    response.writeEarlyHints({ link: '</a>; rel=preload' })
    response.writeHead(200, {
      'Content-Type': 'application/json', ETag: '"1"', 'X-Total': '7', 'Cache-Control': 'private', Server: 'nginx', 'X-Powered-By': 'Express', 'Set-Cookie': ['a=b', 'c=d'], Via: '1.1 inner', 'X-Undeclared': 'a', 'X-RateLimit-Remaining': '5',
      'Varco-Call': 'e.e.e', 'Proxy-Authenticate': 'Basic', Trailer: 'X-Late', Connection: 'X-Total, keep-alive', 'Alt-Svc': 'h2=":443"', 'Access-Control-Allow-Origin': '*', 'X-Request-ID': 'theirs'
    })
    response.addTrailers({ 'X-Late': 'a' })
    response.end('{}')
  }
  const { status, headers, body } = await gateway.call('/items')
  t.equal(status, 200)
  t.equal(body, '{}')
  t.strictSame(Object.keys(headers).toSorted(), ['cache-control', 'connection', 'content-type', 'date', 'etag', 'keep-alive', 'transfer-encoding', 'x-ratelimit-limit', 'x-ratelimit-remaining', 'x-ratelimit-reset', 'x-request-id', 'x-total'])
  t.match(headers, { 'cache-control': 'private', 'x-total': '7', 'x-request-id': /^[0-9a-f-]{36}$/, connection: 'keep-alive' })
})

t.test('a problem of the e-service is passed on, without its headers', async (t) => {
  const gateway = await startGateway(t)
  gateway.upstream.answer = (_request, response) => { response.writeHead(422, { 'Content-Type': 'application/problem+json; charset=utf-8', Server: 'nginx', 'Set-Cookie': 'a=b' }).end('{"status":422,"code":"theirs"}') }
  const { status, json, headers } = await gateway.call('/items', { method: 'POST', body: { name: 'x' } })
  t.strictSame([status, json], [422, { status: 422, code: 'theirs' }])
  t.notHas(headers, 'server')
  t.notHas(headers, 'set-cookie')
})

t.test('answers without a body have none', async (t) => {
  const gateway = await startGateway(t)
  for (const status of [204, 304]) {
    gateway.upstream.answer = (_request, response) => { response.writeHead(status, { ETag: '"1"' }).end() }
    const answered = await gateway.call('/items/1', { method: 'DELETE' })
    t.strictSame([answered.status, answered.body, answered.headers['transfer-encoding']], [status, '', undefined])
  }
  gateway.upstream.answer = (_request, response) => { response.writeHead(204, { 'Content-Length': '5' }).end() }
  t.match(await gateway.call('/items/1', { method: 'DELETE' }), { status: 204, headers: { 'content-length': undefined } })
})

t.test('a Location at the upstream becomes one at the gateway', async (t) => {
  const gateway = await startGateway(t)
  const { url } = gateway.upstream
  const cases: readonly (readonly [sent: string, told: string])[] = [
    [`${url}${base}/items/1?a=b#c`, `${base}/items/1?a=b#c`], [url, '/'], [`${url}?a`, '/?a'], [url.replace('http', 'HTTP') + base, base], [url.replace('http:', '') + base, base], [`http://user@${new URL(url).host}${base}`, base],
    [`${base}/items/1`, `${base}/items/1`], ['1', '1'], ['https://elsewhere.example/1', 'https://elsewhere.example/1']
  ]
  for (const [sent, told] of cases) {
    gateway.upstream.answer = (_request, response) => { response.writeHead(201, { Location: sent, 'Content-Type': 'application/json' }).end('{}') }
    t.equal((await gateway.call('/items', { method: 'POST', body: { name: 'x' } })).headers['location'], told, sent)
  }
})

t.test('a compressed answer is passed on as it is', async (t) => {
  const gateway = await startGateway(t)
  const bomb = gzipSync(Buffer.alloc(20 * 1024 * 1024))
  gateway.upstream.answer = (_request, response) => { response.writeHead(200, { 'Content-Type': 'application/octet-stream', 'Content-Encoding': 'gzip' }).end(bomb) }
  const { headers, bytes } = await gateway.call('/blobs/1', { headers: { 'Accept-Encoding': 'gzip' } })
  t.equal(headers['content-encoding'], 'gzip')
  t.ok(bytes.equals(bomb))
})

t.test('the upstream is told who calls, bound to exactly the request that it gets', async (t) => {
  const gateway = await startGateway(t)
  const answered = await gateway.call('/items/caf%C3%A9%20%2B', { headers: { 'Varco-Call': 'mine.mine.mine' } })
  const [seen] = gateway.upstream.requests
  t.equal(seen?.rawHeaders.filter((one) => one.toLowerCase() === 'varco-call').length, 1)
  const [header = '', claims = '', signature] = String(seen?.headers['varco-call']).split('.')
  t.equal(signature, createHmac('sha256', upstreamSecret).update(`${header}.${claims}`).digest('base64url'))
  const nowSeconds = gateway.clock.now / 1000
  const correlationId = answered.headers['x-request-id']
  t.strictSame(JSON.parse(Buffer.from(claims, 'base64url').toString()), {
    iss: 'varco', aud: base, iat: nowSeconds, exp: nowSeconds + 30, htm: 'GET', htu: `${base}/items/caf%C3%A9%20%2B`, operationId: 'getItem', correlationId,
    caller: { clientId: ids.client, consumerId: ids.consumer, purposeId: ids.purpose, eserviceId: ids.eservice, descriptorId: ids.descriptor }
  })
  t.equal(seen?.url, `${base}/items/caf%C3%A9%20%2B`)
  t.match(await gateway.takeRecords(1), [{ correlationId, operation: `${base}/items/:p0`, operationId: 'getItem' }])
})

t.test('100 MB go up and come down unchanged', async (t) => {
  const gateway = await startGateway(t, { config: (config) => ({ ...withUpstream({ timeoutMs: 60_000 })(config), limits: { ...config.limits, bodyBytes: 100 * 1024 * 1024 } }) })
  const body = Buffer.alloc(100 * 1024 * 1024, randomBytes(4096))
  const hash = (data: Buffer): string => createHash('sha256').update(data).digest('hex')
  const up = await gateway.call('/blobs/1', { method: 'PUT', headers: { 'Content-Type': 'application/octet-stream' }, body })
  t.equal(up.status, 200)
  t.equal(hash(gateway.upstream.requests[0]?.body ?? Buffer.alloc(0)), hash(body))
  gateway.upstream.answer = (_request, response) => { response.writeHead(200, { 'Content-Type': 'application/octet-stream', 'Content-Length': body.length }).end(body) }
  const wire = gateway.connect()
  const received = createHash('sha256')
  let size = 0
  wire.socket.removeAllListeners('data')
  wire.socket.on('data', (chunk: Buffer) => {
    const start = size === 0 ? chunk.indexOf('\r\n\r\n') + 4 : 0
    received.update(chunk.subarray(start))
    size += chunk.length - start
  })
  wire.write(gateway.request('/blobs/1'))
  await until(() => size >= body.length, 10_000)
  t.equal(received.digest('hex'), hash(body))
})

t.test('a caller who goes away is not worked for any longer', async (t) => {
  const gateway = await startGateway(t)
  const { upstream } = gateway
  const gone = async (t: Test, seenFirst: boolean): Promise<void> => {
    const records = await gateway.takeRecords(1)
    t.match(records, [{ status: 499, code: undefined }])
    t.equal(records.length, 1)
    if (seenFirst) {
      await until(() => upstream.requests[0]?.aborted === true)
      t.ok(upstream.requests[0]?.aborted, 'the request to the upstream is aborted')
    } else t.equal(upstream.requests.length, 0)
  }
  await t.test('while its body comes in', async (t) => {
    upstream.requests.length = 0
    const wire = gateway.connect()
    wire.write(gateway.request('/items', { method: 'POST', body: { name: 'x' } }).subarray(0, -5))
    t.equal((await gateway.call('/nowhere')).status, 404, 'by then the head has been read')
    await gateway.takeRecords(1)
    wire.socket.resetAndDestroy()
    await gone(t, false)
  })
  await t.test('while the upstream works', async (t) => {
    upstream.requests.length = 0
    upstream.answer = () => undefined
    const wire = gateway.connect()
    wire.write(gateway.request('/items'))
    await until(() => upstream.requests.length === 1)
    wire.destroy()
    await gone(t, true)
  })
  await t.test('while the answer comes', async (t) => {
    upstream.requests.length = 0
    upstream.answer = (_request, response) => { response.writeHead(200, { 'Content-Type': 'application/octet-stream', 'Content-Length': 1000 }).write('x') }
    const wire = gateway.connect()
    wire.write(gateway.request('/blobs/1'))
    await until(() => wire.received.includes('\r\n\r\nx'))
    wire.socket.resetAndDestroy()
    await gone(t, true)
  })
  upstream.answer = answerOk
  await checkNextServed(t, gateway)
  t.equal(gateway.gateway.live.eservices[0]?.upstream.pool.stats.running, 0, 'no request is left over')
})
