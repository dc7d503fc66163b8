import { parentPort } from 'node:worker_threads'
import { prepareAnswers } from './answers.ts'
import type { AnswerValidator } from './answers.ts'
import type { LargeAnswer, LargeVerdict } from './large-answers.ts'

/** The checks of contracts by their hash, operation by operation. */
const known = new Map<string, ReadonlyMap<string, AnswerValidator>>()

function judge ({ sha256, contract, operationId, status, contentType, bytes }: LargeAnswer): LargeVerdict {
  if (contract && !known.has(sha256)) {
    const prepare = prepareAnswers(contract)
    known.set(sha256, new Map(contract.operations.map((operation) => [operation.id, prepare(operation)])))
  }
  const validators = known.get(sha256)
  if (!validators) return 'contract'
  try {
    return { finding: validators.get(operationId)?.head(status, { 'content-type': contentType }).body?.check(bytes) }
  } catch (error) {
    return { error: (error as Error).message }
  }
}

parentPort?.on('message', (answer: LargeAnswer) => { parentPort?.postMessage(judge(answer)) })
