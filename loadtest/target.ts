import type { Platform } from './platform.ts'

/** Something that is fired at, running. */
export interface Target {
  /** Its origin. */
  readonly url: string
  /** The processes whose CPU time and memory are its own; none where they cannot be told. */
  readonly pids: readonly number[]
  /** What its heap and the buffers beside it take once all garbage was collected, in bytes; undefined when it does not tell. */
  readonly usedBytes?: () => Promise<number | undefined>
  /** What it does around each round. */
  readonly before?: () => Promise<void>
  readonly after?: () => Promise<void>
}

/** What there is before a target starts: a folder for what it writes, the platform, the origin of the upstream, and the cores on which it is to run, if any. */
export interface Ground {
  readonly stack: AsyncDisposableStack
  readonly signal: AbortSignal
  readonly folder: string
  readonly platform: Platform
  readonly upstream: string
  readonly cores: string | undefined
  /** Variables with which a Node program of its own starts, beside those that it needs. */
  readonly env?: Readonly<Record<string, string>>
}

/** A kind of target, which is started once in a run, if a scenario is about it. */
export interface TargetKind {
  readonly name: string
  /** True where it has several processes: then neither it, nor what fires at it, nor its upstream has a core of its own. */
  readonly sharesCores?: boolean
  /** A sentence that says what is not installed here; undefined when it can be started. */
  readonly missing?: () => string | undefined
  readonly start: (ground: Ground) => Promise<Target>
}
