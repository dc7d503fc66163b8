import type { Denial } from './denials.ts'
import type { LimitState } from './limiter.ts'
import type { Call, Facts, Policy, Ports, Terms } from './policy.ts'
import { prepareForesight } from './quota.ts'

/** So many requests in any window of so many seconds that begins with the first of them. */
export interface Rate { readonly requests: number, readonly seconds: number }

/** Operations (by operationId) that have a burst limit of their own, each client for all of them together. An operation is in one class at most. */
export interface OperationClass { readonly name: string, readonly operations: readonly string[], readonly burst: Rate }

type Counted = Pick<Call, 'operationId'> & Pick<Facts, 'caller'>
type Counter = readonly [key: string, limit: number, seconds: number]

/** Proves that the client stays within its burst limit on this class of operations of the e-service. */
export const burst: Policy<'burst', 'caller' | 'descriptor' | 'purpose'> = {
  name: 'burst',
  stage: 'before-body',
  needs: ['caller', 'descriptor', 'purpose'],
  denials: ['burst-exceeded'],
  prepare: (ports, terms) => {
    const counterOf = prepareCounter(terms)
    const foresee = prepareForesight(ports)
    return (call) => {
      const state = ports.burst.consume(...counterOf(call))
      if (!(state instanceof Promise)) return decide(state)
      // So that a call that waits here does not wait for its quotas too.
      foresee(call)
      return state.then(decide)
    }
  }
}

/** Prepares telling where a client stands with its burst limit, without taking anything from it: what a refusal tells that came before the limit. */
export function preparePeek ({ burst: limiter }: Ports, terms: Terms): (call: Counted) => Promise<LimitState> {
  const counterOf = prepareCounter(terms)
  return async (call) => limiter.peek(...counterOf(call))
}

function prepareCounter ({ eserviceId, burst: rest, classes }: Terms): (call: Counted) => Counter {
  const classOf = new Map(classes.flatMap((one) => one.operations.map((operation) => [operation, one] as const)))
  return ({ operationId = '', caller: { clientId } }) => {
    const own = classOf.get(operationId)
    const { requests, seconds } = own?.burst ?? rest
    return [own ? `${eserviceId} ${clientId} ${own.name}` : `${eserviceId} ${clientId}`, requests, seconds]
  }
}

function decide (state: LimitState): LimitState | Denial {
  if (!state.exceeded) return state
  return { denial: 'burst-exceeded', check: 'burst', detail: `At most ${state.limit} requests per window are admitted for this client.`, retryAfter: Math.max(1, state.resetSeconds), limit: state }
}
