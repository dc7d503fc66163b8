import type { Minute, TelemetryReport } from '../openapi/telemetry.ts'
import type { Queries, SqlValue } from './database.ts'
import { insertRows } from './insert-rows.ts'

const minutesOfDay = 1440

/** How long minutes are kept one by one, so that they can be told anew; whole hours are kept for good. Older ones are not taken any more. */
const takenMinutes = 40 * minutesOfDay
const keptMinutes = 42 * minutesOfDay
/** How far the clock of a gateway may be ahead of ours. */
const aheadMinutes = 5
const deletedTogether = 100

/** What an e-service did with a report. */
export interface Taken {
  /** How many minutes of it count now. */
  readonly taken: number
  /** How many were too old, or not yet. */
  readonly ignored: number
}

/** The minutes of a report that count: those whose hours can still be figured out anew, and that have been. */
export function countable ({ minutes }: TelemetryReport, now: Date): readonly Minute[] {
  const current = Math.floor(now.getTime() / 60_000)
  const taken = minutes.filter(({ minute }) => minute > current - takenMinutes && minute <= current + aheadMinutes)
  // Of a minute that is told twice the last telling counts.
  return [...new Map(taken.map((minute) => [minute.minute, minute])).values()]
}

/** Puts what a node told of minutes in the place of what it told of them before, in rows of (minute, node, …). To be run inside a transaction. */
export async function replaceMinutes (queries: Queries, table: string, node: string, minutes: readonly Minute[], rows: readonly (readonly SqlValue[])[]): Promise<void> {
  const numbers = minutes.map(({ minute }) => minute)
  for (let first = 0; first < numbers.length; first += deletedTogether) {
    const some = numbers.slice(first, first + deletedTogether)
    await queries.query(`DELETE FROM ${table} WHERE node = ? AND minute IN (${some.map(() => '?').join(', ')})`, [node, ...some])
  }
  await insertRows(queries, table, rows, 'ON CONFLICT DO NOTHING')
}

/** Forgets the single minutes of a table that no report can change any more. To be run inside a transaction. */
export async function forgetMinutes (queries: Queries, table: string, now: Date): Promise<void> {
  await queries.query(`DELETE FROM ${table} WHERE minute < ?`, [Math.floor(now.getTime() / 60_000) - keptMinutes])
}

/** The hours (epoch ms / 3,600,000) that minutes are of. */
export function hoursOf (minutes: readonly Minute[]): ReadonlySet<number> {
  return new Set(minutes.map(({ minute }) => Math.floor(minute / 60)))
}
