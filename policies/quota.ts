import { prepareDay } from './day.ts'
import type { Day } from './day.ts'
import { isDenial } from './denials.ts'
import type { Denial } from './denials.ts'
import type { LimitState } from './limiter.ts'
import type { Call, Facts, Policy, Ports } from './policy.ts'
import type { PurposeFact } from './purpose.ts'

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
      const state = ports.quota.consume(...counterOf(purpose, dayOf(now), now))
      return state instanceof Promise ? state.then(decide) : decide(state)
    }
  }
}

/** Prepares asking whether the purpose has calls left, without taking one: for what must not be done in vain before the quota is taken from. */
export function prepareQuotaLeft ({ quota }: Ports): (call: Pick<Call, 'now'> & Pick<Facts, 'purpose'>) => Promise<Denial | undefined> {
  const dayOf = prepareDay()
  return async ({ purpose, now }) => {
    const state = await quota.peek(...counterOf(purpose, dayOf(now), now))
    const outcome = decide({ ...state, exceeded: state.remaining === 0 })
    return isDenial(outcome) ? outcome : undefined
  }
}

function counterOf ({ id, dailyCalls }: PurposeFact, { date, endsAt }: Day, now: number): [key: string, limit: number, seconds: number] {
  return [`${id} ${date}`, dailyCalls, Math.ceil((endsAt - now) / 1000)]
}

function decide (state: LimitState): LimitState | Denial {
  if (!state.exceeded) return state
  return { denial: 'quota-exceeded', check: 'quota', detail: `The purpose declares ${state.limit} calls a day (Europe/Rome) and has used them.`, retryAfter: Math.max(1, state.resetSeconds), limit: state }
}
