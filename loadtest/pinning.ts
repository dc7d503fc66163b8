import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** Lists of cores as `taskset` takes them: what is measured has `own` for itself, everything else of a run has the `rest`. */
export interface Cores { readonly own: string, readonly rest: string, readonly all: string }

/** How the cores of this machine are shared out; undefined where there is one only, or no `taskset` (util-linux). */
export function coresOf (): Cores | undefined {
  const [own, ...rest] = allowedCores()
  if (own === undefined || rest.length === 0 || spawnSync('taskset', ['--version']).status !== 0) return undefined
  return { own: `${own}`, rest: rest.join(','), all: [own, ...rest].join(',') }
}

/** The cores that this process may use; none where the system does not tell. */
function allowedCores (): readonly number[] {
  try {
    const list = /^Cpus_allowed_list:\s*(\S+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? ''
    return list.split(',').flatMap((range) => {
      const [first = Number.NaN, last = first] = range.split('-').map(Number)
      return Array.from({ length: last - first + 1 }, (_, index) => first + index)
    })
  } catch {
    return []
  }
}

/** Moves this process, with all its threads and whatever it starts from now on, to a list of cores. */
export function runOn (cores: string): void {
  spawnSync('taskset', ['-a', '-c', '-p', cores, String(process.pid)])
}
