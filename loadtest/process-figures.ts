import { readdirSync, readFileSync } from 'node:fs'

/** The unit in which Linux tells CPU time to programs (USER_HZ), in µs. */
const tickMicros = 10_000

/** User and system CPU time that processes have used so far, in µs, over all their threads; undefined where the system does not tell (anywhere but on Linux). */
export function cpuMicrosOf (pids: readonly number[]): number | undefined {
  return sumOf(pids, scheduledMicros) ?? sumOf(pids, countedMicros)
}

/** By the scheduler, to the nanosecond; of the threads that there are (CONFIG_SCHED_INFO). */
function scheduledMicros (pid: number): number {
  const tasks = readdirSync(`/proc/${pid}/task`)
  return tasks.reduce((sum, task) => sum + Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'latin1').split(' ', 1)[0]) / 1000, 0)
}

/** By the ticks of the clock, which in a short round are few. */
function countedMicros (pid: number): number {
  const line = readFileSync(`/proc/${pid}/stat`, 'latin1')
  // The name of the program is in parentheses and may hold spaces and parentheses itself; utime and stime are the 14th and 15th field.
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * tickMicros
}

/** Resident memory of processes, in bytes; undefined where the system does not tell. */
export function rssBytesOf (pids: readonly number[]): number | undefined {
  return sumOf(pids, (pid) => Number(/^VmRSS:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]) * 1024)
}

function sumOf (pids: readonly number[], read: (pid: number) => number): number | undefined {
  if (pids.length === 0) return undefined
  try {
    const sum = pids.reduce((sum, pid) => sum + read(pid), 0)
    return Number.isNaN(sum) ? undefined : sum
  } catch {
    return undefined
  }
}
