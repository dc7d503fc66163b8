import type { Demands, CallerKind } from '../../policies/demands.ts'
import type { DenialCode } from '../../policies/denials.ts'
import type { LimitState } from '../../policies/limiter.ts'
import type { QuotaKind } from '../../policies/quota-counters.ts'
import type { CacheOutcome } from '../cache/figures.ts'

/** The version of the form of records; a member that is added does not change it, one that means something else does. */
export const recordVersion = 1

/** The steps of a call of which the time is known, in their order: README's life of a request. */
export const stageNames = ['admit', 'body', 'upstream', 'answer'] as const
export type StageName = (typeof stageNames)[number]

/** How a limit stood when a call had taken from it. */
export type LimitMark = Pick<LimitState, 'limit' | 'remaining'>

/**
 * What is recorded of one call (RAC_GEN_LOG_01): who called, for what, with which proofs, what came of it and how long it took. Audit, PDND tracing, metrics and telemetry are all made from it.
 * Never a credential, a query string, a path value or a body; a user of the consumer only as a pseudonym. Members without a value are left out when it is written.
 */
export interface CallRecord {
  readonly v: typeof recordVersion
  readonly level: number
  readonly event: 'call' | 'call refused'
  /** When its request line and headers had been read, RFC 3339 in UTC with ms. */
  readonly time: string
  readonly correlationId: string
  /** The trace that it belongs to (W3C Trace Context, lower-case hex), as its caller said; undefined where it said nothing. */
  readonly traceId: string | undefined
  /** What names the process that served it among those that share a platform state: stays over restarts. */
  readonly node: string
  /** Where it came in. */
  readonly listener: 'public' | 'internal'
  /** The e-service by its name in the configuration; undefined where none was called. */
  readonly eservice: string | undefined
  /** The provider's operation as a URI template, so that no identifier in a path is recorded. */
  readonly operation: string
  readonly operationId: string | undefined
  readonly method: string
  readonly status: number
  /** The code of its refusal; undefined when it was not refused by the gateway. */
  readonly code: DenialCode | undefined
  readonly clientIp: string
  /** By what it is known who called; this and all ids below are proven ones. */
  readonly kind: CallerKind | undefined
  readonly clientId: string | undefined
  /** The delegator where a delegation is in play. */
  readonly consumerId: string | undefined
  readonly producerId: string | undefined
  readonly delegationId: string | undefined
  readonly agreementId: string | undefined
  readonly purposeId: string | undefined
  readonly eserviceId: string | undefined
  readonly descriptorId: string | undefined
  /** The purpose grant under which it was made, and its version. */
  readonly grant: string | undefined
  /** The `jti` of the voucher. */
  readonly voucherId: string | undefined
  /** The key that signed the voucher or token. */
  readonly keyId: string | undefined
  /** The thumbprint of the key whose possession a DPoP proof showed (RFC 9449). */
  readonly dpop: string | undefined
  /** The `jti` of the signature over the message (INTEGRITY_REST_01 and 02), and the key that made it. */
  readonly signature: string | undefined
  readonly signatureKey: string | undefined
  /** SHA-256 (hex) of the tracking evidence (AUDIT_REST_01 and 02), and the key that signed it. */
  readonly trackingEvidence: string | undefined
  readonly trackingKey: string | undefined
  /** Who used it at the consumer, as its tracking evidence says: the same within one period and consumer for the same person, and nothing else can be learnt from it. */
  readonly user: string | undefined
  /** The asynchronous exchange that it was, or would have been, a step of. */
  readonly interactionId: string | undefined
  readonly scope: string | undefined
  /** From reading its head until its answer was complete but for the last bytes, by the clock; in whole ms, as that gives them. */
  readonly durationMs: number
  /** How long each step took that it came to, in µs: what of `upstream` is before the answer's head came. */
  readonly stages: Readonly<Partial<Record<StageName, number>>>
  /** Milliseconds that the upstream took to its answer's head; undefined when it was not called. */
  readonly upstreamMs: number | undefined
  /** Of bodies, as they went over the wire. */
  readonly bytesReceived: number
  readonly bytesSent: number
  /** How it was answered from the cache; the upstream knows nothing of it then, or was asked for all that wanted the same. */
  readonly cache: CacheOutcome | undefined
  /** SHA-256 (hex) of the evidence of the request, which stands for all evidence before it too; nothing else of it is recorded. */
  readonly evidence: string | undefined
  /** In how many ways the upstream's answer breaks its contract, of those that were known before its last byte went out. */
  readonly contractViolations: number | undefined
  readonly burst: LimitMark | undefined
  /** The tightest of the daily quotas. */
  readonly quota: LimitMark | undefined
  /** The daily quotas that a call was beyond which was forwarded all the same. */
  readonly overQuota: readonly QuotaKind[] | undefined
}

/** How certain it must be that a record is kept before the last byte of an answer goes out: `synced` means on the disk, `written` that a killed process does not lose it. */
export type Durability = 'synced' | 'written'

/** What the operation of a call asks for: where a contract demands tracking evidence or non-repudiation (AUDIT_REST_01 and 02, PROFILE_NON_REPUDIATION_01) the record is part of the proof. */
export function durabilityOf (demands: Demands | undefined): Durability {
  return demands?.evidence || demands?.nonRepudiation ? 'synced' : 'written'
}

/** Epoch ms at which the answer to a call was complete: the day by which it is kept and counted goes by it. */
export function endOf ({ time, durationMs }: Pick<CallRecord, 'time' | 'durationMs'>): number {
  return Date.parse(time) + durationMs
}

/** How long a call took in this process, in µs. */
export function tookUs ({ stages: { admit = 0, body = 0, upstream = 0, answer = 0 } }: Pick<CallRecord, 'stages'>): number {
  return admit + body + upstream + answer
}

/** What takes in every record once it is kept, in its order. It is called on the hot path: it returns at once and throws nothing. */
export type RecordSink = (record: CallRecord) => void
