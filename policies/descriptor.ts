import { firstFailure } from './check.ts'
import type { Check } from './check.ts'
import type { Policy } from './policy.ts'
import { usableDescriptorStates } from './registry.ts'
import type { Descriptor } from './registry.ts'

/** The e-service version that is called. */
export interface DescriptorFact { readonly id: string, readonly version: number }

/** The platform must know the version and still issue vouchers for it (Published, Deprecated or Archiving). */
export const descriptorChecks: readonly Check<{ readonly descriptor: Descriptor | undefined }>[] = [
  {
    name: 'descriptor state',
    code: 'descriptor-not-usable',
    holds: ({ descriptor }) => descriptor !== undefined && usableDescriptorStates.has(descriptor.state),
    expected: () => [...usableDescriptorStates].join(' or '),
    got: ({ descriptor }) => descriptor?.state ?? 'a version that the platform does not know'
  }
]

/** Proves that the called version of the e-service is in use. */
export const descriptor: Policy<'descriptor', 'caller'> = {
  name: 'descriptor',
  stage: 'before-body',
  needs: ['caller'],
  denials: descriptorChecks.map((check) => check.code),
  prepare: ({ registry }) => ({ caller }) => {
    const found = registry().eservice(caller.eserviceId)?.descriptors.find((one) => one.id === caller.descriptorId)
    return firstFailure(descriptorChecks, { descriptor: found }) ?? { id: caller.descriptorId, version: (found as Descriptor).version }
  }
}
