import { latencyBucket } from '../openapi/latency.ts'
import type { CallCounts, EServiceMinute, Minute, TelemetryReport } from '../openapi/telemetry.ts'

/** The minute of an instant (ISO 8601), as it is numbered in reports. Used by tests only, as all here. */
export function minuteAt (instant: string): number {
  return Math.floor(Date.parse(instant) / 60_000)
}

/** Some calls of a consumer, `failed` of them answered 5xx and `throttled` 429, that took `ms` each. */
export function someCalls (calls: number, { failed = 0, throttled = 0, ms = 20, bytes = 0, ...names }: { failed?: number, throttled?: number, ms?: number, bytes?: number, operationId?: string, consumerId?: string } = {}): CallCounts {
  return { ...names, calls, status: [0, calls - failed - throttled, 0, throttled, failed], throttled, durationUs: calls * ms * 1000, latency: [[latencyBucket(ms), calls]], bytesReceived: 0, bytesSent: bytes }
}

/** A minute with the calls of some e-services. */
export function minuteOf (minute: number, eservices: Readonly<Record<string, readonly CallCounts[]>>): Minute {
  return { minute, eservices: Object.entries(eservices).map(([name, counts]): EServiceMinute => ({ name, counts })) }
}

/** A report of one node. */
export function reportOf (minutes: readonly Minute[], node = 'node-a'): TelemetryReport {
  return { v: 1, node, minutes }
}
