import t from 'tap'
import { prepareAnswers } from './answers.ts'
import type { AnswerFinding } from './answers.ts'
import { answerCases } from './cases/answers.ts'
import type { AnswerCase } from './cases/answers.ts'
import { toContract } from './contract.ts'
import type { JsonObject } from './document.ts'

function judge ({ openapi = '3.0.3', method = 'get', responses, schemas = {}, status = 200, headers = {}, body = '' }: AnswerCase): readonly AnswerFinding[] {
  const document = { openapi, info: { title: 'Risposte', version: '1.0.0' }, paths: { '/a': { [method]: { operationId: 'a', responses } } }, components: { schemas } }
  const contract = toContract(document as unknown as JsonObject, 'answers.yaml')
  const { findings, body: check } = prepareAnswers(contract)(contract.operations[0] as never).head(status, headers)
  const finding = check?.check(Buffer.from(body))
  return [...findings, ...finding ? [finding] : []]
}

t.test('answers', async (t) => {
  for (const one of answerCases) {
    const findings = judge(one)
    const told = findings.map(({ in: part, pointer, rule }) => `${part}${pointer} ${rule}`)
    const { wrong = [] } = one
    const name = `${one.kind}: ${one.name}`
    t.ok(told.length === wrong.length && wrong.every((expected, index) => expected.includes(' ') ? told[index] === expected : told[index]?.startsWith(expected)), name, { told, wrong })
    if (typeof one.body === 'string' && one.body.length > 3) t.notOk(findings.some(({ detail }) => detail.includes(String(one.body))), `${name}: no value is told`)
  }
})
