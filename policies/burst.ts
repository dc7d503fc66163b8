import type { CallerFact } from './caller.ts'
import type { Denial } from './denials.ts'
import type { LimitState } from './limiter.ts'
import type { Policy, Ports, Terms } from './policy.ts'

/** Proves that the client stays within its burst limit on this e-service. */
export const burst: Policy<'burst', 'caller' | 'purpose'> = {
  name: 'burst',
  stage: 'before-body',
  needs: ['caller', 'purpose'],
  denials: ['burst-exceeded'],
  prepare: (ports, terms) => ({ caller }) => {
    const state = ports.burst.consume(...counterOf(terms, caller))
    return state instanceof Promise ? state.then(decide) : decide(state)
  }
}

/** Where a client stands with its burst limit, without taking anything from it: what a refusal tells that came before the limit. */
export async function peekBurst (ports: Ports, terms: Terms, caller: CallerFact): Promise<LimitState> {
  return ports.burst.peek(...counterOf(terms, caller))
}

function counterOf ({ eserviceId, burst: { requests, seconds } }: Terms, { clientId }: CallerFact): [key: string, limit: number, seconds: number] {
  return [`${eserviceId} ${clientId}`, requests, seconds]
}

function decide (state: LimitState): LimitState | Denial {
  if (!state.exceeded) return state
  return { denial: 'burst-exceeded', check: 'burst', detail: `At most ${state.limit} requests per window are admitted for this client.`, retryAfter: Math.max(1, state.resetSeconds), limit: state }
}
