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

t.test('what is wrong is looked for in a time of its own, however many alternatives there are inside of others', async (t) => {
  const branch = (index: number) => ({ type: 'object', required: [`v${index}`], properties: { kind: { enum: [`k${index}`] }, [`v${index}`]: { type: 'integer' }, sub: { $ref: '#/components/schemas/T' } } })
  const fragment = { method: 'post' as const, schemas: { T: { oneOf: Array.from({ length: 20 }, (_, index) => branch(index)) } }, requestBody: { content: { 'application/json': { schema: { type: 'array', items: { $ref: '#/components/schemas/T' } } } } } }
  let deep = '{}'
  for (let level = 0; level < 60; level++) deep = `{"kind":"k1","v1":1,"sub":${deep}}`
  for (const [name, body] of Object.entries({ deep: `[${deep}]`, wide: `[${'0,'.repeat(8000)}0]`, long: `[${'{"kind":"k1"},'.repeat(70_000)}0]` })) {
    const started = process.cpuUsage()
    t.ok(judgeRequest({ fragment, sent: { type: 'application/json', body } }).length > 0, name)
    t.ok(process.cpuUsage(started).user < 1.5e6, `${name}: ${process.cpuUsage(started).user / 1000} ms`)
  }
})
