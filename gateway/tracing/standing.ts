import { addDays, boundsOf, dayAt, daysBetween } from './calendar.ts'
import { firstDay } from './count-day.ts'
import { isTaken } from './filing.ts'
import { readDays } from './tracing-days.ts'
import type { DayState } from './tracing-days.ts'

/** How it stands with tracing, as operations are told. */
export interface TracingStanding {
  /** The latest day that the platform has, and when it took it (RFC 3339). */
  readonly lastFiledDay: string | null
  readonly lastFiledAt: string | null
  /** Days that are over and that the platform does not have, the oldest first. */
  readonly missingDays: readonly string[]
  /** Why the oldest of them, or the last one filed, is not as it should be. */
  readonly lastError: string | null
  readonly days: readonly Pick<DayState, 'day' | 'state' | 'rows' | 'calls' | 'errors'>[]
}

/** A day is not missed before this time after its end, in ms: there are nights in which the platform is away for an hour. */
const patienceMs = 6 * 60 * 60 * 1000
const shownDays = 14

/** How it stands with tracing by what lies in a state folder; reads no records. `now` in epoch ms. Throws a sentence when the file there is broken. */
export async function tracingStateOf (state: string, now: number): Promise<TracingStanding> {
  const states = await readDays(state)
  const first = [await firstDay(state, now), ...states.keys()].filter((day) => day !== undefined).toSorted()[0]
  const days = first === undefined ? [] : daysBetween(first, addDays(dayAt(now), -1))
  const taken = days.flatMap((day) => {
    const one = states.get(day)
    return one && one.filedAt !== undefined ? [one] : []
  })
  const missingDays = days.filter((day) => !isFiled(states.get(day)) && now >= boundsOf(day).endsAt + patienceMs)
  const last = taken.at(-1)
  return {
    lastFiledDay: last?.day ?? null,
    lastFiledAt: last?.filedAt ?? null,
    missingDays,
    lastError: days.map((day) => states.get(day)).find((one) => one?.lastError !== undefined && one.state !== 'WARNING')?.lastError ?? null,
    days: days.slice(-shownDays).map((day) => {
      const { state: held = 'UNFILED', rows = 0, calls = 0, errors = 0 } = states.get(day) ?? {}
      return { day, state: held, rows, calls, errors }
    })
  }
}

/** What is being replaced was taken once. */
function isFiled (state: DayState | undefined): boolean {
  return state !== undefined && (isTaken(state) || (state.state === 'PENDING' && state.filedAt !== undefined))
}
