import { prepareDay } from '../../policies/day.ts'

/** Days are those of Europe/Rome, as ISO dates; instants are epoch ms. */

const dayMs = 24 * 60 * 60 * 1000
const dayOf = prepareDay()

/** The day of an instant. */
export function dayAt (now: number): string {
  return dayOf(now).date
}

/** When a day begins, and when it is over: 23 to 25 hours. */
export function boundsOf (day: string): { readonly startsAt: number, readonly endsAt: number } {
  const noon = noonOf(day)
  return { startsAt: prepareDay()(noon - dayMs).endsAt, endsAt: prepareDay()(noon).endsAt }
}

/** After midnight the last records of a day have long been written by then, also those of a clock that goes back a little, in ms. */
const settlingMs = 15 * 60 * 1000

/** The last day that is over and whose records are all written. */
export function lastSettledDay (now: number): string {
  return addDays(dayAt(now - settlingMs), -1)
}

/** The day so many days later, or earlier. */
export function addDays (day: string, count: number): string {
  return new Date(noonOf(day) + count * dayMs).toISOString().slice(0, 10)
}

/** Every day from one to another, both included. */
export function daysBetween (first: string, last: string): readonly string[] {
  const days: string[] = []
  for (let day = first; day <= last; day = addDays(day, 1)) days.push(day)
  return days
}

/** True for a day as it is written: 2026-03-02. */
export function isDay (text: string): boolean {
  const noon = /^\d{4}-\d{2}-\d{2}$/.test(text) ? noonOf(text) : Number.NaN
  return !Number.isNaN(noon) && new Date(noon).toISOString().startsWith(text)
}

// Noon in UTC is on the same day in Rome all year.
function noonOf (day: string): number {
  return Date.parse(`${day}T12:00:00Z`)
}
