import t from 'tap'
import type { CallRecord } from '../records/call-record.ts'
import { CallFigures } from './call-figures.ts'
import { addFigures } from './figures.ts'
import { addTimes, bucketCount, bucketOf, Histogram, percentile, upperBounds, upTo } from './histogram.ts'
import { isFailing } from './last-minutes.ts'

const start = Date.parse('2026-03-02T10:00:30Z')
const minute = 60_000

/** A record of a call that was served, unless told otherwise. */
const recordOf = (facts: Partial<CallRecord> = {}): CallRecord => ({ v: 1, eservice: 'archive', operationId: 'listItems', status: 200, code: undefined, stages: { admit: 100, body: 50, upstream: 2000, answer: 350 }, bytesReceived: 10, bytesSent: 1000, consumerId: 'c', purposeId: 'p', quota: { limit: 100, remaining: 60 }, ...facts }) as CallRecord

t.test('a bucket holds what is longer than the bound before it and not longer than its own', async (t) => {
  t.equal(upperBounds.length, bucketCount)
  for (const [bucket, bound] of upperBounds.slice(0, -1).entries()) {
    if (bucketOf(bound) !== bucket || bucketOf(bound + 0.001) !== bucket + 1) t.fail(`${bucket} up to ${bound}`)
    const before = bucket === 0 ? 0 : upperBounds[bucket - 1] as number
    if (bound > 100 && (bound - before) / before > 0.1) t.fail(`${bucket} is too wide`)
  }
  t.strictSame([0, -1, NaN, Infinity, 1e12].map(bucketOf), [0, 0, 0, bucketCount - 1, bucketCount - 1])
})

t.test('percentiles are at most a tenth too long, and counts up to a bound are exact', async (t) => {
  const histogram = new Histogram()
  const values = Array.from({ length: 10_000 }, (_one, index) => 10 ** ((index * 7919 % 10_000) / 1400))
  for (const value of values) histogram.add(value)
  const sorted = values.toSorted((one, other) => one - other)
  for (const share of [0.01, 0.5, 0.9, 0.99, 0.999]) {
    const [exact, told] = [sorted[Math.ceil(share * sorted.length) - 1] as number, percentile(histogram.times, share) as number]
    t.ok(told >= exact && told <= exact * 1.1 + 1, `${share}: ${told} of ${exact}`)
  }
  const bounds = [50, 100, 2500, 1_000_000]
  t.strictSame(upTo(histogram.times, bounds), bounds.map((bound) => values.filter((value) => value <= bound).length))
  t.equal(percentile(new Histogram().times, 0.5), undefined)
  const sum = addTimes([histogram.times, histogram.times])
  t.equal(sum.count, 20_000)
  t.strictSame(upTo(sum, bounds), upTo(histogram.times, bounds).map((count) => 2 * count))
  t.strictSame(JSON.parse(JSON.stringify(sum)), sum, 'as JSON')
})

t.test('calls are counted by outcome, with their stages, their bytes and what became of the upstream', async (t) => {
  const figures = new CallFigures(() => start)
  figures.count(recordOf())
  figures.count(recordOf())
  figures.count(recordOf({ status: 504, code: 'upstream-timeout', stages: { admit: 100, body: 50, upstream: 9000 } }))
  figures.count(recordOf({ status: 401, code: 'voucher-expired', stages: { admit: 80 }, consumerId: undefined, purposeId: undefined, quota: undefined }))
  figures.count(recordOf({ status: 404, code: 'route-not-found', eservice: undefined, operationId: undefined, stages: { admit: 5 }, consumerId: undefined, quota: undefined }))
  const { calls, eservices, quotas, recent } = figures.report(true)
  t.strictSame(calls, [
    { eservice: 'archive', operation: 'listItems', status: 200, code: null, count: 2 }, { eservice: 'archive', operation: 'listItems', status: 504, code: 'upstream-timeout', count: 1 },
    { eservice: 'archive', operation: 'listItems', status: 401, code: 'voucher-expired', count: 1 }, { eservice: 'none', operation: 'none', status: 404, code: 'route-not-found', count: 1 }
  ])
  t.match(eservices[0], { eservice: 'archive', bytesReceived: 40, bytesSent: 4000, upstreamCalls: 3, upstreamFailures: { 'upstream-timeout': 1 }, calls: { count: 4, sum: 2 * 2500 + 9150 + 80 }, stages: { admit: { count: 4 }, body: { count: 3 }, upstream: { count: 3 }, answer: { count: 2 } } })
  t.strictSame(quotas, [{ eservice: 'archive', consumer: 'c', purpose: 'p', limit: 100, remaining: 60, at: start }])
  t.match(recent, { minutes: [{ at: start - 30_000, calls: 5, refused: { 'upstream-timeout': 1, 'voucher-expired': 1, 'route-not-found': 1 }, times: { count: 3 } }], today: { date: '2026-03-02', consumers: [{ consumer: 'c', calls: 3 }], others: 0 } }, 'what was refused before the upstream says nothing of how fast calls are served')
  t.equal(figures.report(false).recent, undefined)
})

t.test('minutes are kept for an hour, and those in which nobody called are left out', async (t) => {
  const clock = { now: start }
  const figures = new CallFigures(() => clock.now)
  const calls = () => figures.report(true).recent?.minutes.map(({ at, calls }) => [(at - start + 30_000) / minute, calls])
  for (const after of [0, 0, 1, 58, 59]) {
    clock.now = start + after * minute
    figures.count(recordOf({ code: after === 0 ? 'burst-exceeded' : undefined }))
  }
  t.strictSame(calls(), [[0, 2], [1, 1], [58, 1], [59, 1]])
  clock.now = start + 60 * minute
  t.strictSame(calls(), [[1, 1], [58, 1], [59, 1]], 'also while nobody calls')
  figures.count(recordOf({ code: 'quota-exceeded' }))
  t.strictSame(calls(), [[1, 1], [58, 1], [59, 1], [60, 1]])
  t.strictSame(figures.report(true).recent?.minutes.at(-1)?.refused, { 'quota-exceeded': 1 }, 'nothing is left of the minute that was there before')
})

t.test('what an upstream was asked lately is counted by e-service, and forgotten after five minutes', async (t) => {
  const clock = { now: start }
  const figures = new CallFigures(() => clock.now)
  const lately = () => figures.report(false).eservices.map(({ eservice, upstreamLately: { calls, failures } }) => [eservice, calls, failures])
  for (const after of [0, 1, 4]) {
    clock.now = start + after * minute
    figures.count(recordOf())
    figures.count(recordOf({ eservice: 'small', code: 'upstream-unreachable' }))
    figures.count(recordOf({ eservice: 'small', code: 'voucher-expired', stages: { admit: 80 } }))
  }
  t.strictSame(lately(), [['archive', 3, 0], ['small', 3, 3]], 'what was refused before the upstream was asked says nothing of it')
  clock.now = start + 5 * minute
  t.strictSame(lately(), [['archive', 2, 0], ['small', 2, 2]], 'also while nobody calls')
  figures.count(recordOf())
  t.strictSame(lately(), [['archive', 3, 0], ['small', 2, 2]], 'nothing is left of the minute that was there before')
  const other = new CallFigures(() => clock.now)
  other.count(recordOf({ eservice: 'small' }))
  t.strictSame(addFigures([figures.report(false), other.report(false)]).eservices.map(({ eservice, upstreamLately: { calls } }) => [eservice, calls]), [['archive', 3], ['small', 3]])
})

t.test('so many failures are no accident, and so few are one', async (t) => {
  const cases = [[0, 0, false], [1, 1, false], [2, 2, true], [100, 2, true], [101, 2, false], [5000, 99, false], [5000, 100, true]] as const
  for (const [calls, failures, wanted] of cases) t.equal(isFailing({ calls, failures }), wanted, `${failures} of ${calls}`)
})

t.test('a day ends at midnight in Rome', async (t) => {
  const clock = { now: Date.parse('2026-03-02T22:59:59Z') }
  const figures = new CallFigures(() => clock.now)
  figures.count(recordOf())
  clock.now += 1000
  t.strictSame([figures.report(true).recent?.today, figures.report(true).quotas], [{ date: '2026-03-03', consumers: [], others: 0 }, []], 'also while nobody calls')
  figures.count(recordOf())
  t.match(figures.report(true), { recent: { today: { date: '2026-03-03', consumers: [{ consumer: 'c', calls: 1 }] } }, quotas: [{ purpose: 'p' }] })
})

t.test('however many consumers, purposes and outcomes there are, memory and reports are bounded', async (t) => {
  const figures = new CallFigures(() => start)
  for (let index = 0; index < 10_000; index++) figures.count(recordOf({ operationId: `o${index}`, consumerId: `c${index % 3000}`, purposeId: `p${index}`, quota: { limit: 100, remaining: index % 100 } }))
  const { calls, quotas, recent } = figures.report(true)
  t.equal(calls.length, 5001)
  t.strictSame(calls.at(-1), { eservice: 'others', operation: 'others', status: 0, code: null, count: 5000 })
  t.strictSame([quotas.length, quotas[0]?.remaining, quotas.at(-1)?.remaining], [100, 0, 4], 'those most used are told')
  t.equal(recent?.today.consumers.length, 100)
  t.equal(recent?.today.consumers.reduce((sum, { calls }) => sum + calls, recent.today.others), 10_000, 'nobody is left out')
  t.ok(JSON.stringify(figures.report(false)).length < 600_000)
})

t.test('what several processes counted adds up', async (t) => {
  const [one, other] = [new CallFigures(() => start), new CallFigures(() => start + minute)]
  one.count(recordOf())
  one.count(recordOf({ code: 'upstream-invalid', status: 502, quota: { limit: 100, remaining: 59 } }))
  other.count(recordOf({ quota: { limit: 100, remaining: 30 } }))
  other.count(recordOf({ eservice: 'tickets', consumerId: 'd', purposeId: 'q', quota: { limit: 10, remaining: 0 } }))
  const sum = addFigures([one.report(true), JSON.parse(JSON.stringify(other.report(true)))])
  t.match(sum, {
    calls: [{ status: 200, count: 2 }, { status: 502, code: 'upstream-invalid', count: 1 }, { eservice: 'tickets', count: 1 }],
    eservices: [{ eservice: 'archive', calls: { count: 3 }, bytesSent: 3000, upstreamCalls: 3, upstreamFailures: { 'upstream-invalid': 1 }, stages: { answer: { count: 3 } } }, { eservice: 'tickets' }],
    quotas: [{ purpose: 'q', remaining: 0 }, { purpose: 'p', remaining: 30, at: start + minute }],
    recent: { minutes: [{ calls: 2, refused: { 'upstream-invalid': 1 } }, { calls: 2, refused: {} }], today: { consumers: [{ consumer: 'c', calls: 3 }, { consumer: 'd', calls: 1 }], others: 0 } }
  })
  t.equal(addFigures([one.report(false)]).recent, undefined)
  t.strictSame(addFigures([]), { calls: [], eservices: [], quotas: [], recent: undefined })
})
