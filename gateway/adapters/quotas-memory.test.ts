import t from 'tap'
import { MemoryQuotas } from './quotas-memory.ts'
import { claimOn, eserviceId, testQuotas, today } from './quotas-suite.ts'

await testQuotas(t, async () => new MemoryQuotas())

t.test('it is told which counters changed, and counts on from where it was', async (t) => {
  const quotas = new MemoryQuotas()
  quotas.load({ date: today, eserviceId, key: 'a', calls: 2 })
  t.strictSame(quotas.takeChanged(), [])
  quotas.take(claimOn({ a: 3, b: 3 }), false)
  quotas.take(claimOn({ a: 3 }), false)
  t.strictSame(quotas.takeChanged(), [{ date: today, eserviceId, key: 'a', calls: 3 }, { date: today, eserviceId, key: 'b', calls: 1 }])
  t.strictSame(quotas.takeChanged(), [])
  quotas.giveBack(claimOn({ b: 3 }))
  t.strictSame(quotas.takeChanged(), [{ date: today, eserviceId, key: 'b', calls: 0 }])
})

t.test('two days are kept, so that a clock may be set back; what was before them is forgotten', async (t) => {
  const quotas = new MemoryQuotas()
  const take = (date: string) => quotas.take(claimOn({ a: 9 }, { date }), false)[0]
  for (const date of ['2026-03-01', '2026-03-02', '2026-03-01', '2026-03-02', '2026-03-03']) take(date)
  t.strictSame([...quotas.since('2026-03-01')].map(({ date, calls }) => [date, calls]), [['2026-03-02', 2], ['2026-03-03', 1]])
  t.strictSame([...quotas.since('2026-03-03')].map(({ calls }) => calls), [1])
})
