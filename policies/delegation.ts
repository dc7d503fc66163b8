import { firstFailure } from './check.ts'
import type { Check } from './check.ts'
import type { Policy } from './policy.ts'
import type { Delegation } from './registry.ts'

/** Who acts for the consumer, where the purpose was declared by a delegate; null where it was not. */
export type DelegationFact = { readonly id: string, readonly delegateId: string } | null

/** A purpose that a delegate declared is good while the delegation is: the platform archives it when that is revoked, but not in the same moment. */
export const delegationChecks: readonly Check<{ readonly delegation: Delegation | undefined }>[] = [
  { name: 'delegation state', code: 'delegation-not-active', holds: ({ delegation }) => delegation?.state === 'Active', expected: () => 'Active', got: ({ delegation }) => delegation?.state ?? 'a delegation that the platform does not know' }
]

/** Proves that the purpose stands on no delegation, or on one that is active. */
export const delegation: Policy<'delegation', 'purpose'> = {
  name: 'delegation',
  stage: 'before-body',
  needs: ['purpose'],
  denials: delegationChecks.map((check) => check.code),
  prepare: ({ registry }) => ({ purpose: { delegationId } }) => {
    if (delegationId === undefined) return null
    const found = registry().delegation(delegationId)
    return firstFailure(delegationChecks, { delegation: found }) ?? { id: delegationId, delegateId: (found as Delegation).delegateId }
  }
}
