import { firstFailure } from './check.ts'
import type { Check } from './check.ts'
import type { Policy } from './policy.ts'
import { consumerDailyCalls, usableDescriptorStates } from './registry.ts'
import type { Descriptor, Tenant } from './registry.ts'

/** The e-service version that is called, and what of it the consumer, and all consumers together, may call a day. */
export interface DescriptorFact { readonly id: string, readonly version: number, readonly dailyCallsPerConsumer: number, readonly dailyCallsTotal: number }

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
    const known = registry()
    const found = known.eservice(caller.eserviceId)?.descriptors.find((one) => one.id === caller.descriptorId)
    return firstFailure(descriptorChecks, { descriptor: found }) ?? factOf(found as Descriptor, known.tenant(caller.consumerId))
  }
}

function factOf (descriptor: Descriptor, consumer: Tenant | undefined): DescriptorFact {
  const { id, version, dailyCallsTotal } = descriptor
  return { id, version, dailyCallsPerConsumer: consumerDailyCalls(descriptor, consumer), dailyCallsTotal }
}
