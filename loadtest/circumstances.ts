import { execFileSync } from 'node:child_process'
import { availableParallelism, cpus } from 'node:os'
import type { Load } from './scenario.ts'

/** Under which circumstances something was measured: a figure without them means nothing. */
export interface Circumstances extends Load {
  /** The version of Node, without a "v". */
  readonly node: string
  readonly cores: number
  readonly cpuModel: string
  /** When the run began (ISO 8601, UTC). */
  readonly date: string
  /** The commit of the source tree, where git tells it; "+" at its end says that files are changed. */
  readonly commit: string | undefined
  /** Whether what is measured has a core of its own, and the generator with everything else another one. */
  readonly pinned: boolean
  /** The address that was aimed at, unless the run started what it measured. */
  readonly url: string | undefined
  /** What was asked for and could not be measured here, and why. */
  readonly skipped: readonly { readonly name: string, readonly why: string }[]
}

/** The circumstances of a run that begins now. */
export function circumstancesOf (load: Load, known: Pick<Circumstances, 'pinned' | 'url' | 'skipped'>): Circumstances {
  const { seconds, calls, rounds, connections } = load
  return {
    node: process.versions.node,
    cores: availableParallelism(),
    cpuModel: cpus()[0]?.model.trim() ?? 'unknown',
    date: new Date().toISOString(),
    commit: commit(),
    seconds,
    calls,
    rounds,
    connections,
    ...known
  }
}

/** How long a round is. */
export function lengthOf ({ seconds, calls }: Pick<Load, 'seconds' | 'calls'>): string {
  return calls === undefined ? `${seconds} s` : `${calls} calls`
}

function commit (): string | undefined {
  const git = (...args: readonly string[]): string => execFileSync('git', args, { cwd: import.meta.dirname, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  try {
    return git('rev-parse', '--short=12', 'HEAD') + (git('status', '--porcelain', '--untracked-files=no') === '' ? '' : '+')
  } catch {
    return undefined
  }
}
