import t from 'tap'
import { answerCases } from '../cases/answers.ts'
import { isExpected, judgeAnswer } from '../cases/judge-answer.ts'

t.test('answers', async (t) => {
  for (const one of answerCases) {
    const findings = judgeAnswer(one)
    const told = findings.map(({ in: part, pointer, rule }) => `${part}${pointer} ${rule}`)
    const { wrong = [] } = one
    const name = `${one.kind}: ${one.name}`
    t.ok(isExpected(told, wrong), name, { told, wrong })
    if (typeof one.body === 'string' && one.body.length > 3) t.notOk(findings.some(({ detail }) => detail.includes(String(one.body))), `${name}: no value is told`)
  }
})
