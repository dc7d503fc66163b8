import { preparePeek } from './burst.ts'
import { isDenial } from './denials.ts'
import type { Denial } from './denials.ts'
import { policies, refuseWrongOrder } from './order.ts'
import { prepareQuotaLeft } from './quota.ts'
import type { AnyPolicy } from './order.ts'
import type { Demands } from './demands.ts'
import type { Call, Facts, Ports, Stage, Terms } from './policy.ts'

/** A call on its way through admission; facts are filled in as they are proved, the operation and its demands once they are known, the body once it was read. */
export type AdmittedCall = Call & { demands: Demands, operationId: string | undefined, body: Uint8Array | undefined } & { -readonly [Name in keyof Facts]?: Facts[Name] | undefined }

/** True once it is certain who calls: a voucher that is bound to a key proves nothing by itself. */
export function isProven (call: AdmittedCall): call is AdmittedCall & Pick<Facts, 'caller'> {
  return call.caller !== undefined && call.dpop !== undefined
}

/** Runs the policies of one stage on a call: undefined when all facts are proved (they are on the call), otherwise the first denial. */
export type Run = (call: AdmittedCall) => Denial | undefined | Promise<Denial | undefined>

/** `quotaLeft` takes nothing: it says whether the call would get through the last stage, for a step between the two. */
export interface Admission { readonly beforeBody: Run, readonly overBody: Run, readonly quotaLeft: Run, readonly afterBody: Run }

/** Prepares the admission of an e-service. Throws when the order of policies cannot work. A throw while a policy runs is a denial, never a pass. */
export function prepareAdmission (ports: Ports, terms: Terms, order: readonly AnyPolicy[] = policies): Admission {
  refuseWrongOrder(order)
  const peekBurst = preparePeek(ports, terms)
  const tellLimit = (denial: Denial, call: AdmittedCall): Denial | Promise<Denial> => {
    if (!isProven(call) || call.burst || denial.limit) return denial
    return peekBurst(call).then((limit) => ({ ...denial, limit }), () => denial)
  }
  const prepare = (stage: Stage): Run => {
    const steps = order.filter((policy) => policy.stage === stage).map((policy) => ({ name: policy.name, prove: policy.prepare(ports, terms) as unknown as Prove }))
    return (call) => {
      const outcome = run(steps, call, 0)
      return outcome instanceof Promise ? outcome.then((denial) => denial && tellLimit(denial, call)) : outcome && tellLimit(outcome, call)
    }
  }
  const quotaLeft = prepareQuotaLeft(ports, terms)
  return {
    beforeBody: prepare('before-body'),
    overBody: prepare('body'),
    quotaLeft: (call) => isCounted(call) ? quotaLeft(call) : undefined,
    afterBody: prepare('after-body')
  }
}

function isCounted (call: AdmittedCall): call is AdmittedCall & Pick<Facts, 'caller' | 'descriptor' | 'purpose'> {
  return call.caller !== undefined && call.descriptor !== undefined && call.purpose !== undefined
}

type Prove = (call: AdmittedCall) => unknown
interface Step { readonly name: keyof Facts, readonly prove: Prove }

// Synchronous for as long as the policies are: a promise costs more than all the checks of an admitted call.
function run (steps: readonly Step[], call: AdmittedCall, from: number): Denial | undefined | Promise<Denial | undefined> {
  for (let index = from; index < steps.length; index++) {
    const step = steps[index] as Step
    try {
      const answer = step.prove(call)
      if (answer instanceof Promise) {
        return answer.then((settled: unknown) => settle(call, step, settled) ?? run(steps, call, index + 1), (error: unknown) => fault(step, error))
      }
      const denial = settle(call, step, answer)
      if (denial) return denial
    } catch (error) {
      return fault(step, error)
    }
  }
  return undefined
}

function settle (call: AdmittedCall, step: Step, answer: unknown): Denial | undefined {
  if (isDenial(answer)) return answer
  ;(call as unknown as Record<string, unknown>)[step.name] = answer
  return undefined
}

function fault (step: Step, error: unknown): Denial {
  return { denial: 'internal-error', check: step.name, reason: `policy "${step.name}" failed: ${error instanceof Error ? error.message : 'it threw no error'}` }
}
