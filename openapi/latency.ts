/** The highest time that is told apart, in µs: 2^31, some 36 minutes. */
const highest = 2 ** 31
const parts = 16

/** How many buckets there are. */
export const latencyBuckets = bucketOf(highest) + 1

/**
 * The bucket of a time in ms, of a scale that is the same everywhere, so that what one process counted can be added to what others did: µs one by one up to 16, then 16 buckets of the same
 * width between every two powers of two. No bucket is wider than 6.25 % of the times in it.
 */
export function latencyBucket (ms: number): number {
  const us = Math.min(Math.max(Math.round(ms * 1000), 0), highest)
  return bucketOf(Number.isFinite(us) ? us : highest)
}

/** The longest time that falls into a bucket, in ms: a percentile that says it never says too little. */
export function latencyCeiling (bucket: number): number {
  if (bucket < parts) return bucket / 1000
  const power = Math.floor(bucket / parts) - 1
  return ((bucket % parts + parts + 1) * 2 ** power - 1) / 1000
}

/** The time in ms that a share of all calls (0 to 1) did not exceed, from how many fell into which bucket; undefined of none. */
export function percentile (counts: ReadonlyMap<number, number>, share: number): number | undefined {
  let left = Math.ceil(counts.values().reduce((sum, count) => sum + count, 0) * share)
  for (const [bucket, count] of [...counts].toSorted(([one], [other]) => one - other)) if ((left -= count) <= 0) return latencyCeiling(bucket)
  return undefined
}

function bucketOf (us: number): number {
  if (us < parts) return us
  const power = 31 - Math.clz32(us) - 4
  return (power + 1) * parts + Math.floor(us / 2 ** power) - parts
}
