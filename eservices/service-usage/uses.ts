import type { CallCounts, Minute, TelemetryReport } from '../../openapi/telemetry.ts'
import type { Queries, SqlValue } from '../database.ts'
import { countable, forgetMinutes, hoursOf, replaceMinutes } from '../reported-minutes.ts'

/** How often e-services were used, by the organisation: minutes, as each gateway told them, and hours, of all of them together, which are kept. A row of an e-service without a consumer says that it was served. */
export const usesMigration = `
  CREATE TABLE used_minutes (
    minute INTEGER NOT NULL, node TEXT NOT NULL, eservice TEXT NOT NULL, consumer TEXT NOT NULL, uses INTEGER NOT NULL, PRIMARY KEY (minute, node, eservice, consumer)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE used_hours (
    hour INTEGER NOT NULL, eservice TEXT NOT NULL, consumer TEXT NOT NULL, uses INTEGER NOT NULL, PRIMARY KEY (hour, eservice, consumer)
  ) STRICT, WITHOUT ROWID`

/** Of an e-service in an hour (epoch ms / 3,600,000); the consumer is empty where there is none. */
export interface Use { readonly hour: number, readonly eservice: string, readonly consumer: string, readonly uses: number }

/** Keeps what counts of a report; gives how many of its minutes that are, and the time (epoch minutes) of which something is to be told otherwise now. To be run inside a transaction. */
export async function keepUses (queries: Queries, report: TelemetryReport, now: Date): Promise<{ readonly taken: number, readonly span: { readonly from: number, readonly to: number } | undefined }> {
  const minutes = countable(report, now)
  const [before] = minutes.length === 0 ? [] : await lastMinutes(queries)
  await replaceMinutes(queries, 'used_minutes', report.node, minutes, minutes.flatMap((minute) => rowsOf(report.node, minute)))
  for (const hour of hoursOf(minutes)) await sumHour(queries, hour)
  await forgetMinutes(queries, 'used_minutes', now)
  const told = minutes.map(({ minute }) => minute)
  // What was the last minute may be the end of a month that is whole only now.
  const changed = [...told, ...before !== undefined && before < Math.max(...told) ? [before] : []]
  return { taken: minutes.length, span: changed.length === 0 ? undefined : { from: Math.min(...changed), to: Math.max(...changed) } }
}

function rowsOf (node: string, { minute, eservices }: Minute): readonly (readonly SqlValue[])[] {
  return eservices.flatMap(({ name, counts }) => [...usesBy(counts)].map(([consumer, uses]) => [minute, node, name, consumer, uses]))
}

/** A use is a call of a consumer that was answered with what it asked for: 2xx, or 3xx where it has it or finds it elsewhere. */
function usesBy (counts: readonly CallCounts[]): ReadonlyMap<string, number> {
  const by = new Map([['', 0]])
  for (const { consumerId, status } of counts) {
    const uses = status[1] + status[2]
    if (consumerId !== undefined && uses > 0) by.set(consumerId, (by.get(consumerId) ?? 0) + uses)
  }
  return by
}

async function sumHour (queries: Queries, hour: number): Promise<void> {
  await queries.query('DELETE FROM used_hours WHERE hour = ?', [hour])
  await queries.query(`INSERT INTO used_hours SELECT CAST(? AS INTEGER), eservice, consumer, CAST(sum(uses) AS INTEGER) FROM used_minutes WHERE minute >= ? AND minute < ? GROUP BY eservice, consumer`, [hour, hour * 60, (hour + 1) * 60])
}

/** The last minute that was told of, if there is one. */
export async function lastMinutes (queries: Queries): Promise<readonly number[]> {
  const [row] = await queries.query<{ last: number | null }>('SELECT max(minute) AS last FROM used_minutes')
  return typeof row?.last === 'number' ? [row.last] : []
}

/** What was used from an hour on and before another. */
export async function readUses (queries: Queries, from: number, to: number): Promise<readonly Use[]> {
  return queries.query<Use>('SELECT hour, eservice, consumer, uses FROM used_hours WHERE hour >= ? AND hour < ? ORDER BY hour, eservice, consumer', [from, to])
}
