import { agreementChecks } from './agreement.ts'
import { explainChecks } from './check.ts'
import type { Line } from './check.ts'
import { delegationChecks } from './delegation.ts'
import { descriptorChecks } from './descriptor.ts'
import type { Explained } from './explained.ts'
import { purposeChecks } from './purpose.ts'

/** The lines of the policy `descriptor`. */
export function explainDescriptor ({ caller, context: { registry } }: Explained): readonly Line[] {
  return explainChecks(descriptorChecks, { descriptor: registry.eservice(caller.eserviceId)?.descriptors.find(({ id }) => id === caller.descriptorId) })
}

/** The lines of the policy `agreement`. */
export function explainAgreement ({ caller, context: { registry } }: Explained): readonly Line[] {
  return explainChecks(agreementChecks, { agreement: registry.agreement(caller.eserviceId, caller.consumerId), caller })
}

/** The lines of the policy `purpose`. */
export function explainPurpose ({ caller, context: { registry } }: Explained): readonly Line[] {
  return explainChecks(purposeChecks, { purpose: registry.purpose(caller.purposeId), caller })
}

/** The lines of the policy `delegation`; none where the purpose stands on no delegation. */
export function explainDelegation ({ caller, context: { registry } }: Explained): readonly Line[] {
  const delegationId = registry.purpose(caller.purposeId)?.delegationId
  return delegationId === undefined ? [] : explainChecks(delegationChecks, { delegation: registry.delegation(delegationId) })
}
