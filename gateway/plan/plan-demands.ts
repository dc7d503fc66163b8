import type { CompareSchemas } from '../../openapi/differences/schema-differences.ts'
import type { Demands } from '../../policies/demands.ts'
import { listLines } from './plan-line.ts'
import type { PlanLine } from './plan-line.ts'

/** Something that is demanded of a call, or promised of its answer; `part` names what it is a part of, and says nothing where that is lost or gained as a whole. */
interface Demanded { readonly of: 'call' | 'answer', readonly says: string, readonly part?: string }

/** Compares what a contract demands of the calls of one operation, agreed claims by their `schemas`: what is demanded no longer is a protection lost, what is demanded now breaks callers that do not bring it. */
export function planDemands (before: Demands, after: Demands, schemas: CompareSchemas): readonly PlanLine[] {
  const [earlier, later] = [demandedBy(before), demandedBy(after)]
  const only = (one: readonly Demanded[], other: readonly Demanded[]): readonly Demanded[] => {
    const own = one.filter(({ says }) => other.every((demanded) => demanded.says !== says))
    return own.filter(({ part }) => own.every(({ says }) => says !== part))
  }
  return [
    ...only(earlier, later).map(({ of, says }): PlanLine => ({ kind: 'weaker', sentence: of === 'call' ? `demands no longer ${says}` : `promises no longer ${says}` })),
    ...only(later, earlier).map(({ of, says }): PlanLine => of === 'call' ? { kind: 'breaking', sentence: `demands ${says} now` } : { kind: 'stricter', sentence: `promises ${says} now` }),
    ...listLines('trust in callers', before.trust, after.trust, { come: 'weaker', gone: 'breaking' }),
    ...before.integrity && after.integrity ? listLines('trust in signatures', before.integrity.trust, after.integrity.trust, { come: 'weaker', gone: 'breaking' }) : [],
    ...before.integrity && after.integrity ? listLines('content codings of signed bodies', before.integrity.contentCodings, after.integrity.contentCodings, { come: 'changed', gone: 'breaking' }) : [],
    ...before.evidence && after.evidence ? listLines('trust in tracking evidence', before.evidence.trust, after.evidence.trust, { come: 'weaker', gone: 'breaking' }) : [],
    ...planClaims(before, after, schemas)
  ]
}

const integrity = 'a signature over the message (INTEGRITY_REST)'
const evidence = 'tracking evidence (AUDIT_REST)'

function demandedBy ({ dpop, singleUse, channel, integrity: signature, evidence: tracking, scope, nonBlocking, nonRepudiation, signedResponse }: Demands): readonly Demanded[] {
  const call = (holds: boolean, says: string, part?: string): readonly Demanded[] => holds ? [{ of: 'call', says, ...part !== undefined && { part } }] : []
  const answer = (holds: boolean, says: string): readonly Demanded[] => holds ? [{ of: 'answer', says }] : []
  return [
    ...call(dpop, 'a voucher that is bound to a key (DPoP)'),
    ...call(singleUse, 'something that can be used once (ID_AUTH_REST_02)'),
    ...call(channel !== 'any', 'TLS (ID_AUTH_CHANNEL_01)'),
    ...call(channel === 'mutual-tls', 'a client certificate (ID_AUTH_CHANNEL_02)'),
    ...call(signature !== undefined, integrity),
    ...(signature?.headers ?? []).flatMap((name) => call(true, `the header ${name} in the signature`, integrity)),
    ...call(signature?.emptyBody === 'signed', 'a signature also where there is no body', integrity),
    ...call(tracking !== undefined, evidence),
    ...call(tracking?.bound === true, 'a voucher with the digest of the tracking evidence (AUDIT_REST_02)', evidence),
    ...call(tracking?.claims !== undefined, `agreed claims in the tracking evidence`, evidence),
    ...call(scope !== undefined, `a voucher for the step ${scope} of an asynchronous exchange`),
    ...call(nonBlocking !== undefined, `the step ${nonBlocking} of a non-blocking interaction`),
    ...answer(signedResponse, 'signed answers'),
    ...answer(nonRepudiation, 'that signed requests are kept as evidence (PROFILE_NON_REPUDIATION_01)')
  ]
}

function planClaims ({ evidence: before }: Demands, { evidence: after }: Demands, schemas: CompareSchemas): readonly PlanLine[] {
  if (!before?.claims || !after?.claims) return []
  const known = new Set(before.claims.names.map((name) => `/${name}`))
  return schemas(before.claims.schema, after.claims.schema, 'request').map(({ kind, pointer, message }) => {
    const isNew = kind === 'compatible' && !known.has(pointer)
    return { kind: kind === 'breaking' ? 'breaking' : isNew ? 'changed' : 'weaker', sentence: `agreed claims${pointer === '' ? '' : ` ${pointer}`}: ${message}` }
  })
}
