import * as fc from 'fast-check'
import t from 'tap'
import { latencyBucket, latencyBuckets, latencyCeiling, percentile } from './latency.ts'

t.test('a time lies in its bucket, of which the ceiling is at most 6.25 % above it', (t) => {
  t.doesNotThrow(() => fc.assert(fc.property(fc.integer({ min: 0, max: 2 ** 31 - 1 }), (us) => {
    const bucket = latencyBucket(us / 1000)
    const [below, ceiling] = [bucket === 0 ? -1 : latencyCeiling(bucket - 1) * 1000, latencyCeiling(bucket) * 1000]
    return Math.round(below) < us && us <= Math.round(ceiling) && ceiling <= us * 1.0626 + 1e-6
  })))
  t.end()
})

t.test('buckets are as many as there are times for, whatever the time', (t) => {
  for (const ms of [0, -5, 1e12, Infinity, NaN]) t.ok(latencyBucket(ms) >= 0 && latencyBucket(ms) < latencyBuckets, String(ms))
  t.equal(new Set(Array.from({ length: latencyBuckets }, (_, bucket) => latencyCeiling(bucket))).size, latencyBuckets)
  t.end()
})

t.test('a percentile is the ceiling of the bucket in which it falls', (t) => {
  const counts = new Map([[latencyBucket(100), 1], [latencyBucket(1), 8], [latencyBucket(10), 1]])
  t.equal(percentile(counts, 0.9), latencyCeiling(latencyBucket(10)))
  t.equal(percentile(counts, 0.5), latencyCeiling(latencyBucket(1)))
  t.equal(percentile(counts, 1), latencyCeiling(latencyBucket(100)))
  t.equal(percentile(new Map(), 0.9), undefined)
  t.end()
})
