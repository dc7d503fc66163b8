import { isDenial } from './denials.ts'
import type { Denial } from './denials.ts'
import { judgeTransition, transitionDenials, transitionUnavailable } from './interaction.ts'
import type { Transition } from './interaction.ts'
import type { Replacement } from './interactions.ts'
import type { Call, Facts, Policy, Ports } from './policy.ts'

/** The step of an asynchronous exchange that was taken; `undo` takes it back when the call is not made after all. Null where there is none. */
export type TransitionFact = { readonly undo: () => void } | null

/** How often a step is looked at anew because another call of the same interaction came between. */
const attempts = 3

/**
 * Takes the step that the policy `interaction` found could be taken, once everything else is proved: of several calls at once that would
 * start, call back or confirm the same interaction one is admitted.
 */
export const transition: Policy<'transition', 'caller' | 'interaction'> = {
  name: 'transition',
  stage: 'after-body',
  needs: ['caller', 'interaction'],
  denials: transitionDenials,
  prepare: (ports) => (call) => call.interaction === null ? null : take(call, ports, call.interaction.interactionId, attempts)
}

function take (call: Call & Pick<Facts, 'caller'>, ports: Ports, id: string, left: number): TransitionFact | Denial | Promise<TransitionFact | Denial> {
  if (left === 0) return transitionUnavailable
  const go = (judged: Transition | Denial): TransitionFact | Denial | Promise<TransitionFact | Denial> => {
    if (isDenial(judged)) return judged
    const { known, next } = judged
    const settle = (replacement: Replacement): TransitionFact | Denial | Promise<TransitionFact | Denial> => {
      if (replacement === 'changed') return take(call, ports, id, left - 1)
      return replacement === 'done' ? { undo: () => { ports.interactions.restore(known, next) } } : transitionUnavailable
    }
    const replaced = ports.interactions.replace(known, next, call.now)
    return replaced instanceof Promise ? replaced.then(settle) : settle(replaced)
  }
  const judged = judgeTransition(call, ports, id)
  return judged instanceof Promise ? judged.then(go) : go(judged)
}
