import type { Denial } from './denials.ts'
import type { LimitState } from './limiter.ts'
import type { Policy } from './policy.ts'

/** Proves that the client stays within its burst limit on this e-service. */
export const burst: Policy<'burst', 'caller' | 'purpose'> = {
  name: 'burst',
  stage: 'before-body',
  needs: ['caller', 'purpose'],
  denials: ['burst-exceeded'],
  prepare: (ports, { eserviceId, burst: { requests, seconds } }) => ({ caller }) => {
    const state = ports.burst.consume(`${eserviceId} ${caller.clientId}`, requests, seconds)
    return state instanceof Promise ? state.then(decide) : decide(state)
  }
}

function decide (state: LimitState): LimitState | Denial {
  if (!state.exceeded) return state
  return { denial: 'burst-exceeded', check: 'burst', detail: `At most ${state.limit} requests per window are admitted for this client.`, retryAfter: Math.max(1, state.resetSeconds) }
}
