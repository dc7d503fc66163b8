import { latencyBucket } from '../../openapi/latency.ts'
import type { CallCounts, Minute } from '../../openapi/telemetry.ts'
import { endOf, tookUs } from '../records/call-record.ts'
import type { CallRecord } from '../records/call-record.ts'

/** How many different kinds of calls a minute tells apart; of further ones the consumer is not told. */
const mostKinds = 2048

type Counted = { -readonly [Name in 'calls' | 'throttled' | 'durationUs' | 'bytesReceived' | 'bytesSent']: CallCounts[Name] } & { readonly status: [number, number, number, number, number], readonly latency: Map<number, number> }

/** By operation and consumer. */
type OfEService = Map<string | undefined, Map<string | undefined, Counted>>

/** The number of the minute (UTC) in which a call was answered: epoch ms / 60,000. */
export function minuteOf (record: CallRecord): number {
  return Math.floor(endOf(record) / 60_000)
}

/** What is counted of the calls of one minute: whose e-services and consumers they were, what became of them and how long they took; of no message, person or address. Its size is bounded. */
export class MinuteCounts {
  readonly #eservices = new Map<string, OfEService>()
  #kinds = 0

  /** Notes that e-services were served in it, with or without calls. */
  serve (eservices: readonly string[]): void {
    for (const name of eservices) if (!this.#eservices.has(name)) this.#eservices.set(name, new Map())
  }

  /** Counts a call; one that was to no e-service says nothing of any. */
  count (record: CallRecord): void {
    const { eservice, operationId, consumerId, status, bytesReceived, bytesSent } = record
    if (eservice === undefined) return
    const counted = this.#kind(eservice, operationId, consumerId)
    counted.calls++
    const index = Math.floor(status / 100) - 1
    counted.status[index] = (counted.status[index] ?? 0) + 1
    if (status === 429) counted.throttled++
    const us = tookUs(record)
    counted.durationUs += us
    const bucket = latencyBucket(us / 1000)
    counted.latency.set(bucket, (counted.latency.get(bucket) ?? 0) + 1)
    counted.bytesReceived += bytesReceived
    counted.bytesSent += bytesSent
  }

  /** As it is reported. */
  toMinute (minute: number): Minute {
    return { minute, eservices: [...this.#eservices].map(([name, operations]) => ({ name, counts: countsOf(operations) })) }
  }

  #kind (eservice: string, operationId: string | undefined, consumerId: string | undefined): Counted {
    const operations = this.#eservices.get(eservice) ?? new Map<string | undefined, Map<string | undefined, Counted>>()
    this.#eservices.set(eservice, operations)
    const consumers = operations.get(operationId) ?? new Map<string | undefined, Counted>()
    operations.set(operationId, consumers)
    const known = consumers.get(consumerId)
    if (known) return known
    if (this.#kinds >= mostKinds && consumerId !== undefined) return this.#kind(eservice, operationId, undefined)
    this.#kinds++
    const counted: Counted = { calls: 0, status: [0, 0, 0, 0, 0], throttled: 0, durationUs: 0, latency: new Map(), bytesReceived: 0, bytesSent: 0 }
    consumers.set(consumerId, counted)
    return counted
  }
}

const uuid = /^[0-9a-fA-F-]{36}$/

function countsOf (operations: OfEService): readonly CallCounts[] {
  return [...operations].flatMap(([operationId, consumers]) => [...consumers].map(([consumerId, { latency, ...counted }]) => ({
    ...operationId !== undefined && { operationId },
    // The platform's ids are UUIDs; what is none is the name of nobody.
    ...consumerId !== undefined && uuid.test(consumerId) && { consumerId },
    ...counted,
    latency: [...latency]
  })))
}
