import { infoLevel } from '../log.ts'
import type { Exchange } from '../exchange.ts'
import type { LimitState } from '../../policies/limiter.ts'
import { traceIdOf } from '../traces/trace-context.ts'
import { recordVersion } from './call-record.ts'
import type { CallRecord, LimitMark, StageName } from './call-record.ts'

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

/** Makes the record of a call that was answered with a status, at `now` (epoch ms), by the process that `node` names; `user` is the pseudonym of whoever used it. */
export function toRecord (exchange: Exchange, status: number, now: number, node: string, user?: string): CallRecord {
  const { call: { caller, purpose, delegation, agreement, grant, dpop, integrity, evidence, burst, quota, listener, body }, route, request, denial } = exchange
  return {
    v: recordVersion,
    level: infoLevel,
    event: denial ? 'call refused' : 'call',
    time: timeOf(exchange.startedAt),
    correlationId: exchange.correlationId,
    traceId: traceIdOf(request.headers),
    node,
    listener,
    eservice: route?.eservice.config.name,
    operation: exchange.label,
    operationId: route?.operation.id,
    method: request.method ?? '',
    status,
    code: denial?.denial,
    clientIp: exchange.address,
    kind: caller?.kind,
    clientId: caller?.clientId,
    consumerId: caller?.consumerId,
    producerId: caller?.producerId,
    delegationId: delegation?.id ?? purpose?.delegationId,
    agreementId: agreement?.id,
    purposeId: caller?.purposeId,
    eserviceId: caller?.eserviceId,
    descriptorId: caller?.descriptorId,
    grant: grant ? `${grant.id} ${grant.version}` : undefined,
    voucherId: caller?.jti,
    keyId: caller?.kid,
    dpop: dpop?.jkt,
    signature: integrity?.jti,
    signatureKey: integrity?.id,
    trackingEvidence: evidence?.digest,
    trackingKey: evidence?.signer,
    user,
    interactionId: caller?.exchange?.interactionId,
    scope: caller?.exchange?.scope,
    durationMs: Math.max(0, now - exchange.startedAt),
    stages: stagesOf(exchange),
    upstreamMs: exchange.upstreamMs === undefined ? undefined : Math.round(exchange.upstreamMs * 100) / 100,
    bytesReceived: body?.length ?? 0,
    bytesSent: exchange.bytesSent,
    cache: exchange.cache,
    evidence: exchange.kept,
    contractViolations: exchange.contractViolations || undefined,
    burst: burst && markOf(burst),
    quota: quota?.limit && markOf(quota.limit),
    overQuota: quota && quota.over.length > 0 ? quota.over : undefined
  }
}

function markOf ({ limit, remaining }: LimitState): LimitMark {
  return { limit, remaining }
}

/** Each stage ends where the next one begins; the last that it came to ends now. */
function stagesOf ({ marks: { began, admitted, sent, answered } }: Exchange): Partial<Record<StageName, number>> {
  const end = performance.now()
  const spent = (from: number, to: number): number => Math.round((to - from) * 1000)
  if (admitted === 0) return { admit: spent(began, end) }
  const admit = spent(began, admitted)
  if (sent === 0) return { admit, body: spent(admitted, end) }
  const body = spent(admitted, sent)
  if (answered === 0) return { admit, body, upstream: spent(sent, end) }
  return { admit, body, upstream: spent(sent, answered), answer: spent(answered, end) }
}
