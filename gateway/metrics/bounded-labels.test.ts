import t from 'tap'
import { startGateway } from '../harness/gateway.ts'
import { readExposition } from '../harness/exposition.ts'
import { basePath, ids } from '../harness/platform.ts'
import { prepareMetrics } from '../metrics.ts'
import { operationsOf } from '../harness/operations.ts'
import { reportOf } from '../report.ts'

const canary = 'RSSMRA85T10A562S'
const gateway = await startGateway(t)
const ask = operationsOf(t, gateway)

const scrape = async () => {
  const { body, headers } = await ask('/metrics')
  return { body, metrics: readExposition(body), type: headers['content-type'] }
}
const seriesOf = ({ metrics }: Awaited<ReturnType<typeof scrape>>): number => [...metrics.values()].reduce((sum, { samples }) => sum + samples.length, 0)

t.test('a call shows in every metric of calls', async (t) => {
  t.equal((await gateway.call('/items')).status, 200)
  t.equal((await gateway.call('/items', { voucher: null })).status, 401)
  await gateway.takeRecords(2)
  const { metrics, type } = await scrape()
  t.match(type, /^text\/plain; version=0\.0\.4/)
  const find = (name: string, wanted: object) => metrics.get(name)?.samples.find(({ labels }) => Object.entries(wanted).every(([label, value]) => labels[label] === value))?.value
  t.equal(find('varco_calls_total', { eservice: 'archive', operation: 'listItems', status: '200', code: 'none' }), 1)
  t.equal(find('varco_calls_total', { eservice: 'archive', operation: 'listItems', status: '401', code: 'voucher-missing' }), 1)
  for (const [stage, count] of [['admit', 2], ['upstream', 1], ['answer', 1]] as const) t.equal(find('varco_call_stage_seconds', { eservice: 'archive', stage, le: '+Inf' }), count, stage)
  t.equal(find('varco_call_duration_seconds', { eservice: 'archive', le: '+Inf' }), 2)
  t.ok((find('varco_call_sent_bytes_total', { eservice: 'archive' }) ?? 0) > 0)
  t.equal(find('varco_upstream_calls_total', { eservice: 'archive' }), 1)
  t.equal(find('varco_upstream_failing', { eservice: 'archive' }), 0)
  t.equal(find('varco_upstream_connections', { eservice: 'archive', state: 'used' }), 0)
  t.equal(find('varco_quota_used_ratio', { purpose: ids.purpose, consumer: ids.consumer }), 1e-6)
  t.strictSame([find('varco_records_written_total', {}), find('varco_records_lost_total', {})], [2, 0])
  t.ok((find('process_resident_memory_bytes', {}) ?? 0) > 1e6)
})

t.test('ten thousand paths, methods, keys, queries and traces add no more than a series for each outcome, and nothing of them is told', async (t) => {
  const before = seriesOf(await scrape())
  const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND', 'MKCOL']
  const voucher = (index: number): string => [{ alg: 'RS256', typ: 'at+jwt', kid: `${canary}-${index}` }, { sub: `${canary}-${index}` }, {}].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
  const kinds: readonly ((index: number) => string)[] = [
    (index) => `GET ${basePath}/${canary}/${index}?q=${canary}${index} HTTP/1.1\r\nHost: ${gateway.host}\r\n\r\n`,
    (index) => `${methods[index % methods.length]} /${canary}/${index} HTTP/1.1\r\nHost: ${gateway.host}\r\nContent-Length: 0\r\n\r\n`,
    (index) => `GET ${basePath}/items?q=${index} HTTP/1.1\r\nHost: ${gateway.host}\r\nAuthorization: Bearer ${voucher(index)}\r\n\r\n`,
    (index) => `GET ${basePath}/open?${canary}${index}=1 HTTP/1.1\r\nHost: ${gateway.host}\r\ntraceparent: 00-${String(index).padStart(32, 'a')}-00f067aa0ba902b7-01\r\ntracestate: ${canary.toLowerCase()}=${index}\r\nX-Request-ID: ${canary}${index}\r\n\r\n`
  ]
  for (let wires = 0; wires < 10; wires++) {
    const wire = gateway.connect()
    wire.socket.removeAllListeners('data').resume()
    for (let index = wires * 1000; index < (wires + 1) * 1000; index++) wire.write((kinds[index % kinds.length] as (index: number) => string)(index))
  }
  t.ok((await gateway.takeRecords(10_000)).length >= 10_000)
  const after = await scrape()
  t.ok(seriesOf(after) - before < 200, `${seriesOf(after) - before} more, of ${before}`)
  t.ok(after.body.length < 64 * 1024, `${after.body.length} bytes`)
  t.notMatch(after.body.toLowerCase(), canary.toLowerCase())
  t.notMatch(JSON.stringify(reportOf(gateway.gateway, 0, true).figures).toLowerCase(), canary.toLowerCase())
})

t.test('a gateway without a process that serves has metrics all the same', async (t) => {
  const { text } = await prepareMetrics(() => 0)([], [{ worker: 1, restarts: 2 }])
  t.equal(readExposition(text).get('varco_worker_restarts_total')?.samples[0]?.value, 2)
})
