import { countDay, sourceOf } from './count-day.ts'
import type { TracedCalls } from './count-day.ts'
import type { TraceCounts } from './trace-counts.ts'
import { keepDay, readDays } from './tracing-days.ts'
import type { DayState } from './tracing-days.ts'

/** The calls of a day before they are counted: which records they are in, and whether those of every machine are there. */
export interface UncountedDay { readonly source: string, readonly isComplete: boolean, count (): Promise<TraceCounts> }

/** What filing works with: of one state folder, or of the several that share a Redis. */
export interface DayCounting {
  /** How it stands with every day, in their order. */
  states (): Promise<ReadonlyMap<string, DayState>>
  keep (state: DayState): Promise<void>
  day (day: string): Promise<UncountedDay>
}

/** That of one state folder. */
export function countLocally (state: string, traced: TracedCalls): DayCounting {
  return {
    states: async () => readDays(state),
    keep: async (day) => keepDay(state, day),
    day: async (day) => ({ source: await sourceOf(state, day), isComplete: true, count: async () => countDay(state, day, traced) })
  }
}
