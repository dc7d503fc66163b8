import { createTraceState, isSpanContextValid, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import type { Context, HrTime, Span } from '@opentelemetry/api'
import type { Exchange } from '../exchange.ts'
import { stageNames } from '../records/call-record.ts'
import type { CallRecord } from '../records/call-record.ts'
import { endAttributes, nameOf, startAttributes, upstreamAttributes } from './span-attributes.ts'
import { traceContextOf, traceHeaders } from './trace-context.ts'
import { passedTraces } from './traces.ts'
import type { Traces } from './traces.ts'

/** The spans of a call that its upstream was told of. */
interface Opened { readonly server: Span, readonly upstream: Span }

const sampled = 1

/**
 * Spans of calls, made by the API of OpenTelemetry: one of each call and one of each of its stages, with the times of its record. What becomes of them is a matter of the SDK that whoever
 * starts the gateway loads before it (`node --import`); without one there are none, and traces are passed on.
 */
export function prepareSpans (warn: (message: string) => void): Traces {
  const tracer = trace.getTracer('varco')
  const opened = new Map<Exchange, Opened>()
  let hasFailed = false
  const guarded = <T>(work: () => T, otherwise: T): T => {
    try {
      return work()
    } catch (error) {
      if (!hasFailed) warn(`a span could not be made: ${(error as Error).message}`)
      hasFailed = true
      return otherwise
    }
  }
  const openServer = (exchange: Exchange, parent: Context): Span => tracer.startSpan(nameOf(exchange), { kind: SpanKind.SERVER, startTime: toTime(exchange.startedAt * 1000), attributes: startAttributes(exchange) }, parent)
  const open = (exchange: Exchange): Opened => {
    const parent = parentOf(exchange)
    const server = openServer(exchange, parent)
    const startTime = toTime((exchange.startedAt + performance.now() - exchange.marks.began) * 1000)
    return { server, upstream: tracer.startSpan('upstream', { kind: SpanKind.CLIENT, startTime, attributes: upstreamAttributes(exchange) }, trace.setSpan(parent, server)) }
  }
  const addStages = (server: Span, upstream: Span | undefined, { startedAt }: Exchange, { stages }: CallRecord): number => {
    const within = trace.setSpan(ROOT_CONTEXT, server)
    let at = startedAt * 1000
    for (const name of stageNames) {
      const us = stages[name]
      if (us === undefined) continue
      const span = name === 'upstream' && upstream ? upstream : tracer.startSpan(name, { startTime: toTime(at) }, within)
      at += us
      span.end(toTime(at))
    }
    return at
  }
  return {
    headersOf: (exchange) => guarded(() => {
      const spans = opened.get(exchange) ?? open(exchange)
      opened.set(exchange, spans)
      const { traceId, spanId, traceFlags, traceState } = spans.upstream.spanContext()
      return isSpanContextValid({ traceId, spanId, traceFlags }) ? traceHeaders(`00-${traceId}-${spanId}-0${traceFlags & sampled}`, traceState?.serialize() || undefined) : passedTraces.headersOf(exchange)
    }, []),
    end (exchange, record) {
      const spans = opened.get(exchange)
      opened.delete(exchange)
      guarded(() => {
        const server = spans?.server ?? openServer(exchange, parentOf(exchange))
        const { attributes, isError } = endAttributes(record)
        server.setAttributes(attributes)
        if (isError) for (const span of [server, ...spans ? [spans.upstream] : []]) span.setStatus({ code: SpanStatusCode.ERROR })
        const endedAt = addStages(server, spans?.upstream, exchange, record)
        // What was asked for several calls at once is no stage of one of them.
        if (record.stages.upstream === undefined) spans?.upstream.end(toTime(endedAt))
        server.end(toTime(endedAt))
      }, undefined)
    }
  }
}

/** What its caller says, or the beginning of a trace. */
function parentOf ({ request: { headers } }: Exchange): Context {
  const context = traceContextOf(headers)
  if (!context) return ROOT_CONTEXT
  const { traceId, parentId, isSampled, tracestate } = context
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId: parentId, traceFlags: isSampled ? sampled : 0, isRemote: true, ...tracestate !== undefined && { traceState: createTraceState(tracestate) } })
}

/** Epoch µs as seconds and ns. */
function toTime (us: number): HrTime {
  const seconds = Math.floor(us / 1e6)
  return [seconds, Math.round((us - seconds * 1e6) * 1000)]
}
