import type { Queries } from '../database.ts'
import type { Ports, TakeReport } from '../eservice.ts'
import { notesOnPart, replaceFigures } from '../live-figures.ts'
import { minutesOfMonth, monthsBetween } from '../rome.ts'
import { smallestCell } from '../suppression.ts'
import { loadCategories } from './categories.ts'
import { liveUsages } from './live-usages.ts'
import { keepUses, lastMinutes, readUses } from './uses.ts'

/**
 * Prepares taking in telemetry: the figures of the months that a report is about are worked out anew with it. Settings: `categories`, the file that says of which category an e-service is, and
 * `smallestCell`, below which no figure is published (5; never less, as the contract says). Throws when one of them cannot be used.
 */
export async function prepareTelemetry ({ database, datasets, now, settings }: Ports): Promise<TakeReport> {
  const known = new Set(datasets.get('category-usages')?.rows.map((row) => String(row['category'])).filter((category) => category !== 'total'))
  const categoryOf = await loadCategories(settings['categories'] ?? new URL('categories.yaml', import.meta.url), known)
  const smallest = smallestOf(settings['smallestCell'])
  const refresh = async (queries: Queries, month: string): Promise<void> => {
    const span = minutesOfMonth(month)
    const uses = await readUses(queries, span.from / 60, span.to / 60)
    const [last = 0] = await lastMinutes(queries)
    const notes = notesOnPart({ from: (uses[0]?.hour ?? 0) * 60, to: last + 1 }, span)
    const figures = liveUsages(uses, { month, categoryOf, smallest, notes })
    for (const [collection, rows] of Object.entries(figures)) await replaceFigures(queries, collection, month, uses.length === 0 ? [] : rows)
  }
  // Settings may be others than before; months that are over keep theirs.
  await database.transaction(async (queries) => {
    for (const last of await lastMinutes(queries)) for (const month of monthsBetween(last, last)) await refresh(queries, month)
  })
  return async (report) => database.transaction(async (queries) => {
    const { taken, span } = await keepUses(queries, report, now())
    for (const month of span ? monthsBetween(span.from, span.to) : []) await refresh(queries, month)
    return { taken, ignored: report.minutes.length - taken }
  })
}

function smallestOf (setting: string | undefined): number {
  if (setting === undefined) return smallestCell
  const smallest = Number(setting)
  if (!Number.isInteger(smallest) || smallest < smallestCell || smallest > 1000) throw new Error(`SERVICE_USAGE_SMALLEST_CELL is "${setting}": it must be a number from ${smallestCell} to 1000`)
  return smallest
}
