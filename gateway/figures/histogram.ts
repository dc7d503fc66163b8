/** Steps of one µs up to the first bound, then ninety to each power of ten: two digits of a time are known, whatever it is. */
const linear = 100
const perDecade = 90
const decades = 6
/** How many buckets there are; the last is for whatever takes longer than 100 s. */
export const bucketCount = linear + perDecade * decades + 1

/** The bucket of a time in µs: it holds all that are longer than the bound of the one before it, and not longer than its own. */
export function bucketOf (us: number): number {
  // A time that is none, too: nothing that is counted may throw.
  if (!(us > 1)) return 0
  if (us <= linear) return Math.ceil(us) - 1
  let first = linear
  let step = linear / 10
  for (let decade = 0; decade < decades; decade++, step *= 10, first += perDecade) if (us <= step * 100) return first + Math.ceil(us / step) - 11
  return bucketCount - 1
}

/** The longest time (µs) that a bucket holds. */
export const upperBounds: readonly number[] = Array.from({ length: bucketCount }, (_one, bucket) => boundOf(bucket))

function boundOf (bucket: number): number {
  if (bucket < linear) return bucket + 1
  if (bucket === bucketCount - 1) return Infinity
  const decade = Math.floor((bucket - linear) / perDecade)
  return (linear / 10) * 10 ** decade * (bucket - linear - decade * perDecade + 11)
}

/** How many times there were of a length, as JSON: the buckets that are not empty and what is in each, in turn; `sum` in µs. */
export interface Times { readonly count: number, readonly sum: number, readonly buckets: readonly number[] }

/** Counts how long something takes. */
export class Histogram {
  readonly #buckets = new Float64Array(bucketCount)
  count = 0
  sum = 0

  /** Counts one time, in µs. */
  add (us: number): void {
    this.#put(bucketOf(us), 1)
    this.count++
    this.sum += us
  }

  /** Adds what another counted. */
  addTimes ({ count, sum, buckets }: Times): void {
    for (let index = 0; index < buckets.length; index += 2) this.#put(buckets[index] as number, buckets[index + 1] as number)
    this.count += count
    this.sum += sum
  }

  /** Forgets everything. */
  clear (): void {
    this.#buckets.fill(0)
    this.count = this.sum = 0
  }

  get times (): Times {
    const buckets: number[] = []
    for (const [bucket, count] of this.#buckets.entries()) if (count > 0) buckets.push(bucket, count)
    return { count: this.count, sum: this.sum, buckets }
  }

  #put (bucket: number, count: number): void {
    this.#buckets[bucket] = this.#buckets[bucket] as number + count
  }
}

/** The same over several. */
export function addTimes (all: readonly Times[]): Times {
  const sum = new Histogram()
  for (const times of all) sum.addTimes(times)
  return sum.times
}

/** The time (µs) that a share of them, from 0 to 1, does not exceed, by at most a tenth too long; undefined when there are none. */
export function percentile ({ count, buckets }: Times, share: number): number | undefined {
  const rank = Math.max(1, Math.ceil(count * share))
  for (let index = 0, seen = 0; index < buckets.length; index += 2) {
    seen += buckets[index + 1] as number
    if (seen >= rank) return Math.min(upperBounds[buckets[index] as number] as number, longest)
  }
  return undefined
}

/** What took longer is told as this, in µs. */
const longest = 100_000_000

/** How many of them took no longer than each of some bounds (µs, ascending), which are bounds of buckets: exactly so many. */
export function upTo ({ buckets }: Times, bounds: readonly number[]): number[] {
  let index = 0
  let seen = 0
  return bounds.map((bound) => {
    for (; index < buckets.length && (upperBounds[buckets[index] as number] as number) <= bound; index += 2) seen += buckets[index + 1] as number
    return seen
  })
}
