/** How long this thread works on something, in ms of its processor: what else the machine does meanwhile does not count. Used by tests only. */
export function workTimeOf (work: () => unknown): number {
  const before = process.threadCpuUsage()
  work()
  const { user, system } = process.threadCpuUsage(before)
  return (user + system) / 1000
}
