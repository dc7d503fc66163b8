import type { IncomingHttpHeaders } from 'node:http'
import type { NonBlockingStep } from '../policies/demands.ts'
import type { Denial } from '../policies/denials.ts'
import type { AnswerHead } from './answer-head.ts'

/** The header that ties the answer of a push to its request, in lower case. */
export const correlationHeader = 'x-correlation-id'

/** What an e-service may answer in a step of a non-blocking interaction (NONBLOCK_PUSH_REST, NONBLOCK_PULL_REST): statuses, and whether each needs a Location. */
export const stepAnswers: Readonly<Record<NonBlockingStep, ReadonlyMap<number, 'Location' | 'nothing'>>> = {
  push: new Map([[202, 'nothing']]),
  'pull-request': new Map([[202, 'Location']]),
  'pull-status': new Map([[200, 'nothing'], [303, 'Location']]),
  'pull-result': new Map([[200, 'nothing']])
}

/** What is wrong with an answer that is no error: its status, or that the caller would not know where to go on. */
export function findAnswerFault (step: NonBlockingStep | undefined, status: number, headers: IncomingHttpHeaders): Denial | undefined {
  if (step === undefined || status >= 400) return undefined
  const needed = stepAnswers[step].get(status)
  const fault = (reason: string): Denial => ({ denial: 'upstream-invalid', check: 'upstream', reason: `the upstream answered ${status} ${reason}` })
  if (needed === undefined) return fault(`to ${step}, which is answered ${[...stepAnswers[step].keys()].join(' or ')}`)
  return needed === 'Location' && !headers.location ? fault(`to ${step} without Location`) : undefined
}

/** Gives an accepted push the id under which its answer will come, where the e-service gave none. */
export function setCorrelation (head: AnswerHead, step: NonBlockingStep | undefined, status: number, correlationId: string): void {
  if (step === 'push' && status === 202 && head.get(correlationHeader) === undefined) head.add('X-Correlation-ID', correlationId)
}

/** Which of the request headers that may go to the e-service (lower case) go there in a step, and what goes besides. */
export function requestHeadersOf (step: NonBlockingStep | undefined, names: readonly string[]): readonly string[] {
  if (step === undefined) return names
  // A conditional request would have 304 for an answer, which none of the steps has; the id of a push is the gateway's.
  const withheld = ['if-none-match', 'if-modified-since', ...step === 'push' ? [correlationHeader] : []]
  return [...names.filter((name) => !withheld.includes(name)), ...step === 'push' ? ['x-replyto'] : []]
}
