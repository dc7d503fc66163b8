import type { AnswerFinding } from './answers.ts'
import type { Contract } from '../contract.ts'
import { KeptWorker } from '../kept-worker.ts'

/** From how many bytes on checking a body would keep everybody else waiting. */
export const largeBytes = 64 * 1024

/** The body of an answer, and what it answers; `contract` is there only when it was asked for. */
export interface LargeAnswer { readonly sha256: string, readonly contract?: Contract, readonly operationId: string, readonly status: number, readonly contentType: string | undefined, readonly bytes: Uint8Array }

/** What is found, that the contract is needed for it, or why nothing can be. */
export type LargeVerdict = { readonly finding: AnswerFinding | undefined } | 'contract' | { readonly error: string }

const worker = new KeptWorker<LargeAnswer, LargeVerdict>(new URL('answer-worker.ts', import.meta.url))
/** A value that takes longer has been made to. */
const deadlineMs = 10_000

/** Checks a body as `AnswerBody.check` does, in a worker thread. Throws when a schema cannot be compiled, or when it takes too long. */
export async function checkElsewhere (contract: Contract, answer: Omit<LargeAnswer, 'sha256' | 'contract'>): Promise<AnswerFinding | undefined> {
  const late = (): Error => new Error(`it could not be checked within ${deadlineMs} ms`)
  const question: LargeAnswer = { sha256: contract.sha256, ...answer }
  const first = await worker.ask(question, deadlineMs, late)
  const verdict = first === 'contract' ? await worker.ask({ ...question, contract }, deadlineMs, late) : first
  if (typeof verdict === 'object' && 'finding' in verdict) return verdict.finding
  throw new Error(verdict === 'contract' ? 'its contract is not known' : verdict.error)
}
