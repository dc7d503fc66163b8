import { readdirSync, readFileSync } from 'node:fs'

/** The unit in which Linux tells CPU time to programs (USER_HZ), in µs. */
const tickMicros = 10_000

/** User and system CPU time that processes have used so far, in µs, over all their threads; undefined where the system does not tell (anywhere but on Linux). */
export function cpuMicrosOf (pids: readonly number[]): number | undefined {
  return sumOf(pids, scheduledMicros) ?? sumOf(pids, countedMicros)
}

/** What the threads of processes had used when they were last looked at, in µs: the system forgets a thread that has ended. */
const threads = new Map<number, Map<string, number>>()

/** By the scheduler, to the nanosecond (CONFIG_SCHED_INFO); what a thread does between the last reading and its end is not in it. */
function scheduledMicros (pid: number): number {
  const known = threads.get(pid) ?? new Map<string, number>()
  threads.set(pid, known)
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    const schedstat = readIfThere(`/proc/${pid}/task/${task}/schedstat`)
    if (schedstat !== undefined) known.set(task, Number(schedstat.split(' ', 1)[0]) / 1000)
  }
  if (known.size === 0) throw new Error('the scheduler does not tell')
  return known.values().reduce((sum, micros) => sum + micros, 0)
}

/** A file of a thread; undefined when it has ended since it was listed, or where there is no such file. */
function readIfThere (path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return undefined
  }
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
