import type { Queries } from './database.ts'
import type { DataQualityNote, Row } from './dataset.ts'
import { insertRows } from './insert-rows.ts'
import { minuteText } from './rome.ts'

/** Rows that are figured out from what comes in, by the collection that serves them and the period that they are of. */
export const liveFiguresMigration = `CREATE TABLE live_figures (
  collection TEXT NOT NULL, period TEXT NOT NULL, place INTEGER NOT NULL, content TEXT NOT NULL, PRIMARY KEY (collection, period, place)
) STRICT, WITHOUT ROWID`

/** Puts rows in the place of those that a collection has of a period. To be run inside a transaction. */
export async function replaceFigures (queries: Queries, collection: string, period: string, rows: readonly Row[]): Promise<void> {
  await queries.query('DELETE FROM live_figures WHERE collection = ? AND period = ?', [collection, period])
  await insertRows(queries, 'live_figures', rows.map((row, place) => [collection, period, place, JSON.stringify(row)]))
}

/** The rows of a collection, by periods. */
export async function readFigures (queries: Queries, collection: string): Promise<readonly Row[]> {
  const rows = await queries.query<{ content: string }>('SELECT content FROM live_figures WHERE collection = ? ORDER BY period, place', [collection])
  return rows.map(({ content }) => JSON.parse(content) as Row)
}

/** A span of time in epoch minutes: from one on and before another. */
export interface Span { readonly from: number, readonly to: number }

/** What is said of figures of a month of which only a part was observed. */
export function notesOnPart (observed: Span, month: Span): readonly DataQualityNote[] {
  return [
    ...observed.from > month.from ? [{ id: 'observed-since', note: `Il servizio è osservato solo dal ${minuteText(observed.from)}.` }] : [],
    ...observed.to < month.to ? [{ id: 'partial-period', note: `Il mese è parziale: il dato comprende quanto osservato fino al ${minuteText(observed.to)}.` }] : []
  ]
}
