import { prepareAnswers } from '../answers/answers.ts'
import type { AnswerFinding } from '../answers/answers.ts'
import { toContract } from '../contract.ts'
import type { JsonObject } from '../document.ts'
import type { AnswerCase } from './answers.ts'

/** Everything that is found wrong with the answer of a case. */
export function judgeAnswer ({ openapi = '3.0.3', method = 'get', responses, schemas = {}, status = 200, headers = {}, body = '' }: AnswerCase): readonly AnswerFinding[] {
  const document = { openapi, info: { title: 'Risposte', version: '1.0.0' }, paths: { '/a': { [method]: { operationId: 'a', responses } } }, components: { schemas } }
  const contract = toContract(document as unknown as JsonObject, 'answers.yaml')
  const { findings, body: check } = prepareAnswers(contract)(contract.operations[0] as never).head(status, headers)
  const finding = check?.check(Buffer.from(body))
  return [...findings, ...finding ? [finding] : []]
}

/** True when what was found is what a case says, each as `body/name type`, or by the part alone. */
export function isExpected (told: readonly string[], wrong: readonly string[]): boolean {
  return told.length === wrong.length && wrong.every((expected, index) => expected.includes(' ') ? told[index] === expected : told[index]?.startsWith(expected) === true)
}
