import type { CallerFact } from './caller.ts'
import { firstFailure, shown } from './check.ts'
import type { Check } from './check.ts'
import type { Policy } from './policy.ts'
import { activeVersion } from './registry.ts'
import type { Purpose, PurposeVersion } from './registry.ts'

/** Why the consumer calls (finalità); `dailyCalls` is what its active version declares, in calls per day; `delegationId` where it was declared by a delegate. */
export interface PurposeFact { readonly id: string, readonly dailyCalls: number, readonly delegationId?: string | undefined }

interface Subject { readonly purpose: Purpose | undefined, readonly caller: CallerFact }

/** The purpose must exist, belong to this consumer and this e-service, and have an active version. */
export const purposeChecks: readonly Check<Subject>[] = [
  { name: 'purpose', code: 'purpose-unknown', holds: ({ purpose }) => purpose !== undefined, expected: () => 'a purpose that the platform knows', got: ({ caller }) => shown(caller.purposeId) },
  { name: 'purpose consumer', code: 'purpose-mismatch', holds: ({ purpose, caller }) => purpose?.consumerId === caller.consumerId, expected: ({ caller }) => `a purpose of consumer ${shown(caller.consumerId)}`, got: ({ purpose, caller }) => purpose?.consumerId === caller.consumerId ? 'such a purpose' : "another consumer's" },
  { name: 'purpose e-service', code: 'purpose-mismatch', holds: ({ purpose, caller }) => purpose?.eserviceId === caller.eserviceId, expected: ({ caller }) => `a purpose on e-service ${shown(caller.eserviceId)}`, got: ({ purpose, caller }) => purpose?.eserviceId === caller.eserviceId ? 'such a purpose' : "another e-service's" },
  { name: 'purpose state', code: 'purpose-not-active', holds: ({ purpose }) => purpose !== undefined && activeVersion(purpose) !== undefined, expected: () => 'an Active version', got: ({ purpose }) => purpose?.versions.map((version) => version.state).join(', ') || 'no version' }
]

/** Proves that the call is made for an active purpose of this consumer on this e-service. */
export const purpose: Policy<'purpose', 'caller' | 'agreement'> = {
  name: 'purpose',
  stage: 'before-body',
  needs: ['caller', 'agreement'],
  denials: [...new Set(purposeChecks.map((check) => check.code))],
  prepare: ({ registry }) => ({ caller }) => {
    const found = registry().purpose(caller.purposeId)
    return firstFailure(purposeChecks, { purpose: found, caller }) ?? factOf(found as Purpose)
  }
}

function factOf (purpose: Purpose): PurposeFact {
  return { id: purpose.id, dailyCalls: (activeVersion(purpose) as PurposeVersion).dailyCalls, delegationId: purpose.delegationId }
}
