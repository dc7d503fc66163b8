import { DocumentError, isObject } from '../openapi/document.ts'
import type { JsonObject } from '../openapi/document.ts'

export interface Source { readonly document: string, readonly title: string, readonly section: string }
export interface DataQualityNote { readonly id: string, readonly note: string }

/** One row as published: a figure (it has a `value`) or a statement, always with its source and the notes on its quality. */
export interface Row {
  readonly [column: string]: unknown
  readonly source: Source
  readonly dataQuality: readonly DataQualityNote[]
}

/** A published table. `key` columns identify a row; `attributes` only describe it. */
export interface Dataset {
  readonly name: string
  readonly title: string
  readonly key: readonly string[]
  readonly attributes: readonly string[]
  readonly rows: readonly Row[]
}

const figureColumns = ['measure', 'period', 'value', 'unit']
const identifying = ['measure', 'period']

/** Reads one data file (already parsed) as a published table. Throws DocumentError naming file and row. */
export function toDataset (file: JsonObject, path: string, sources: JsonObject): Dataset {
  const { dataset, title, dimensions = [], attributes = [], defaults = {}, rows } = file as Record<string, unknown>
  if (typeof dataset !== 'string' || typeof title !== 'string' || !Array.isArray(rows)) throw new DocumentError(path, 'needs dataset, title and rows')
  const key = [...dimensions as string[], ...identifying]
  const allowed = new Set([...key, ...figureColumns, ...attributes as string[], 'source', 'dataQuality'])
  const published = rows.map((raw: unknown, index) => {
    if (!isObject(raw)) throw new DocumentError(path, `row ${index + 1} is not an object`)
    const row = { ...defaults as JsonObject, ...raw }
    const stranger = Object.keys(row).find((column) => !allowed.has(column))
    if (stranger) throw new DocumentError(path, `row ${index + 1}: "${stranger}" is neither a dimension nor an attribute of this dataset`)
    if ('value' in row && row['value'] !== null && typeof row['value'] !== 'number') throw new DocumentError(path, `row ${index + 1}: value must be a number or null`)
    if ('value' in row && !identifying.concat('unit').every((column) => typeof row[column] === 'string')) {
      throw new DocumentError(path, `row ${index + 1}: a figure needs measure, period and unit (period in quotes)`)
    }
    return { ...row, source: toSource({ ...file['source'] as JsonObject, ...row['source'] as JsonObject }, sources, path), dataQuality: (row['dataQuality'] ?? []) as unknown as DataQualityNote[] }
  })
  refuseTwins(published, key, path)
  return { name: dataset, title, key: key.filter((column) => published.some((row) => column in row)), attributes: attributes as string[], rows: published }
}

function toSource (source: JsonObject, sources: JsonObject, path: string): Source {
  const { document, section } = source
  const entry = typeof document === 'string' ? sources[document] : undefined
  const title = isObject(entry) ? entry['title'] : undefined
  if (typeof document !== 'string' || typeof title !== 'string' || typeof section !== 'string') {
    throw new DocumentError(path, 'source needs a document known to sources.yaml and a section')
  }
  return { document, title, section }
}

function refuseTwins (rows: readonly Row[], key: readonly string[], path: string): void {
  const seen = new Set<string>()
  for (const row of rows) {
    const id = rowKey(row, key)
    if (seen.has(id)) throw new DocumentError(path, `two rows have the same key: ${id}`)
    seen.add(id)
  }
}

/** The identity of a row inside its dataset, for messages and for attaching notes: `column=value` pairs in key order. */
export function rowKey (row: Row, key: readonly string[]): string {
  return key.filter((column) => row[column] !== undefined).map((column) => `${column}=${String(row[column])}`).join(' ')
}
