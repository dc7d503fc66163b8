import { join } from 'node:path'
import t from 'tap'
import { compileContracts } from './compile.ts'

const own = (name: string): string => join(import.meta.dirname, `${name}.v1.yaml`)

t.test('contracts come back in the order of their files, as loaded', async (t) => {
  const contracts = await compileContracts([own('surveys'), own('tickets')])
  t.strictSame(contracts.map(({ basePath }) => basePath), ['/rest/surveys/v1', '/rest/tickets/v1'])
  t.ok(contracts[1]!.operations.some(({ body }) => body?.content instanceof Map), 'maps survive the way from the worker')
})

t.test('every contract that cannot be served is named at once', async (t) => {
  const folder = t.testdir({ 'old.yaml': 'swagger: "2.0"', 'broken.yaml': 'a: b: c' })
  const error = await compileContracts([join(folder, 'old.yaml'), own('tickets'), join(folder, 'broken.yaml')]).then(() => undefined, (thrown: Error) => thrown)
  t.match(error?.message, /old\.yaml:1:1: openapi must be 3\.0\.x or 3\.1\.x/)
  t.match(error?.message, /broken\.yaml:1:\d+: /)
  t.notMatch(error?.message, /tickets/)
})

t.test('a contract that takes too long is given up', async (t) => {
  await t.rejects(compileContracts([own('tickets')], 1), { name: 'DocumentError', message: /tickets\.v1\.yaml: the contracts could not be compiled within 1 ms$/ })
})

t.test('one worker compiles what comes soon after, and one that had to be stopped is not used again', async (t) => {
  const twice = await Promise.all([compileContracts([own('tickets')]), compileContracts([own('surveys')])])
  t.strictSame(twice.map(([contract]) => contract?.basePath), ['/rest/tickets/v1', '/rest/surveys/v1'])
  await t.rejects(compileContracts([own('tickets')], 0))
  t.strictSame((await compileContracts([own('sla-telemetry')])).map(({ basePath }) => basePath), ['/rest/sla-telemetry/v1'])
})
