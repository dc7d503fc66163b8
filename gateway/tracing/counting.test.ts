import { STATUS_CODES } from 'node:http'
import t from 'tap'
import { addDays, boundsOf, dayAt, daysBetween, isDay } from './calendar.ts'
import { countDay, firstDay, foldRecords, sourceOf } from './count-day.ts'
import { standardStatus, TraceCounts } from './trace-counts.ts'
import { traceText } from './trace-file.ts'
import { recordOf, traced, writeRecords } from './tracing-fixture.ts'
import type { FewFacts } from './tracing-fixture.ts'

const day = '2026-03-02'
const [other, second] = ['10000000-0000-4000-8000-0000000000ff', '20000000-0000-4000-8000-000000000002']

async function fold (facts: readonly FewFacts[], on = day): Promise<{ rows: string[], calls: number, unfit: number }> {
  const counts = new TraceCounts()
  await foldRecords([facts.map(recordOf)], on, traced, counts)
  return { rows: [...counts.rows()].map(({ status, count }) => `${status} ${count}`), calls: counts.calls, unfit: counts.unfit }
}

t.test('calls are counted by purpose, status and voucher', async (t) => {
  t.strictSame(await fold([{}, {}, { status: 429 }, { voucherId: second }, { purposeId: other }, { status: 503 }]), { rows: ['200 2', '200 1', '429 1', '503 1', '200 1'], calls: 6, unfit: 0 })
})

t.test('only what a proven voucher of the platform did is counted, and only for the producers that are reported for', async (t) => {
  const passedOver: FewFacts[] = [{ kind: 'x509' }, { kind: 'internal' }, { kind: undefined }, { purposeId: undefined }, { voucherId: undefined }, { eservice: 'elsewhere', producerId: other }, { eservice: undefined, producerId: undefined }]
  for (const facts of passedOver) t.equal((await fold([facts])).calls, 0, JSON.stringify(facts))
  t.equal((await fold([{ eservice: 'gone', producerId: undefined }])).calls, 0)
  t.equal((await fold([{ eservice: 'gone' }])).calls, 1, 'an e-service that is configured no more is known by the voucher')
  t.equal((await fold([{ eservice: 'archive', producerId: other }])).calls, 1, 'one that is configured by the configuration')
  t.match(await fold([{ voucherId: 'no-uuid' }, {}]), { calls: 1, unfit: 1 })
})

t.test('the day of a call is that of its end, in Rome, on days of 23 and 25 hours too', async (t) => {
  const cases: [string, string, number, string][] = [
    ['2026-03-01T22:59:59.990Z', 'before midnight, ended after it', 20, '2026-03-02'],
    ['2026-03-01T22:59:59.990Z', 'before midnight', 5, '2026-03-01'],
    ['2026-03-02T22:59:59.999Z', 'the last millisecond', 0, '2026-03-02'],
    ['2026-03-29T21:59:59.999Z', 'the end of 23 hours', 0, '2026-03-29'],
    ['2026-10-25T22:59:59.999Z', 'the end of 25 hours', 0, '2026-10-25'],
    ['2026-10-25T23:00:00.000Z', 'after 25 hours', 0, '2026-10-26']
  ]
  for (const [time, what, durationMs, on] of cases) {
    for (const candidate of [addDays(on, -1), on, addDays(on, 1)]) t.equal((await fold([{ time, durationMs }], candidate)).calls, candidate === on ? 1 : 0, `${what} on ${candidate}`)
  }
  t.equal((boundsOf('2026-03-29').endsAt - boundsOf('2026-03-29').startsAt) / 3_600_000, 23)
  t.equal((boundsOf('2026-10-25').endsAt - boundsOf('2026-10-25').startsAt) / 3_600_000, 25)
  t.equal(dayAt(boundsOf('2026-01-01').startsAt), '2026-01-01')
  t.strictSame(daysBetween('2026-02-27', '2026-03-02'), ['2026-02-27', '2026-02-28', '2026-03-01', '2026-03-02'])
  t.strictSame(['2026-03-02', '2026-02-30', '2026-3-2', '02/03/2026', ''].map(isDay), [true, false, false, false, false])
})

t.test('a status that is none for the platform stands for the first of its class', async (t) => {
  t.strictSame([200, 418, 429, 499, 520, 599, 299, 399, 100, 99, 600, 0, 999].map(standardStatus), [200, 418, 429, 400, 500, 500, 200, 300, 100, 500, 500, 500, 500])
  for (let status = 0; status < 1000; status++) if (STATUS_CODES[standardStatus(status)] === undefined) t.fail(`${status}`)
})

t.test('the records of all processes of a state folder are counted, whatever files they are in', async (t) => {
  const state = t.testdir()
  await writeRecords(state, day, [recordOf(), recordOf({ time: '2026-03-01T10:00:00.000Z' })])
  await writeRecords(state, day, [recordOf(), recordOf({ status: 404 })], 1)
  await writeRecords(state, '2026-03-03', [recordOf({ time: '2026-03-02T22:59:59.900Z' }), recordOf({ time: '2026-03-03T10:00:00.000Z' })], 2)
  const counts = await countDay(state, day, traced)
  t.strictSame([...counts.rows()].map(({ status, count }) => [status, count]), [[200, 3], [404, 1]])
  t.equal(await firstDay(state, Date.parse('2026-03-04T10:00:00Z')), day)
  t.equal(await firstDay(state, Date.parse('2026-03-02T10:00:00Z')), undefined, 'today is not over')
  const source = await sourceOf(state, day)
  await writeRecords(state, day, [recordOf()], 3)
  t.not(await sourceOf(state, day), source)
})

t.test('a call is counted wherever in the files it is, also behind those of a clock that was hours ahead', async (t) => {
  const counts = new TraceCounts()
  await foldRecords(['2026-03-03T04:00:00.000Z', '2026-03-02T22:50:00.000Z'].map((time) => [recordOf({ time })]), day, traced, counts)
  t.equal(counts.calls, 1)
})

t.test('the same counts make the same file, in whatever order they came and however they were merged', async (t) => {
  const [one, two, merged] = [new TraceCounts(), new TraceCounts(), new TraceCounts()]
  const records = [recordOf(), recordOf({ status: 404 }), recordOf({ voucherId: second }), recordOf({ purposeId: other }), recordOf()]
  for (const record of records) one.add(record)
  for (const record of records.toReversed()) two.add(record)
  const [left, right] = [new TraceCounts(), new TraceCounts()]
  for (const [index, record] of records.entries()) (index % 2 === 0 ? left : right).add(record)
  merged.merge({ rows: left.rows(), unreadable: 1 })
  merged.merge({ rows: right.rows(), unreadable: 2 })
  const text = [...traceText(day, one)].join('')
  t.equal([...traceText(day, two)].join(''), text)
  t.equal([...traceText(day, merged)].join(''), text)
  t.match(merged, { calls: 5, unreadable: 3 })
  t.equal(text.split('\n')[0], 'date,purpose_id,status,token_id,requests_count')
  t.equal([...traceText(day, new TraceCounts())].join(''), 'date,purpose_id,status,token_id,requests_count\n', 'a day without calls has a header')
})
