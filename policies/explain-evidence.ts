import type { CallerFact } from './caller.ts'
import { explainChecks } from './check.ts'
import type { Line } from './check.ts'
import { digestChecks, evidenceClaimChecks, evidenceKind, evidenceValues, signerChecks, takeEvidence } from './evidence-token.ts'
import { subjectOf } from './evidence.ts'
import { explainToken } from './explain-token.ts'
import type { Signers } from './explain-token.ts'
import type { Call, Facts, Terms } from './policy.ts'
import type { Registry } from './registry.ts'
import type { VoucherClaims } from './voucher.ts'

/** What evidence is explained against, and where it is known who signs. */
interface EvidenceContext { readonly terms: Terms, readonly registry: Registry, readonly signers?: Signers | undefined }

/** What the caller's token says of it, verified or not. */
type Caller = Pick<CallerFact, 'kind' | 'clientId' | 'consumerId' | 'purposeId' | 'evidenceDigest'>

/** The caller that a voucher names. */
export function callerOf (claims: VoucherClaims): Caller {
  return { kind: 'pdnd', clientId: claims.client_id, consumerId: claims.consumerId, purposeId: claims.purposeId, evidenceDigest: claims.digest?.value.toLowerCase() }
}

/**
 * Every check of the tracking evidence of a call, as lines in the order of admission; none where none is demanded. Nobody is asked for a key on behalf of
 * a call that was refused before its evidence was looked at.
 */
export function explainEvidence (call: Call & Partial<Pick<Facts, 'purpose'>> | undefined, caller: Caller, { terms, registry, signers }: EvidenceContext): readonly Line[] {
  const demand = call?.demands.evidence
  if (!call || !demand) return []
  const values = evidenceValues(call.rawHeaders)
  const { lines: [form, ...lines], signed } = explainToken(values, evidenceKind, demand.trust, call.purpose && signers, call.now)
  const taken = takeEvidence(values)
  if (!form || 'denial' in taken) return form ? [form] : []
  return [
    form,
    ...explainChecks(digestChecks, { digest: taken.digest, evidenceDigest: caller.evidenceDigest, bound: demand.bound }),
    ...lines,
    ...signed ? explainChecks(signerChecks, { signer: signed.signer, caller }) : [],
    ...signed ? explainChecks(evidenceClaimChecks, subjectOf({ now: call.now, caller }, taken.token, demand, terms, registry)) : []
  ]
}
