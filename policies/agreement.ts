import type { CallerFact } from './caller.ts'
import { firstFailure, shown } from './check.ts'
import type { Check } from './check.ts'
import type { Policy } from './policy.ts'
import type { Agreement } from './registry.ts'

/** The consumer's right to use the e-service (richiesta di fruizione). */
export interface AgreementFact { readonly id: string }

interface Subject { readonly agreement: Agreement | undefined, readonly caller: CallerFact }

/** There must be an agreement of this consumer on this e-service, active, and on the version that the voucher is for. */
export const agreementChecks: readonly Check<Subject>[] = [
  { name: 'agreement', code: 'agreement-missing', holds: ({ agreement }) => agreement !== undefined, expected: ({ caller }) => `an agreement of consumer ${shown(caller.consumerId)}`, got: ({ agreement }) => agreement ? shown(agreement.id) : 'none' },
  { name: 'agreement state', code: 'agreement-not-active', holds: ({ agreement }) => agreement?.state === 'Active', expected: () => 'Active', got: ({ agreement }) => agreement?.state ?? 'nothing' },
  { name: 'agreement version', code: 'agreement-mismatch', holds: ({ agreement, caller }) => agreement?.descriptorId === caller.descriptorId, expected: ({ caller }) => shown(caller.descriptorId), got: ({ agreement }) => shown(agreement?.descriptorId) }
]

/** Proves that the consumer has an active agreement on the called version. */
export const agreement: Policy<'agreement', 'caller' | 'descriptor'> = {
  name: 'agreement',
  stage: 'before-body',
  needs: ['caller', 'descriptor'],
  denials: agreementChecks.map((check) => check.code),
  prepare: ({ registry }) => ({ caller }) => {
    const found = registry().agreement(caller.eserviceId, caller.consumerId)
    return firstFailure(agreementChecks, { agreement: found, caller }) ?? { id: (found as Agreement).id }
  }
}
