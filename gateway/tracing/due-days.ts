import { addDays, dayAt, daysBetween, lastSettledDay } from './calendar.ts'
import { firstDay } from './count-day.ts'
import type { DayCounting } from './day-counting.ts'
import { isTaken } from './filing.ts'
import type { SharedCounting } from './shared-counting.ts'
import type { DayState } from './tracing-days.ts'

/** Counts of one machine, or of those that share a Redis. */
export type SharedDays = DayCounting & Partial<Pick<SharedCounting, 'lock' | 'unlock' | 'tellFirst'>>

/**
 * The days that are to be filed, the oldest first: over by `now` (epoch ms) and all written, and not with the platform, or with more records than it was told of. `isComplete` when no machine's counts are waited for.
 */
export async function dueDays (state: string, counting: SharedDays, now: number): Promise<readonly { readonly day: string, readonly isComplete: boolean }[]> {
  const own = await firstDay(state, now)
  const told = counting.tellFirst ? await counting.tellFirst(own) : own
  const states = await counting.states()
  const first = [...states.keys(), told].filter((day) => day !== undefined).toSorted()[0]
  const due: { day: string, isComplete: boolean }[] = []
  for (const day of first === undefined ? [] : daysBetween(first, lastSettledDay(now))) {
    const before = states.get(day)
    if (!isLookedAt(before, day, now)) continue
    // Counts are told to other machines here, also by the one that does not file.
    const { source, isComplete } = await counting.day(day)
    if (!isFiled(before, source)) due.push({ day, isComplete })
  }
  return due
}

/** Of days that the platform has had for long the records are not looked at any more, in days. */
const settledDays = 14

function isLookedAt (state: DayState | undefined, day: string, now: number): boolean {
  return state === undefined || !isTaken(state) || day >= addDays(dayAt(now), -settledDays)
}

/** True where the platform has the file of exactly these records. */
function isFiled (state: DayState | undefined, source: string | undefined): boolean {
  return state !== undefined && isTaken(state) && state.filedSha256 !== undefined && state.source === source
}
