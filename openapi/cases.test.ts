import t from 'tap'
import { judgeRequest, wordsOf } from './cases/request-case.ts'
import { requestCases } from './cases/requests.ts'

/** What came in a request, as far as it is long enough to be known again. */
function valuesIn (sent: object): readonly string[] {
  return Object.values(sent).flatMap((value) => typeof value === 'object' && !Buffer.isBuffer(value) ? valuesIn(value as object) : [String(value)]).filter((text) => text.length > 12)
}

t.test('requests', async (t) => {
  for (const one of requestCases) {
    const name = `${one.kind}: ${one.name.slice(0, 80)}`
    const findings = judgeRequest(one)
    t.strictSame(findings.map(wordsOf).toSorted(), one.wrong.toSorted(), name)
    if (findings.length > 0) t.notOk(valuesIn(one.sent).some((value) => findings.some(({ detail }) => detail.includes(value))), `${name}: no value is told`)
  }
  t.ok(requestCases.length > 400, `${requestCases.length} cases`)
})
