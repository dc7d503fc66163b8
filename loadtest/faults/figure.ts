import type { startSite } from './site.ts'

/** The surroundings of a measurement: what may interrupt it, whether few numbers will do, what it is measured on, and where it tells how far it is. */
export interface Run {
  readonly signal: AbortSignal
  readonly quick: boolean
  readonly startSite: typeof startSite
  readonly tell: (progress: string) => void
}

/** What was measured of a promise, in the numbers that were really used. */
export interface Measured {
  readonly promised: string
  readonly measured: string
  readonly kept: boolean
  /** The same for programs: counts, times in ms where the name says so. */
  readonly numbers: Readonly<Record<string, number>>
  /** Answers that are neither good nor a refusal that belongs to the measurement, each kind with how often it came. */
  readonly unexpected: readonly string[]
}

/** A promise of the gateway as a number that can be measured. */
export interface Figure {
  readonly name: string
  readonly promise: string
  readonly method: string
  /** Starts what it needs, measures and stops it all. Throws when it could not be measured. */
  readonly measure: (run: Run) => Promise<Measured>
}
