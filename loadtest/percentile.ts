/** Nearest-rank percentile of sorted values. */
export function percentile (sorted: Float64Array, share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0
}
