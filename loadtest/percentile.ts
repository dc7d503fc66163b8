/** Nearest-rank percentile of sorted values. */
export function percentile (sorted: Float64Array, share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0
}

const shares = { p50: 0.5, p90: 0.9, p99: 0.99, p999: 0.999, max: 1 } as const

/** A percentile that is told. */
export type Percentile = keyof typeof shares

/** Every percentile that is told, the lowest first. */
export const percentiles = Object.keys(shares) as readonly Percentile[]

/** All of them, of values in any order. */
export function percentilesOf (values: readonly number[]): Readonly<Record<Percentile, number>> {
  const sorted = Float64Array.from(values).toSorted()
  return Object.fromEntries(percentiles.map((one) => [one, percentile(sorted, shares[one])])) as Record<Percentile, number>
}
