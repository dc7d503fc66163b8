import t from 'tap'
import { policies } from '../../policies/order.ts'
import { goodBody, mediumContract } from './medium-contract.ts'
import { openStages } from './stages.ts'
import { benchTable } from './table.ts'
import { time } from './timing.ts'
import type { Effort } from './timing.ts'

const least: Effort = { rounds: 1, batchMs: 0.01, warmUp: { calls: 2, patience: 1 } }

t.test('every stage does what it should, and every policy is one', async (t) => {
  const stack = new AsyncDisposableStack()
  t.teardown(async () => stack.disposeAsync())
  const timed = await time(await openStages(stack), least)
  t.strictSame(timed.filter(({ name }) => name.startsWith('policy ')).map(({ name }) => name), policies.map(({ name }) => `policy ${name}`))
  for (const name of ['wire checks', 'route', 'voucher hit', 'voucher unseen', 'parameters', 'parameters, medium contract', 'body, 1 KiB', 'Varco-Call', 'forward and answer headers', 'answer head check', 'record', 'figures', 'audit lines, 50 at once']) {
    t.ok(timed.some((stage) => stage.name === name), name)
  }
  t.ok(timed.every(({ ns, units }) => ns > 0 && units > 0))
})

t.test('a stage that does not do what it should is told, not timed', async (t) => {
  const refused = { name: 'policy caller', ofCall: true, run: () => ({ denial: 'voucher-expired' }), isRight: () => false }
  await t.rejects(time([refused], least), { message: 'the stage "policy caller" does not do what it should: it gave { denial: \'voucher-expired\' }' })
})

t.test('the table tells shares of what a call goes through', async (t) => {
  const text = benchTable([{ name: 'route', ofCall: true, ns: 3000, units: 0.25 }, { name: 'record', ofCall: true, ns: 1000, units: 0.1 }, { name: 'voucher unseen', ofCall: false, ns: 50_000, units: 5 }])
  t.equal(text, [
    'stage               ns  of the whole  per second  calibrations',
    'route            3,000        75.0 %     333,333        0.2500',
    'record           1,000        25.0 %   1,000,000        0.1000',
    'voucher unseen  50,000             -      20,000        5.0000',
    'the whole        4,000       100.0 %     250,000'
  ].join('\n'))
})

t.test('the medium contract has 34 operations, and its body is of 1 KiB', async (t) => {
  const items = Object.values(mediumContract()['paths'] as Record<string, Record<string, object>>)
  t.equal(items.flatMap((item) => Object.keys(item).filter((name) => name !== 'parameters')).length, 34)
  t.equal(goodBody().length, 1024)
})
