import type { Exchange } from '../exchange.ts'
import type { CallRecord } from '../records/call-record.ts'
import { traceContextOf, traceHeaders } from './trace-context.ts'

/** What becomes of the traces that calls belong to. Neither throws. */
export interface Traces {
  /** What the upstream is told of the trace of a call: names and values of headers, in turn. */
  headersOf (exchange: Exchange): readonly string[]
  /** Takes in a call that is over, with its record; undefined where nothing is made of it. */
  readonly end: ((exchange: Exchange, record: CallRecord) => void) | undefined
}

const none: readonly string[] = []

/** Tells the upstream what the caller said, and takes no part in the trace: whoever wrote a parent down finds its child below it, and none is missing between. */
export const passedTraces: Traces = {
  headersOf ({ request: { headers } }) {
    if (headers['traceparent'] === undefined) return none
    const context = traceContextOf(headers)
    return context ? traceHeaders(context.traceparent, context.tracestate) : none
  },
  end: undefined
}

/** Opens it as it is configured: with spans of our own (`traces`), or without. Nothing of OpenTelemetry is loaded for those without. `warn` is told once when what takes spans fails. */
export async function openTraces (traces: boolean, warn: (message: string) => void): Promise<Traces> {
  return traces ? (await import('./open-telemetry.ts')).prepareSpans(warn) : passedTraces
}
