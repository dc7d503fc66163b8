import { fileURLToPath } from 'node:url'
import t from 'tap'
import { loadContract } from '../../openapi/contract.ts'
import { startHarness } from '../harness.ts'
import { surveys } from './surveys.ts'

const harness = await startHarness(surveys, '/rest/surveys/v1', { now: () => new Date('2026-03-10T12:00:00Z') })
t.teardown(async () => harness.close())
const { operations } = await loadContract(fileURLToPath(surveys.contract))

const options = { solved: 'yes', ease: '4', experience: '5', recommend: '9' }
const sheet = { answers: Object.entries(options).map(([question, option]) => ({ question, option })) }
const submit = async (sheets: unknown[]) => harness.call({
  operationId: 'submitAnswers',
  method: 'POST',
  path: '/answers',
  headers: { 'idempotency-key': crypto.randomUUID() },
  body: { serviceKind: 'online-service', version: '1.0.0', period: '2026-03', sheets }
})

t.test('receipts and refusals of answers have the form that the contract promises', async (t) => {
  t.equal((await submit(Array.from({ length: 50 }, () => sheet))).status, 202)
  t.equal((await submit([{ answers: [{ question: 'ease', option: '6' }] }])).status, 422)
})

t.test('so has every other answer, and it is not empty', async (t) => {
  const queries: Record<string, string> = { '/results': '?serviceKind=online-service&breakdown=administration-month' }
  for (const { id, path } of operations.filter(({ method, isPublic }) => method === 'GET' && !isPublic)) {
    const target = path.replace('{serviceKind}', 'contact-centre') + (queries[path] ?? '')
    const { body } = await harness.call({ operationId: id, path: target })
    t.ok((body.items ?? body.questions).length > 0, path)
  }
})

t.test('every value that the data hold can be asked for by the filter of its column', async (t) => {
  const taken = new Set(['limit', 'cursor', 'If-None-Match', 'serviceKind', 'version', 'breakdown', 'administration'])
  for (const { id, path, parameters } of operations.filter((one) => one.method === 'GET' && one.path !== '/results')) {
    for (const { name } of parameters.filter((parameter) => !taken.has(parameter.name))) {
      const { items } = (await harness.call({ operationId: id, path })).body
      for (const value of new Set<string>(items.map((item: any) => item[name]))) {
        const found = await harness.call({ operationId: id, path: `${path}?${name}=${encodeURIComponent(value)}` })
        t.same(found.body.items, items.filter((item: any) => item[name] === value), `${path} ${name}=${value}`)
      }
    }
  }
})
