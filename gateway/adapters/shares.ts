/** What one of several processes admits of a limit while it does not know what the others do. */
export function shareOf (limit: number, processes: number): number {
  return limit === 0 ? 0 : Math.max(1, Math.floor(limit / processes))
}

/** How many calls of a limit one of several processes may have out at a time that the others know nothing of: those of all together are a hundredth of it. */
export function sliceOf (limit: number, processes: number): number {
  return Math.floor(limit / (100 * processes))
}
