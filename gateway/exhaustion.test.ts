import t from 'tap'
import { setTimeout as wait } from 'node:timers/promises'
import type { Config } from './config.ts'
import { startGateway, until } from './harness/gateway.ts'
import type { Harness } from './harness/gateway.ts'
import { basePath as base } from './harness/platform.ts'
import { checkNextServed, checkProblem, checkRefused } from './harness/refusal.ts'
import type { AnswerAs } from './harness/upstream.ts'
import type { Wire } from './harness/wire.ts'

const hurried = { headersMs: 1000, requestMs: 1500, checkEveryMs: 30, stalledMs: 700 }
const withLimits = (limits: Partial<Config['limits']>) => (config: Config): Config => ({ ...config, limits: { ...config.limits, ...limits } })
const name = '{"name":"x"}'

/** Writes the parts one by one until the connection is closed. */
async function drip (wire: Wire, parts: Iterable<string>, everyMs: number): Promise<void> {
  for (const part of parts) {
    if (wire.isClosed) return
    wire.write(part)
    await wait(everyMs)
  }
}

/** What good calls are answered, made one after the other for as long as `during` takes. */
async function callDuring (gateway: Harness, during: Promise<unknown>): Promise<number[]> {
  const end = { reached: false }
  void during.finally(() => { end.reached = true })
  const statuses: number[] = []
  while (!end.reached) {
    statuses.push((await gateway.call('/open', { voucher: null })).status)
    await wait(5)
  }
  return statuses
}

t.test('clients that send their head slowly, or nothing at all, are closed in time and hurt nobody', async (t) => {
  const gateway = await startGateway(t, { patience: { headersMs: 1000, requestMs: 2000, checkEveryMs: 30 } })
  const wires = Array.from({ length: 200 }, () => gateway.connect())
  const head = `GET ${base}/open HTTP/1.1\r\nHost: ${gateway.host}\r\nX-A: ${'a'.repeat(200)}`
  const start = performance.now()
  const dripping = Promise.all(wires.map(async (wire, index) => index % 3 === 0 ? undefined : drip(wire, head, 20)))
  const statuses = await callDuring(gateway, Promise.all(wires.map(async ({ closed }) => closed)))
  t.ok(performance.now() - start < 10_000, 'all are closed')
  t.ok(statuses.length > 1)
  t.strictSame([...new Set(statuses)], [200], 'good calls in the meantime')
  await dripping
  const records = (await gateway.takeRecords(200 + statuses.length)).filter(({ code }) => code !== undefined)
  t.equal(records.length, 200)
  t.strictSame([...new Set(records.map(({ code, status }) => `${code} ${status}`))], ['request-timeout 408'])
})

t.test('a body that comes slowly is refused in time, however it is framed', async (t) => {
  const gateway = await startGateway(t, { patience: hurried })
  const head = [`POST ${base}/items HTTP/1.1`, `Host: ${gateway.host}`, `Authorization: Bearer ${gateway.voucher()}`, 'Content-Type: application/json']
  for (const [framing, part] of [['Content-Length: 1000', 'x'], ['Content-Length: 1000000', 'x'], ['Transfer-Encoding: chunked', '1\r\nx\r\n']] as const) {
    await t.test(framing, async (t) => {
      const wire = gateway.connect()
      wire.write([...head, framing, '', ''].join('\r\n'))
      const start = performance.now()
      const dripping = drip(wire, Array<string>(200).fill(part), 20)
      await checkProblem(t, gateway, await wire.answer(), { status: 408, code: 'request-timeout' })
      t.ok(performance.now() - start < 6000, 'in time')
      await wire.closed
      await dripping
      t.equal(gateway.upstream.requests.length, 0)
      await checkNextServed(t, gateway)
      gateway.upstream.requests.length = 0
    })
  }
})

t.test('a body that stops short of its length is refused, also when its call was refused before', async (t) => {
  const gateway = await startGateway(t, { patience: hurried })
  const wire = gateway.connect()
  wire.write(`POST ${base}/items HTTP/1.1\r\nHost: ${gateway.host}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{`)
  await checkProblem(t, gateway, await wire.answer(), { status: 401, code: 'voucher-missing' })
  await wire.closed
  t.equal(wire.received, '', 'no second answer')
  t.strictSame(await gateway.takeRecords(0), [], 'no second record')
})

t.test('a kept connection is closed when nothing comes', async (t) => {
  const gateway = await startGateway(t, { patience: { idleMs: 100 } })
  const wire = gateway.connect()
  wire.write(gateway.request('/open', { voucher: null }))
  t.match(await wire.answer(), { status: 200, headers: { connection: 'keep-alive' } })
  const start = performance.now()
  await wire.closed
  t.ok(performance.now() - start < 4000)
})

t.test('a head that is too large is refused', async (t) => {
  const gateway = await startGateway(t)
  const head = [`GET ${base}/open HTTP/1.1`, `Host: ${gateway.host}`]
  const many = (count: number): string[] => Array.from({ length: count }, (_one, index) => `X-${index}: a`)
  for (const [what, lines] of [
    ['17 kB in one header', [...head, `X-A: ${'a'.repeat(17_000)}`]], ['9 kB in one header', [...head, `X-A: ${'a'.repeat(9000)}`]], ['17 kB in many', [...head, ...many(90).map((line) => line + 'a'.repeat(190))]],
    ['101 headers', [...head, ...many(100)]], ['1500 headers', [...head, ...many(1500)]], ['200 cookies', [...head, ...Array<string>(200).fill('Cookie: a=b')]], ['64 kB of target', [`GET ${base}/open?${'a'.repeat(64 * 1024)} HTTP/1.1`, `Host: ${gateway.host}`]]
  ] as const) {
    await t.test(what, async (t) => checkRefused(t, gateway, { name: what, bytes: lines, status: 431, code: 'headers-too-large' }))
  }
  t.equal((await gateway.raw([...head, ...many(99)])).status, 200, '100 headers are served')
})

t.test('a body may have exactly as many bytes as the limit', async (t) => {
  const limit = 4096
  const gateway = await startGateway(t, { config: withLimits({ bodyBytes: limit }), patience: hurried })
  const body = (size: number): string => `{"name":"x","notes":"${'a'.repeat(size - 23)}"}`
  const chunked = (size: number): string => body(size).match(/.{1,1000}/g)?.map((part) => `${part.length.toString(16)}\r\n${part}\r\n`).join('') + '0\r\n\r\n'
  const head = [`POST ${base}/items HTTP/1.1`, `Host: ${gateway.host}`, `Authorization: Bearer ${gateway.voucher()}`, 'Content-Type: application/json']
  const post = (framing: string, content: string): string => [...head, framing, '', content].join('\r\n')
  for (const bytes of [post(`Content-Length: ${limit}`, body(limit)), post('Transfer-Encoding: chunked', chunked(limit))]) {
    gateway.upstream.requests.length = 0
    t.equal((await gateway.raw(bytes)).status, 200)
    t.equal(gateway.upstream.requests[0]?.body.toString(), body(limit))
    await gateway.takeRecords(1)
  }
  gateway.upstream.requests.length = 0
  for (const [what, bytes, status, code] of [
    ['one more', post(`Content-Length: ${limit + 1}`, body(limit + 1)), 413, 'content-too-large'],
    ['one more in chunks', post('Transfer-Encoding: chunked', chunked(limit + 1)), 413, 'content-too-large'],
    ['one chunk of 1 MB', post('Transfer-Encoding: chunked', `100000\r\n${'a'.repeat(1024 * 1024)}`), 413, 'content-too-large'],
    ['10 GB declared', post('Content-Length: 10000000000', '{'), 413, 'content-too-large'],
    ['10 GB declared in a chunk', post('Transfer-Encoding: chunked', '2540be400\r\n{'), 408, 'request-timeout'],
    ['a length that says too much', post('Content-Length: 100', name), 408, 'request-timeout']
  ] as const) {
    await t.test(what, async (t) => checkRefused(t, gateway, { name: what, bytes, status, code }))
  }
  const short = gateway.connect()
  short.write(post('Content-Length: 5', name))
  t.match(await short.answer(), { status: 400, json: { code: 'invalid-body' } }, 'a length that says too little')
  t.match(await short.answer(), { status: 501, headers: { connection: 'close' } }, 'what is left over is no request')
  await short.closed
  t.equal(gateway.upstream.requests.filter(({ method }) => method === 'POST').length, 0)
  const wire = gateway.connect()
  wire.write(post(`Content-Length: ${limit + 1}\r\nExpect: 100-continue`, ''))
  await until(() => wire.isClosed)
  t.match(wire.received, /^HTTP\/1\.1 413 /, 'a client that asks first is refused before it sends anything')
})

t.test('a refusal reaches a client that is still sending', async (t) => {
  const gateway = await startGateway(t)
  for (let round = 0; round < 20; round++) {
    const answer = await gateway.call('/items', { method: 'POST', voucher: null, body: Buffer.alloc(8 * 1024 * 1024, 'a') })
    t.match(answer, { status: 401, json: { code: 'voucher-missing' } })
  }
})

t.test('no more connections are held than configured: the longest idle one gives way to a new one', async (t) => {
  const gateway = await startGateway(t, { config: withLimits({ connections: 10 }) })
  const open = gateway.request('/open', { voucher: null })
  const wires: Wire[] = []
  const connections = async (): Promise<number> => new Promise((resolve) => { gateway.gateway.server.getConnections((_error, count) => { resolve(count) }) })
  for (let index = 0; index < 15; index++) {
    const wire = gateway.connect()
    wires.push(wire)
    wire.write(open)
    t.equal((await wire.answer()).status, 200, `client ${index}`)
    t.ok(await connections() <= 10)
  }
  await until(() => wires[4]?.isClosed === true)
  t.strictSame(wires.map(({ isClosed }) => isClosed), [...Array<boolean>(5).fill(true), ...Array<boolean>(10).fill(false)])
  gateway.upstream.answer = () => undefined
  for (const wire of wires.slice(5)) wire.write(open)
  await until(() => gateway.upstream.requests.length === 25)
  const late = gateway.connect()
  late.write(open)
  await late.closed
  t.equal(late.received, '', 'while all of them are at work a new one is turned away')
  t.strictSame(wires.slice(5).map(({ isClosed }) => isClosed), Array<boolean>(10).fill(false))
})

/** Answers with 100 MB, as fast as they are taken, and counts them. */
const hundredMegabytes = (taken: { bytes: number }): AnswerAs => (_request, response) => {
  const chunk = Buffer.alloc(64 * 1024)
  const write = (): void => {
    while (taken.bytes < 100 * 1024 * 1024 && response.writable) {
      taken.bytes += chunk.length
      if (!response.write(chunk)) {
        response.once('drain', write)
        return
      }
    }
    response.end()
  }
  response.writeHead(200, { 'Content-Type': 'application/octet-stream', 'Content-Length': 100 * 1024 * 1024 })
  write()
}

t.test('an answer is taken from the upstream only as fast as its caller takes it', async (t) => {
  const gateway = await startGateway(t, { config: (config) => ({ ...config, eservices: config.eservices.map((one) => ({ ...one, upstream: { ...one.upstream, timeoutMs: 200 } })) }) })
  await gateway.call('/open', { voucher: null })
  const taken = { bytes: 0 }
  gateway.upstream.answer = hundredMegabytes(taken)
  const before = process.memoryUsage().rss
  const wire = gateway.connect()
  wire.socket.removeAllListeners('data').pause()
  wire.write(gateway.request('/blobs/1'))
  await until(() => taken.bytes > 0)
  for (let last = -1; last !== taken.bytes; await wait(100)) last = taken.bytes
  t.ok(taken.bytes < 24 * 1024 * 1024, `${(taken.bytes / 1024 / 1024).toFixed(1)} MB are under way, most of them in the kernel`)
  t.ok(process.memoryUsage().rss - before < 24 * 1024 * 1024, 'memory does not grow with the answer')
  await wait(1500)
  t.equal(gateway.upstream.requests[1]?.aborted, false, 'a slow caller is not taken for a slow upstream')
  let received = 0
  wire.socket.on('data', (chunk: Buffer) => { received += chunk.length })
  wire.socket.resume()
  await until(() => received > 100 * 1024 * 1024)
  t.match(await gateway.takeRecords(2), [{}, { status: 200, bytesSent: 100 * 1024 * 1024 }])
})

t.test('a caller who stops taking the answer is closed in time, one who waits for it is not', async (t) => {
  const gateway = await startGateway(t, { patience: hurried })
  const taken = { bytes: 0 }
  gateway.upstream.answer = hundredMegabytes(taken)
  const wire = gateway.connect()
  wire.socket.removeAllListeners('data').pause()
  wire.write(gateway.request('/blobs/1'))
  t.match(await gateway.takeRecords(1), [{ status: 499 }])
  await until(() => gateway.upstream.requests[0]?.aborted === true)
  t.ok(gateway.upstream.requests[0]?.aborted, 'the upstream is told')
  gateway.upstream.answer = (_request, response) => { setTimeout(() => { response.writeHead(200, { 'Content-Type': 'application/json' }).end('{}') }, 900) }
  t.equal((await gateway.call('/items')).status, 200, 'the upstream may take longer than that')
})

t.test('an address that only sends what is refused is turned away until its window ends', async (t) => {
  const gateway = await startGateway(t, { config: withLimits({ unproven: { requests: 5, seconds: 10 } }) })
  for (let index = 0; index < 3; index++) t.equal((await gateway.call('/items', { voucher: null })).status, 401)
  for (let index = 0; index < 2; index++) t.equal((await gateway.raw('GARBAGE\r\n\r\n')).status, 501, 'also what is no request counts')
  await gateway.takeRecords(5)
  const turnedAway = await gateway.call('/items')
  t.equal(turnedAway.headers['retry-after'], '10')
  await checkProblem(t, gateway, turnedAway, { status: 429, code: 'address-limit-exceeded' })
  t.equal(gateway.upstream.requests.length, 0)
  t.equal((await gateway.raw(['GET /status HTTP/1.1', `Host: ${gateway.host}`])).status, 200, 'whoever watches the gateway may share the address')
  gateway.clock.now += 10_000
  t.equal((await gateway.call('/items')).status, 200)
})
