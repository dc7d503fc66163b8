import type { TelemetryReport } from '../openapi/telemetry.ts'
import type { Caller, VarcoCall } from '../openapi/varco-call.ts'
import type { Database } from './database.ts'
import type { Dataset } from './dataset.ts'
import type { Taken } from './reported-minutes.ts'

/** One request as an operation sees it: typed parameters (checked against the contract), the parsed body, and the proof of who calls. */
export interface EServiceRequest {
  readonly parameters: Readonly<Record<string, unknown>>
  readonly body: unknown
  /** The caller as the gateway verified it; only public operations can do without one and must not read it. */
  readonly caller: Caller
  /** The producer's purpose grant under which the gateway admitted the call and narrows the answer; undefined where the producer grants nothing one by one. */
  readonly grant: VarcoCall['grant']
  readonly correlationId: string
}

/**
 * What caches may do with an answer (RFC 9111), as Cache-Control says it. `published` and `current` may be given to all callers: only what is the same for each of them, whoever calls and
 * under whatever grant. The figures of a document are `published`, those that change with what comes in are `current`.
 */
export const cacheControl = {
  'no-store': 'no-store',
  'no-cache': 'no-cache',
  published: 'public, max-age=300, stale-while-revalidate=60, stale-if-error=3600',
  current: 'public, max-age=60, stale-while-revalidate=30'
} as const

/**
 * What an operation answers. `body` is JSON (or bytes, with their `mediaType`). `status` defaults to 200. `cache` defaults to `no-store`;
 * with every other the kernel adds an ETag over the bytes and answers If-None-Match by itself. `rows` makes a body available as text/csv too.
 * `next` is the cursor of the next page of a collection: the kernel links to it, which is how readers of text/csv find it.
 */
export interface Reply {
  readonly status?: number
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  readonly cache?: keyof typeof cacheControl
  readonly rows?: Rows
  readonly next?: string
}

/** A table for text/csv: column names and, row by row, their values. */
export interface Rows { readonly columns: readonly string[], readonly values: readonly (readonly (string | number | boolean | null)[])[] }

export type Operation = (request: EServiceRequest) => Reply | Promise<Reply>

/** Takes in what a gateway reports of calls, for good once it resolves; the same minute of the same node may come again, and then replaces the earlier one. */
export type TakeReport = (report: TelemetryReport) => Promise<Taken>

/** What an e-service may use: its own store, its datasets with their quality notes, time, randomness and its settings. */
export interface Ports {
  readonly database: Database
  readonly datasets: ReadonlyMap<string, Dataset>
  readonly now: () => Date
  readonly randomUUID: () => string
  readonly settings: Readonly<Record<string, string | undefined>>
}

/**
 * An e-service: its name (also the folder of its data and the contract's name), the ordered SQL that creates its tables (each statement
 * list is applied once, in order), and its operations by operationId: exactly those of its contract.
 */
export interface EService {
  readonly name: string
  readonly contract: URL
  readonly data?: URL
  readonly migrations?: readonly string[]
  operations (ports: Ports): Readonly<Record<string, Operation>> | Promise<Readonly<Record<string, Operation>>>
  /** Prepares taking in telemetry; absent where the e-service wants none. */
  telemetry? (ports: Ports): TakeReport | Promise<TakeReport>
}

/** Declares an e-service; only gives the literal its type. */
export function defineEService (eservice: EService): EService {
  return eservice
}

/** A refusal that an operation throws: answered as problem+json. `detail` says what to mend and holds no personal data. */
export class ProblemError extends Error {
  override name = 'ProblemError'
  readonly status: number
  readonly code: string
  readonly title: string
  readonly errors: readonly { in: string, pointer: string, rule: string, detail: string }[] | undefined
  constructor (problem: { status: number, code: string, title: string, detail: string, errors?: readonly { in: string, pointer: string, rule: string, detail: string }[] }) {
    super(problem.detail)
    this.status = problem.status
    this.code = problem.code
    this.title = problem.title
    this.errors = problem.errors
  }
}
