import type { Alarm } from './alarms.ts'

/**
 * What the operations page tells, as plain data: everything over all processes that serve, which began to count when they started. Times in epoch ms; null is what is
 * not known (yet), undefined what this gateway does not have.
 */
export interface OperationsView {
  /** When it was made. */
  readonly at: number
  /** What has to be done now, the most urgent first. */
  readonly alarms: readonly Alarm[]
  readonly gateway: GatewayView
  readonly traffic: TrafficView
  readonly eservices: readonly EServiceView[]
  /** Today's (Europe/Rome), those most used first. */
  readonly quotas: readonly QuotaView[]
  readonly consumers: readonly ConsumerView[]
  /** Calls of today by consumers that are not among these. */
  readonly otherCalls: number
  readonly upstreams: readonly UpstreamView[]
  readonly trust: TrustView
  readonly shared: SharedView
  readonly tracing: TracingView | undefined
  readonly records: RecordsView
  readonly load: readonly LoadView[]
}

export interface GatewayView {
  readonly publicUrl: string
  /** The environment of PDND. */
  readonly environment: string
  readonly isReady: boolean
  /** The code of its status. */
  readonly status: string
  /** When the first of the processes that serve was started: since then there are figures. Null when none serves. */
  readonly countedSince: number | null
  readonly processes: readonly ProcessView[]
}

/** A process, or the place of one that there should be. */
export interface ProcessView {
  readonly worker: number | null
  readonly pid: number | null
  /** `waiting` is the place of one that is going to be started again. */
  readonly state: 'serving' | 'draining' | 'starting' | 'waiting'
  readonly answers: boolean
  readonly startedAt: number | null
  readonly hash: string | null
  readonly isReady: boolean
  readonly restarts: number
  readonly lastEnd: { readonly at: number, readonly how: string } | null
}

/** The last minutes, the oldest first and none left out, and the same together. */
export interface TrafficView {
  readonly minutes: readonly MinuteView[]
  readonly calls: number
  readonly refused: number
  /** How long calls took that came to their end in the last five of them. */
  readonly lately: Percentiles
  /** Refusals of these minutes by their code, the most frequent first. */
  readonly reasons: readonly ReasonView[]
}

/** How long calls took, in ms; null where there were none. */
export type Percentiles = Readonly<Record<'p50' | 'p90' | 'p99', number | null>>

export interface MinuteView extends Percentiles { readonly at: number, readonly calls: number, readonly refused: Readonly<Record<string, number>> }

export interface ReasonView { readonly code: string, readonly status: number, readonly count: number }

export interface EServiceView {
  readonly name: string
  readonly title: string
  readonly version: string
  readonly basePath: string
  readonly operations: number
  readonly calls: number
  readonly refused: number
  /** What the contract was found to lack, by profile; null while it is being judged. */
  readonly lint: readonly { readonly profile: string, readonly errors: number, readonly warnings: number }[] | null
  readonly answers: { readonly mode: string, readonly compared: number, readonly violations: number, readonly latest: { readonly at: number, readonly operationId: string, readonly detail: string, readonly correlationId: string } | null }
  /** Calls that were answered from the cache, and those whose answer might have been in it and was not. */
  readonly cache: { readonly hits: number, readonly misses: number, readonly bytes: number }
}

/** Something that people know by a name: an id where nobody told it. */
export interface Named { readonly id: string, readonly name: string | null }

/** The tightest quota of a purpose, today. */
export interface QuotaView { readonly eservice: string, readonly purpose: Named, readonly consumer: Named, readonly used: number, readonly limit: number }

/** How often a consumer called today. */
export interface ConsumerView { readonly consumer: Named, readonly calls: number }

/** What the upstream of an e-service was asked since `countedSince`; percentiles are of the time until the head of its answer, `waiting` the calls that wait for a connection now; whether it fails is of the last minutes. */
export interface UpstreamView extends Percentiles { readonly eservice: string, readonly url: string, readonly waiting: number, readonly calls: number, readonly failures: Readonly<Record<string, number>>, readonly isFailing: boolean }

export interface TrustView {
  /** How old the platform's keys are, in s; null when there are none. */
  readonly keysAgeSeconds: number | null
  readonly registry: { readonly source: 'file' | 'platform', readonly state: 'current' | 'failing' | 'unavailable', readonly ageSeconds: number | null, readonly lastError: string | null, readonly undecided: number, readonly missing: number }
  /** The producer's keys that sign answers. */
  readonly signing: readonly { readonly eservices: readonly string[], readonly kid: string, readonly file: string, readonly since: number | null }[]
  readonly certificates: readonly CertificateView[]
}

/** A certificate that a listener shows, and until when it is good; null where its file cannot be read. */
export interface CertificateView { readonly of: string, readonly file: string, readonly subject: string | null, readonly endsAt: number | null }

export interface SharedView { readonly place: 'memory' | 'redis' | 'local', readonly redis: number, readonly local: number, readonly lease: number }

/** How filing with the platform stands; days are ISO dates. */
export interface TracingView { readonly lastFiled: string | null, readonly lastFiledAt: number | null, readonly lastError: string | null, readonly missing: readonly string[], readonly refused: readonly { readonly day: string, readonly why: string }[] }

/** Records since `countedSince`, and the lines of the log that nobody took in time. */
export interface RecordsView { readonly works: boolean, readonly kept: number, readonly lost: number, readonly droppedLines: number }

/** What a process is loaded with. */
export interface LoadView { readonly pid: number, readonly shed: number, readonly limit: number | null, readonly resting: number, readonly delayMs: number, readonly activeSeconds: number, readonly rssBytes: number | null }
