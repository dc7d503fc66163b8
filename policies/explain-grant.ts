import { explainChecks } from './check.ts'
import type { Line } from './check.ts'
import type { Explained } from './explained.ts'
import { holderChecks, useChecks } from './grant.ts'
import { grantFor } from './grants.ts'

/** The lines of the policy `grant`; none where the producer grants nothing one by one. */
export function explainGrant ({ caller, call, context: { terms: { grants }, now } }: Explained): readonly Line[] {
  if (!grants) return []
  const grant = grantFor(grants, caller.purposeId, caller.consumerId)
  const lines = explainChecks(holderChecks, { grant, caller, now })
  if (!grant) return lines.slice(0, 1)
  // Of a voucher alone there is no operation of which to speak, as with everything that a contract demands.
  if (!call) return lines
  return [...lines, ...explainChecks(useChecks, { grant, operationId: call.operationId, query: call.query })]
}
