import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { SpanKind, trace } from '@opentelemetry/api'
import type { HrTime } from '@opentelemetry/api'
import { AlwaysOnSampler, BasicTracerProvider, InMemorySpanExporter, ParentBasedSampler } from '@opentelemetry/sdk-trace-base'
import type { ReadableSpan, SpanProcessor } from '@opentelemetry/sdk-trace-base'
import t from 'tap'
import type { JsonObject } from '../../openapi/document.ts'
import { startGateway } from '../harness/gateway.ts'
import type { Exchange } from '../exchange.ts'
import { archiveContract, ids } from '../harness/platform.ts'
import { checkNextServed } from '../harness/refusal.ts'
import type { CallRecord } from '../records/call-record.ts'
import { prepareSpans } from './open-telemetry.ts'

const exporter = new InMemorySpanExporter()
const faulty = { isOn: false }
const processor: SpanProcessor = {
  onStart: () => { if (faulty.isOn) throw new Error('the processor is broken') },
  onEnd: (span) => { exporter.export([span], () => undefined) },
  forceFlush: async () => undefined,
  shutdown: async () => undefined
}
trace.setGlobalTracerProvider(new BasicTracerProvider({ sampler: new ParentBasedSampler({ root: new AlwaysOnSampler() }), spanProcessors: [processor] }))
t.teardown(() => { trace.disable() })

const canary = 'RSSMRA85T10A562S'
const remote = { trace: '4bf92f3577b34da6a3ce929d0e0e4736', parent: '00f067aa0ba902b7' }
const traceparent = `00-${remote.trace}-${remote.parent}-01`
const traced = await startGateway(t, { config: (config) => ({ ...config, traces: true }) })
/** A contract may name the headers of traces, which are passed on by the same rules all the same. */
const paths = archiveContract['paths'] as Record<string, object>
const withTraces = { ...archiveContract, paths: { ...paths, '/items': { ...paths['/items'], parameters: ['traceparent', 'tracestate'].map((name) => ({ name, in: 'header', schema: { type: 'string', maxLength: 1000 } })) } } } as unknown as JsonObject
const plain = await startGateway(t, { contract: withTraces })

/** The spans since the last time, by name. */
const takeSpans = (): ReadonlyMap<string, ReadableSpan> => {
  const spans = new Map(exporter.getFinishedSpans().map((span) => [span.name, span]))
  exporter.reset()
  return spans
}
const micros = ([seconds, ns]: HrTime): number => seconds * 1e6 + Math.round(ns / 1000)
const sentBy = (gateway: typeof traced) => gateway.upstream.requests.at(-1)?.headers

t.test('a call is a span with one for each of its stages, below its caller and above its upstream', async (t) => {
  const answer = await traced.call(`/blobs/${canary}`, { headers: { traceparent, tracestate: `vendor=${canary}, other=1`, 'x-secret': canary } })
  const [record] = await traced.takeRecords(1)
  const spans = takeSpans()
  const server = spans.get(`GET ${record?.['operation']}`) as ReadableSpan
  t.ok(server, [...spans.keys()].join())
  t.match(server, { kind: 1, parentSpanContext: { traceId: remote.trace, spanId: remote.parent, isRemote: true } })
  t.equal(record?.['traceId'], remote.trace)
  const children = ['admit', 'body', 'upstream', 'answer'].filter((name) => spans.has(name)).map((name) => spans.get(name) as ReadableSpan)
  t.equal(spans.size, children.length + 1)
  t.strictSame(children.map(({ name }) => name), Object.keys(record?.['stages']))
  for (const { name, parentSpanContext, startTime, endTime } of children) {
    t.match(parentSpanContext, { traceId: remote.trace, spanId: server.spanContext().spanId }, name)
    t.ok(micros(startTime) >= micros(server.startTime) && micros(endTime) <= micros(server.endTime), `${name} is within the call`)
    if (name !== 'upstream') t.equal(micros(endTime) - micros(startTime), record?.['stages'][name], name)
  }
  t.equal(micros(server.startTime), Date.parse(record?.['time']) * 1000)
  t.equal(micros(server.endTime) - micros(server.startTime), Object.values(record?.['stages'] as Record<string, number>).reduce((sum, us) => sum + us, 0))
  const upstream = spans.get('upstream') as ReadableSpan
  t.match(upstream, { kind: 2, attributes: { 'server.address': '127.0.0.1', 'http.request.method': 'GET' } })
  t.match(sentBy(traced), { traceparent: `00-${remote.trace}-${upstream.spanContext().spanId}-01`, tracestate: `vendor=${canary},other=1` })
  t.match(server.attributes, {
    'http.request.method': 'GET', 'http.response.status_code': answer.status, 'varco.eservice': 'archive', 'varco.listener': 'public', 'varco.consumer.id': ids.consumer, 'varco.client.id': ids.client, 'varco.purpose.id': ids.purpose, 'varco.correlation.id': record?.['correlationId']
  })
  const told = JSON.stringify([server, ...children].map(({ name, attributes, events, status }) => ({ name, attributes, events, status })))
  t.notMatch(told, canary)
  t.notMatch(JSON.stringify(record), canary)
})

t.test('a call that is refused is a span without an upstream; one without a trace begins its own', async (t) => {
  traced.upstream.requests.length = 0
  await traced.call('/items', { voucher: null, headers: { traceparent } })
  await traced.takeRecords(1)
  const refused = takeSpans()
  t.equal(traced.upstream.requests.length, 0)
  t.notOk(refused.has('upstream'))
  const server = [...refused.values()].find(({ kind }) => kind === SpanKind.SERVER)
  t.match(server, { parentSpanContext: { spanId: remote.parent }, attributes: { 'http.response.status_code': 401, 'varco.code': 'voucher-missing' }, status: { code: 0 } })
  await traced.call('/items')
  const [record] = await traced.takeRecords(1)
  const own = [...takeSpans().values()].find(({ kind }) => kind === SpanKind.SERVER) as ReadableSpan
  t.equal(own.parentSpanContext, undefined)
  t.equal(record?.['traceId'], undefined)
  t.match(sentBy(traced)?.['traceparent'], new RegExp(`^00-${own.spanContext().traceId}-[0-9a-f]{16}-01$`))
  await traced.raw([`PROPFIND /${canary} HTTP/1.1`, `Host: ${traced.host}`])
  await traced.takeRecords(1)
  t.notMatch([...takeSpans().keys()].join(), /PROPFIND|RSSMRA/)
})

t.test('what the upstream failed is an error; what nobody wants recorded is passed on as that', async (t) => {
  traced.upstream.answer = (request) => { request.socket.destroy() }
  t.equal((await traced.call('/items')).status, 502)
  await traced.takeRecords(1)
  const spans = takeSpans()
  t.match([...spans.values()].find(({ kind }) => kind === SpanKind.SERVER), { status: { code: 2 }, attributes: { 'error.type': 'upstream-unreachable', 'http.response.status_code': 502 } })
  t.match(spans.get('upstream'), { status: { code: 2 } })
  traced.upstream.answer = (_request, response) => { response.writeHead(200, { 'content-type': 'application/json' }).end('{}') }
  await traced.call('/items', { headers: { traceparent: traceparent.replace(/01$/, '00') } })
  await traced.takeRecords(1)
  t.equal(takeSpans().size, 0)
  t.match(sentBy(traced)?.['traceparent'], new RegExp(`^00-${remote.trace}-[0-9a-f]{16}-00$`))
  t.not(sentBy(traced)?.['traceparent'], traceparent.replace(/01$/, '00'))
})

t.test('a call is told of once however often its upstream is asked, and forgotten when it is over', async (t) => {
  const spans = prepareSpans((message) => { t.fail(message) })
  const exchange = { request: { method: 'GET', headers: {} }, call: { listener: 'public' }, label: 'none', correlationId: 'c', startedAt: 0, marks: { began: 0 } } as unknown as Exchange
  const first = spans.headersOf(exchange)
  t.strictSame(spans.headersOf(exchange), first)
  spans.end?.(exchange, { status: 200, stages: { admit: 1 } } as CallRecord)
  t.match(takeSpans().get('upstream'), { kind: SpanKind.CLIENT }, 'also where it was asked for several calls at once')
  t.notSame(spans.headersOf(exchange), first)
})

t.test('an SDK that fails fails no call, and is told of once', async (t) => {
  faulty.isOn = true
  for (let count = 0; count < 3; count++) t.equal((await traced.call('/items', { headers: { traceparent } })).status, 200)
  faulty.isOn = false
  await traced.takeRecords(3)
  t.strictSame(traced.logs.filter(({ event }) => event === 'traces').map(({ message }) => message), ['a span could not be made: the processor is broken'])
  exporter.reset()
  await checkNextServed(t, traced)
  exporter.reset()
})

t.test('without spans a good trace is passed on as it came, and nothing of another', async (t) => {
  for (const [headers, passed] of [
    [{ traceparent, tracestate: 'a=1 , b=2' }, { traceparent, tracestate: 'a=1,b=2' }], [{ traceparent }, { traceparent, tracestate: undefined }], [{ traceparent: 'cc-' + traceparent.slice(3) + '-later' }, { traceparent: 'cc-' + traceparent.slice(3) + '-later', tracestate: undefined }],
    [{ traceparent: 'none', tracestate: 'a=1' }, { traceparent: undefined, tracestate: undefined }], [{ tracestate: 'a=1' }, { traceparent: undefined, tracestate: undefined }], [{ traceparent, tracestate: 'a' }, { traceparent, tracestate: undefined }]
  ] as const) {
    t.equal((await plain.call('/items', { headers })).status, 200)
    const { traceparent: sent, tracestate } = sentBy(plain) ?? {}
    t.strictSame({ traceparent: sent, tracestate }, passed)
    const [record] = await plain.takeRecords(1)
    t.equal(record?.['traceId'], passed.traceparent === undefined ? undefined : remote.trace)
  }
  t.equal(takeSpans().size, 0)
})

t.test('nothing of OpenTelemetry is loaded for a gateway without spans', async (t) => {
  const program = `import { registerHooks } from 'node:module'
    const loaded = []
    registerHooks({ load (url, context, next) { if (url.includes('@opentelemetry/')) loaded.push(url); return next(url, context) } })
    await Promise.all(['./gateway/build.ts', './gateway/alone.ts', './gateway/operations.ts', './gateway/fleet/supervisor.ts', './gateway/adapters/redis-client.ts'].map((file) => import(file)))
    const { openTraces } = await import('./gateway/traces/traces.ts')
    await openTraces(false)
    const before = loaded.length
    await openTraces(true)
    console.log(JSON.stringify([before, loaded.length > 0]))`
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program])
  t.strictSame(JSON.parse(stdout), [0, true])
})
