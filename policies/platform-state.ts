import type { Denial } from './denials.ts'
import type { Policy } from './policy.ts'
import type { Settled } from './registry.ts'

/** That what the registry says of the caller is what the platform says. */
export type PlatformStateFact = 'settled'

/** The refusal of a call about which the registry can say nothing now: neither that the caller is entitled nor that it is not. */
export const registryUnavailable: Denial = { denial: 'registry-unavailable', check: 'registry', reason: 'what the platform knows of the caller is not known here and cannot be asked now', retryAfter: 5 }

/** Proves that the registry can say whether the caller is entitled: the policies behind it take what it does not know for what does not exist. */
export const platformState: Policy<'platformState', 'caller'> = {
  name: 'platformState',
  stage: 'before-body',
  needs: ['caller'],
  denials: [registryUnavailable.denial],
  prepare: ({ registry }) => ({ caller: { eserviceId, consumerId, purposeId } }) => {
    const settled = registry().settle({ eserviceId, consumerId, purposeId })
    return settled instanceof Promise ? settled.then(decide) : decide(settled)
  }
}

function decide (settled: Settled): PlatformStateFact | Denial {
  return settled === 'settled' ? settled : registryUnavailable
}
