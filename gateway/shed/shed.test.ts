import t from 'tap'
import { startGateway, until } from '../harness/gateway.ts'
import type { Harness, HarnessOptions, LogLine } from '../harness/gateway.ts'
import { basePath } from '../harness/platform.ts'
import { reportOf } from '../report.ts'
import type { Reading } from './turn-limit.ts'

/** A gateway whose readings say what a test wants: `memoryBytes`, and what each turn costs that is looked at (ms). */
async function start (options: HarnessOptions = {}) {
  const readings = { memoryBytes: 0, turnMs: 0 }
  let busyMs = 0
  const read = (): Omit<Reading, 'inside'> => ({ now: performance.now(), busyMs: busyMs += readings.turnMs, idleMs: 0, memoryBytes: readings.memoryBytes })
  const gateway = await startGateway(t, { ...options, readings: read, config: (config) => ({ ...config, limits: { ...config.limits, overload: { delayMs: 100, memoryBytes: 1000 } } }) })
  gateway.upstream.answer = (_request, response) => { response.writeHead(200, { 'content-type': 'application/json' }).end('{}') }
  const limit = (): number | null => gateway.gateway.shed.state.limit
  return { gateway, readings, limit }
}

const { gateway, readings, limit } = await start({ patience: { headersMs: 1000, requestMs: 1200, checkEveryMs: 30 } })

/** Calls until load is shed, or is not any more. */
async function callUntil (gateway: Harness, holds: () => boolean): Promise<void> {
  while (!holds()) await gateway.call('/items')
}

const shedRecords = ({ logs }: Harness): LogLine[] => logs.filter(({ event }) => event === 'calls shed')

t.test('a call that is shed is answered 503 before anything else is done for it, recorded, and harms nobody', async (t) => {
  await gateway.call('/items')
  readings.memoryBytes = 1000
  await callUntil(gateway, () => gateway.gateway.shed.state.limit !== null)
  const before = gateway.upstream.requests.length
  await gateway.takeRecords(1)
  const wire = gateway.connect()
  wire.write(gateway.request('/items', { method: 'POST', body: { name: 'x' } }))
  const answer = await wire.answer()
  t.match(answer, { status: 503, whole: true, json: { code: 'overloaded', status: 503, title: String, detail: String, type: `${gateway.config.publicUrl}/problems/overloaded`, correlationId: String } })
  t.match(answer.headers, { 'content-type': 'application/problem+json', 'retry-after': '3', 'cache-control': 'no-store', 'connection': 'keep-alive', 'x-request-id': answer.json.correlationId })
  t.equal(gateway.upstream.requests.length, before, 'nothing reached the upstream')
  for (const path of ['/status', `${basePath}/status`]) t.equal((await gateway.raw([`GET ${path} HTTP/1.1`, `Host: ${gateway.host}`])).status, 200, path)
  await until(() => shedRecords(gateway).length > 0)
  const records = shedRecords(gateway)
  t.match(records, [{ correlationId: answer.json.correlationId, operation: 'none', status: 503, code: 'overloaded', calls: 1, reasons: { memory: 1 }, methods: { POST: 1 }, clientIps: { '127.0.0.1': 1 }, others: 0, time: /^2026-03-02T10:00:00/ }])
  t.notMatch(JSON.stringify(records), /eyJ/)
  t.strictSame((await gateway.takeRecords(2)).map(({ status }) => status), [200, 200], 'of those that were let in')
  t.match(reportOf(gateway.gateway, 0).load, { shed: { busy: 0, memory: 1 }, limit: 16 })
  readings.memoryBytes = 0
  await until(() => gateway.gateway.shed.state.limit === null)
  wire.write(gateway.request('/items', { method: 'POST', body: { name: 'x' } }))
  t.equal((await wire.answer()).status, 200, 'the next call on the same connection')
  t.strictSame([gateway.gateway.shed.state.resting, shedRecords(gateway).length], [0, 1])
})

t.test('when turn after turn is too long some calls are refused and the others served, whoever comes again at once waits, and it ends by itself', async (t) => {
  readings.turnMs = 1000
  await callUntil(gateway, () => limit() !== null)
  await gateway.takeRecords(1)
  const before = gateway.upstream.requests.length
  // What is sent at once comes in in one turn.
  const wire = gateway.connect()
  const send = (count: number): void => { wire.write(Buffer.concat(Array.from({ length: count }, () => gateway.request('/items')))) }
  const statuses: number[] = []
  const take = async (count: number): Promise<void> => { for (let taken = 0; taken < count; taken++) statuses.push((await wire.answer()).status) }
  send(40)
  await take(40)
  const served = statuses.filter((status) => status === 200).length
  t.ok(served >= 16 && served <= 24, String(served))
  t.equal(statuses.filter((status) => status === 503).length, 40 - served)
  t.equal(gateway.upstream.requests.length - before, served)
  readings.turnMs = 0
  send(5)
  await take(5)
  t.strictSame(statuses.slice(40), [200, 200, 200, 200, 200], 'the connection goes on')
  await until(() => limit() === null)
  await until(() => shedRecords(gateway).reduce((sum, { calls }) => sum + calls, 0) === gateway.gateway.shed.state.shed.busy + gateway.gateway.shed.state.shed.memory)
  t.equal((await gateway.call('/items')).status, 200)
})

const framings = [['Content-Length: 100', 'keep-alive'], ['Content-Length: 100000', 'close'], ['Transfer-Encoding: chunked', 'close'], ['Content-Length: 10\r\nExpect: 100-continue', 'close']] as const

t.test('what cannot be read any further ends the connection, with one answer to a call that was shed', async (t) => {
  readings.memoryBytes = 1000
  await callUntil(gateway, () => limit() !== null)
  const head = [`POST ${basePath}/items HTTP/1.1`, `Host: ${gateway.host}`, 'Content-Type: application/json']
  await Promise.all(framings.map(async ([framing, connection]) => {
    const wire = gateway.connect()
    wire.write([...head, framing, '', '{'].join('\r\n'))
    t.match(await wire.answer(), { status: 503, json: { code: 'overloaded' }, headers: { connection } }, framing)
    await wire.closed
    t.equal(wire.received, '', `${framing}: no second answer`)
  }))
})

t.test('what comes behind an answer that ends the connection is not processed', async (t) => {
  readings.memoryBytes = 1000
  await callUntil(gateway, () => limit() !== null)
  await gateway.call('/items')
  const shed = [`POST ${basePath}/items HTTP/1.1`, `Host: ${gateway.host}`, 'Content-Type: application/json', 'Transfer-Encoding: chunked', '', '2', '{}', '0', '', ''].join('\r\n')
  const before = gateway.upstream.requests.length
  for (const behind of [gateway.request('/items'), Buffer.from('no request\r\n\r\n')]) {
    const wire = gateway.connect()
    wire.write(Buffer.concat([Buffer.from(shed), behind]))
    t.match(await wire.answer(), { status: 503, headers: { connection: 'close' } })
    await wire.closed
    t.equal(wire.received, '')
  }
  t.equal(gateway.upstream.requests.length, before)
})

t.test('what is closing is closed', async (t) => {
  gateway.gateway.drain()
  t.match(await gateway.call('/items', { method: 'POST', body: {} }), { status: 503, closed: true, headers: { connection: 'close' } })
})
