import { explainChecks } from './check.ts'
import type { Line } from './check.ts'
import { digestChecks, evidenceClaimChecks, evidenceKind, evidenceValues, signerChecks, takeEvidence } from './evidence-token.ts'
import { subjectOf } from './evidence.ts'
import { explainToken } from './explain-token.ts'
import type { Explained } from './explained.ts'

/**
 * The lines of the policy `evidence`. Nobody is asked for a key on behalf of a call that was refused before its evidence was looked at.
 */
export function explainEvidence ({ caller, call, context: { terms, registry, signers, refused } }: Explained): readonly Line[] {
  const demand = call?.demands.evidence
  if (!call || !demand) return []
  const reached = !refused || refused.proved.purpose !== undefined
  const values = evidenceValues(call.rawHeaders)
  const { lines: [form, ...lines], signed } = explainToken(caller, values, evidenceKind, demand.trust, reached ? signers : undefined, call.now)
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
