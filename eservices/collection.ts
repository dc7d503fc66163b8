import { createHash } from 'node:crypto'
import type { EServiceRequest, Operation, Ports, Reply } from './eservice.ts'
import type { Database, SqlValue } from './database.ts'
import type { Dataset, Row } from './dataset.ts'
import { insertRows } from './insert-rows.ts'
import { invalidCursor, pageOf } from './page.ts'

const sourceColumns = ['source_document', 'source_section']

/** Creates the table of a dataset and fills it, afresh where the store has another; the columns are those of its rows, the composite ones as JSON. */
export async function storeDataset (database: Database, dataset: Dataset): Promise<void> {
  const columns = scalarColumns(dataset)
  const declared = [...columns.map((column) => `"${column}" ${isNumeric(dataset, column) ? 'REAL' : 'TEXT'}`), 'source TEXT', 'data_quality TEXT']
  const rows = dataset.rows.map((row, position) => [position, ...columns.map((column) => toSql(row[column])), JSON.stringify(row.source), JSON.stringify(row.dataQuality)])
  const digest = createHash('sha256').update(JSON.stringify([declared, rows])).digest('base64url')
  await database.transaction(async (queries) => {
    // Other hosts may be serving it from the same store: what is there already is not taken from under them.
    await queries.query('CREATE TABLE IF NOT EXISTS stored_datasets (name TEXT PRIMARY KEY, digest TEXT NOT NULL) STRICT')
    const [stored] = await queries.query<{ digest: string }>('SELECT digest FROM stored_datasets WHERE name = ?', [dataset.name])
    if (stored?.digest === digest) return
    await queries.query(`DROP TABLE IF EXISTS "${dataset.name}"`)
    await queries.query(`CREATE TABLE "${dataset.name}" (position INTEGER PRIMARY KEY, ${declared.join(', ')}) STRICT`)
    await insertRows(queries, `"${dataset.name}"`, rows)
    await queries.query('INSERT INTO stored_datasets VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET digest = excluded.digest', [dataset.name, digest])
  })
}

function collection (database: Database, dataset: Dataset, cache: 'published' | 'current'): Operation {
  const columns = scalarColumns(dataset)
  return async ({ parameters }: EServiceRequest): Promise<Reply> => {
    const limit = Number(parameters['limit'] ?? 100)
    const wanted = columns.filter((column) => parameters[parameterName(column)] !== undefined)
    const conditions = ['position >= ?', ...wanted.map((column) => `"${column}" = ?`)]
    const rows = await database.query(
      `SELECT * FROM "${dataset.name}" WHERE ${conditions.join(' AND ')} ORDER BY position LIMIT ?`,
      [readCursor(parameters['cursor']), ...wanted.map((column) => parameters[parameterName(column)] as SqlValue), limit + 1])
    const next = rows[limit]
    return { ...collectionPage(rows.slice(0, limit).map((row) => toItem(row, columns)), columns, next && Number(next['position'])), cache }
  }
}

/** One page of a collection, as JSON and as CSV; `next` is the position of the first row of the page behind it. */
function collectionPage (items: readonly Row[], columns: readonly string[], next: number | undefined): Reply {
  return {
    ...pageOf(items, next === undefined ? undefined : Buffer.from(String(next)).toString('base64url')),
    rows: {
      columns: [...columns, ...sourceColumns, 'data_quality'],
      values: items.map((item) => [...columns.map((column) => (item[parameterName(column)] ?? null) as string | number | null),
        item.source.document, item.source.section, item.dataQuality.map((note) => `${note.id}: ${note.note}`).join(' | ')])
    }
  }
}

/**
 * The operation that serves rows that change with what comes in, in the form of a dataset's: with the same filters, pages and CSV. What is figured out anew may stand at another place then, so that who reads page by page
 * meanwhile may miss a row. They are the same for every caller.
 */
export function serveRows (columns: readonly string[], read: () => Promise<readonly Row[]>): Operation {
  return async ({ parameters }) => {
    const limit = Number(parameters['limit'] ?? 100)
    const wanted = columns.filter((column) => parameters[parameterName(column)] !== undefined)
    const first = readCursor(parameters['cursor'])
    const found = [...(await read()).entries()].filter(([position, row]) => position >= first && wanted.every((column) => row[column] === parameters[parameterName(column)]))
    const items = found.slice(0, limit).map(([, row]) => ({
      ...Object.fromEntries(columns.filter((column) => row[column] !== undefined && (row[column] !== null || column === 'value')).map((column) => [parameterName(column), row[column]])),
      source: row.source,
      dataQuality: row.dataQuality
    }))
    return { ...collectionPage(items, columns, found[limit]?.[0]), cache: 'current' }
  }
}

/**
 * The operation that serves a dataset from its table: one filter per query parameter named like a column (kebab names become camelCase),
 * pages of `limit` rows, an opaque `cursor` (an unknown one is a 400), and the same rows as CSV. Its rows are the same for every caller. Throws when there is no such dataset.
 */
export function serveDataset (ports: Ports, name: string, cache: 'published' | 'current' = 'published'): Operation {
  const dataset = ports.datasets.get(name)
  if (!dataset) throw new Error(`there is no dataset "${name}" in the data folder`)
  return collection(ports.database, dataset, cache)
}

/** A column's name as query parameter and JSON member. */
export function parameterName (column: string): string {
  return column.replaceAll(/[-_]([a-z0-9])/g, (_match, letter: string) => letter.toUpperCase())
}

/** The columns of a dataset but for source and quality. */
export function scalarColumns (dataset: Dataset): readonly string[] {
  const all = [...dataset.key, 'value', 'unit', ...dataset.attributes]
  return all.filter((column, index) => all.indexOf(column) === index && dataset.rows.some((row) => column in row))
}

function isNumeric ({ rows }: Dataset, column: string): boolean {
  return rows.every((row) => typeof (row[column] ?? 0) === 'number')
}

function toItem (row: Record<string, SqlValue>, columns: readonly string[]): Row {
  const members = columns.filter((column) => row[column] !== null || (column === 'value' && row['unit'] !== null)).map((column) => [parameterName(column), fromSql(row[column] ?? null)])
  return { ...Object.fromEntries(members), source: JSON.parse(String(row['source'])), dataQuality: JSON.parse(String(row['data_quality'])) }
}

// Lists and objects among the attributes are kept as JSON text behind a marker that no plain text starts with.
const jsonMarker = '\u0001json:'

function toSql (value: unknown): SqlValue {
  if (typeof value === 'boolean') return jsonMarker + String(value)
  if (value === undefined || value === null) return null
  return typeof value === 'object' ? jsonMarker + JSON.stringify(value) : value as SqlValue
}

function fromSql (value: SqlValue): unknown {
  return typeof value === 'string' && value.startsWith(jsonMarker) ? JSON.parse(value.slice(jsonMarker.length)) : value
}

function readCursor (cursor: unknown): number {
  if (typeof cursor !== 'string') return 0
  const text = Buffer.from(cursor, 'base64url').toString('latin1')
  if (!/^\d{1,9}$/.test(text)) throw invalidCursor()
  return Number(text)
}
