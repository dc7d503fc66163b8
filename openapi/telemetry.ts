import { Ajv } from 'ajv'
import { latencyBuckets } from './latency.ts'

/**
 * What a gateway tells e-services that want telemetry: which calls there were, minute by minute (UTC, by the end of the answer). It is sent to `/-/telemetry/<e-service>` of their host by POST, with a
 * `Varco-Call` of this operationId. A minute of a node replaces what was told of it before, whole: whoever is told twice counts once. No person, no address and nothing of a message is in it.
 */
export const telemetryOperation = 'reportTelemetry'

/** Where the host of an e-service takes reports: no path of a contract, so that no call through the gateway gets there. */
export function telemetryPath (eservice: string): string {
  return `/-/telemetry/${eservice}`
}

/** The longest report, in bytes. */
export const longestReport = 8 * 1024 * 1024

/** How many different kinds of calls a minute may tell apart of an e-service. */
const mostCounts = 4096

export interface TelemetryReport {
  readonly v: 1
  /** The process that served the calls; stays over restarts. */
  readonly node: string
  readonly minutes: readonly Minute[]
}

/** One minute of a node. That it is told at all, with or without calls, says that the node served then. */
export interface Minute {
  /** Its number: epoch ms / 60,000. */
  readonly minute: number
  /** Every e-service that the node served then. */
  readonly eservices: readonly EServiceMinute[]
}

export interface EServiceMinute {
  readonly name: string
  readonly counts: readonly CallCounts[]
}

/** The calls of one consumer to one operation in a minute. */
export interface CallCounts {
  /** Absent where no operation was matched. */
  readonly operationId?: string
  /** The organisation for which was called, the delegator in a delegation; absent where it was not proved, and for what is public. */
  readonly consumerId?: string
  readonly calls: number
  /** How many were answered with a status of 1xx, 2xx, 3xx, 4xx, 5xx. Only the last are failures of the service: 4xx are the caller's, 429 among them. */
  readonly status: readonly [number, number, number, number, number]
  /** Of those the ones that were beyond a limit (429). */
  readonly throttled: number
  /** How long they took together, the gateway included, in µs. */
  readonly durationUs: number
  /** Bucket of the latency scale, and how many fell into it. */
  readonly latency: readonly (readonly [bucket: number, calls: number])[]
  /** Of bodies. */
  readonly bytesReceived: number
  readonly bytesSent: number
}

const count = { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER } as const
const bucket = { type: 'integer', minimum: 0, maximum: latencyBuckets - 1 } as const

const countsSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['calls', 'status', 'throttled', 'durationUs', 'latency', 'bytesReceived', 'bytesSent'],
  properties: {
    operationId: { type: 'string', minLength: 1, maxLength: 200 },
    consumerId: { type: 'string', pattern: '^[0-9a-fA-F-]{36}$' },
    calls: count,
    status: { type: 'array', items: count, minItems: 5, maxItems: 5 },
    throttled: count,
    durationUs: count,
    latency: { type: 'array', maxItems: latencyBuckets, items: { type: 'array', items: [bucket, count], minItems: 2, maxItems: 2 } },
    bytesReceived: count,
    bytesSent: count
  }
} as const

const schema = {
  type: 'object',
  additionalProperties: false,
  required: ['v', 'node', 'minutes'],
  properties: {
    v: { const: 1 },
    node: { type: 'string', pattern: '^[A-Za-z0-9-]{1,64}$' },
    minutes: {
      type: 'array',
      minItems: 1,
      maxItems: 1440,
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['minute', 'eservices'],
        properties: {
          minute: { type: 'integer', minimum: 0, maximum: 100_000_000 },
          eservices: {
            type: 'array',
            maxItems: 1000,
            items: {
              type: 'object',
              additionalProperties: false,
              required: ['name', 'counts'],
              properties: { name: { type: 'string', pattern: '^[a-z0-9][a-z0-9-]{0,62}$' }, counts: { type: 'array', maxItems: mostCounts, items: countsSchema } }
            }
          }
        }
      }
    }
  }
} as const

let judge: ((value: unknown) => boolean) | undefined

/** Whether something that was received is a report, in all its members: no part of its counts is more than the whole, and all of them can be added up. */
export function isReport (value: unknown): value is TelemetryReport {
  judge ??= new Ajv({ meta: false, validateSchema: false, strictTuples: false }).compile(schema)
  return judge(value) && areSound(value as TelemetryReport)
}

function areSound ({ minutes }: TelemetryReport): boolean {
  const all = minutes.flatMap(({ eservices }) => eservices.flatMap(({ counts }) => counts))
  const sum = all.reduce((total, { calls, durationUs, bytesReceived, bytesSent }) => total + calls + durationUs + bytesReceived + bytesSent, 0)
  return Number.isSafeInteger(sum) && all.every(({ calls, status, throttled, latency }) =>
    status.reduce((total, some) => total + some) <= calls && latency.reduce((total, [, some]) => total + some, 0) <= calls && throttled <= status[3])
}
