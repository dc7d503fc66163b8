import type { Logger } from 'pino'
import type { Line } from '../policies/check.ts'
import type { CallerKind } from '../policies/demands.ts'
import { denialType } from '../policies/denials.ts'
import type { QuotaKind } from '../policies/quota-counters.ts'
import type { CacheOutcome } from './cache/figures.ts'
import type { Exchange } from './exchange.ts'
import { infoLevel, logFast } from './log.ts'

/** What is recorded of one call (RAC_GEN_LOG_01 and what DESIGN asks): never a credential, a query string or a body. */
export interface CallRecord {
  readonly level: number
  readonly event: 'call' | 'call refused'
  readonly time: string
  readonly correlationId: string
  /** The provider's operation as a URI template, so that no identifier in a path is logged. */
  readonly operation: string
  readonly operationId: string | undefined
  readonly method: string
  readonly status: number
  readonly code: string | undefined
  readonly clientIp: string
  /** By what it is known who called. */
  readonly kind: CallerKind | undefined
  readonly clientId: string | undefined
  readonly consumerId: string | undefined
  readonly purposeId: string | undefined
  readonly eserviceId: string | undefined
  readonly descriptorId: string | undefined
  /** The purpose grant under which it was made, and its version. */
  readonly grant: string | undefined
  readonly voucherId: string | undefined
  /** The asynchronous exchange that it was, or would have been, a step of. */
  readonly interactionId: string | undefined
  readonly scope: string | undefined
  readonly durationMs: number
  readonly upstreamMs: number | undefined
  readonly bytesSent: number
  /** How it was answered from the cache; the upstream knows nothing of it then, or was asked for all that wanted the same. */
  readonly cache: CacheOutcome | undefined
  /** SHA-256 (hex) of the evidence of the request, which stands for all evidence before it too; nothing else of it is recorded. */
  readonly evidence: string | undefined
  /** In how many ways the upstream's answer breaks its contract, of those that were known before its last byte went out. */
  readonly contractViolations: number | undefined
  /** The daily quotas that a call was beyond which was forwarded all the same. */
  readonly overQuota: readonly QuotaKind[] | undefined
}

/** Status of the record of a call whose caller went away before the answer was complete; an answer that we broke off has its denial's. */
const clientClosed = 499

/** Prepares recording calls, each once its answer is complete or its connection gone. `explain` gives the checks of a refused voucher. */
export function prepareRecord (logger: Logger, now: () => number, explain: (exchange: Exchange) => readonly Line[]): (exchange: Exchange) => void {
  return (exchange) => {
    const record = toRecord(exchange, now())
    const { denial } = exchange
    logFast(logger, denial ? { ...record, check: denial.check, reason: denial.reason, explanation: explain(exchange) } : record)
  }
}

const timeOf = prepareTime()

/** Epoch ms as RFC 3339 in UTC; remembers the last one, because of many calls a second many begin in the same millisecond. */
function prepareTime (): (ms: number) => string {
  let last = NaN
  let text = ''
  return (ms) => {
    if (ms === last) return text
    last = ms
    text = new Date(ms).toISOString()
    return text
  }
}

function toRecord (exchange: Exchange, now: number): CallRecord {
  const { call: { caller, grant, quota }, route, request, response } = exchange
  return {
    level: infoLevel,
    event: exchange.denial ? 'call refused' : 'call',
    time: timeOf(exchange.startedAt),
    correlationId: exchange.correlationId,
    operation: exchange.label,
    operationId: route?.operation.id,
    method: request.method ?? '',
    status: response.writableFinished ? response.statusCode : exchange.denial ? denialType(exchange.denial.denial).status : clientClosed,
    code: exchange.denial?.denial,
    clientIp: exchange.address,
    kind: caller?.kind,
    clientId: caller?.clientId,
    consumerId: caller?.consumerId,
    purposeId: caller?.purposeId,
    eserviceId: caller?.eserviceId,
    descriptorId: caller?.descriptorId,
    grant: grant ? `${grant.id} ${grant.version}` : undefined,
    voucherId: caller?.jti,
    interactionId: caller?.exchange?.interactionId,
    scope: caller?.exchange?.scope,
    durationMs: Math.max(0, now - exchange.startedAt),
    upstreamMs: exchange.upstreamMs === undefined ? undefined : Math.round(exchange.upstreamMs * 100) / 100,
    bytesSent: exchange.bytesSent,
    cache: exchange.cache,
    evidence: exchange.kept,
    contractViolations: exchange.contractViolations || undefined,
    overQuota: quota && quota.over.length > 0 ? quota.over : undefined
  }
}
