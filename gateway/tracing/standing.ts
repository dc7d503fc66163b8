import { boundsOf, daysBetween, lastSettledDay } from './calendar.ts'
import { firstDay } from './count-day.ts'
import { isTaken } from './filing.ts'
import { readDays, untouched } from './tracing-days.ts'
import type { DayState } from './tracing-days.ts'

/** How it stands with tracing, as operations are told. */
export interface TracingStanding {
  /** The latest day that the platform has, and when it took it (RFC 3339). */
  readonly lastFiledDay: string | null
  readonly lastFiledAt: string | null
  /** Days that are over and that the platform does not have, the oldest first. */
  readonly missingDays: readonly string[]
  /** Those whose file the platform refused, and why. */
  readonly refused: readonly { readonly day: string, readonly why: string }[]
  /** Why the oldest day with which something is wrong is not as it should be; null when nothing is. Of a day that the platform has it is told for two weeks. */
  readonly lastError: string | null
  readonly days: readonly Pick<DayState, 'day' | 'state' | 'rows' | 'calls' | 'errors'>[]
}

/** A day is not missed before this time after its end, in ms: there are nights in which the platform is away for an hour. */
const patienceMs = 6 * 60 * 60 * 1000
const shownDays = 14

/** How it stands with tracing by what lies in a state folder; reads no records. `now` in epoch ms. Throws a sentence when the file there is broken. */
export async function tracingStateOf (state: string, now: number): Promise<TracingStanding> {
  return standingOfDays(await readDays(state), await firstDay(state, now), now)
}

/** The same of what was done with days; `first` is the first one of which there are records. */
export function standingOfDays (states: ReadonlyMap<string, DayState>, first: string | undefined, now: number): TracingStanding {
  const start = [first, ...states.keys()].filter((day) => day !== undefined).toSorted()[0]
  const days = (start === undefined ? [] : daysBetween(start, lastSettledDay(now))).map((day) => states.get(day) ?? untouched(day, now))
  const last = days.findLast(isFiled)
  return {
    lastFiledDay: last?.day ?? null,
    lastFiledAt: last?.filedAt ?? null,
    missingDays: days.filter((one) => !isFiled(one) && now >= boundsOf(one.day).endsAt + patienceMs).map(({ day }) => day),
    refused: days.filter(({ state }) => state === 'ERROR').map(({ day, lastError }) => ({ day, why: lastError ?? '' })),
    lastError: days.find((one, index) => one.lastError !== undefined && one.state !== 'WARNING' && (!isFiled(one) || index >= days.length - shownDays))?.lastError ?? null,
    days: days.slice(-shownDays).map(({ day, state, rows, calls, errors }) => ({ day, state, rows, calls, errors }))
  }
}

/** What is being replaced was taken once. */
function isFiled (state: DayState): boolean {
  return isTaken(state) || (state.state === 'PENDING' && state.filedAt !== undefined)
}
