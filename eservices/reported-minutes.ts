import type { Minute, TelemetryReport } from '../openapi/telemetry.ts'
import type { Queries } from './database.ts'

const minutesOfDay = 1440

/** How long minutes are kept one by one, so that they can be told anew; whole hours are kept for good. Older ones are not taken any more. */
const takenMinutes = 40 * minutesOfDay
const keptMinutes = 42 * minutesOfDay
/** How far the clock of a gateway may be ahead of ours. */
const aheadMinutes = 5

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
  return minutes.filter(({ minute }) => minute > current - takenMinutes && minute <= current + aheadMinutes)
}

/** Forgets the single minutes of a table that no report can change any more. To be run inside a transaction. */
export async function forgetMinutes (queries: Queries, table: string, now: Date): Promise<void> {
  await queries.query(`DELETE FROM ${table} WHERE minute < ?`, [Math.floor(now.getTime() / 60_000) - keptMinutes])
}

/** The hours (epoch ms / 3,600,000) that minutes are of. */
export function hoursOf (minutes: readonly Minute[]): ReadonlySet<number> {
  return new Set(minutes.map(({ minute }) => Math.floor(minute / 60)))
}
