import { prepareDay } from './day.ts'
import type { Denial } from './denials.ts'
import type { LimitState } from './limiter.ts'
import type { Policy } from './policy.ts'

/**
 * Proves that the purpose still has calls left today (Europe/Rome) of the `dailyCalls` that its active version declares. It is the last
 * policy, so that a call refused for any other reason costs nothing.
 */
export const quota: Policy<'quota', 'caller' | 'purpose'> = {
  name: 'quota',
  stage: 'after-body',
  needs: ['caller', 'purpose'],
  denials: ['quota-exceeded'],
  prepare: (ports) => {
    const dayOf = prepareDay()
    return ({ purpose, now }) => {
      const day = dayOf(now)
      const state = ports.quota.consume(`${purpose.id} ${day.date}`, purpose.dailyCalls, Math.ceil((day.endsAt - now) / 1000))
      return state instanceof Promise ? state.then(decide) : decide(state)
    }
  }
}

function decide (state: LimitState): LimitState | Denial {
  if (!state.exceeded) return state
  return { denial: 'quota-exceeded', check: 'quota', detail: `The purpose declares ${state.limit} calls a day (Europe/Rome) and has used them.`, retryAfter: Math.max(1, state.resetSeconds), limit: state }
}
