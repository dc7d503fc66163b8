import { createReadStream } from 'node:fs'
import { STATUS_CODES } from 'node:http'
import { createInterface } from 'node:readline'
import { isUuid } from '../../policies/claim.ts'
import { isDay } from './calendar.ts'
import { tracingColumns, tracingErrorSeverity } from './error-codes.ts'
import type { TracingErrorCode } from './error-codes.ts'

/** What is known of a purpose: that the tenant may trace its calls, that it belongs to others, or that there is none. */
export type PurposeStanding = 'own' | 'foreign' | 'unknown'

/** What a file is held to. Without a day it is the one of its first row; without `standingOf` nothing is said of purposes beyond their form. */
export interface TraceTerms { readonly day?: string | undefined, readonly standingOf?: ((purposeId: string) => PurposeStanding) | undefined }

/** What is wrong with a file, in the platform's codes (where we say INVALID_DELIMITER of semicolons it says INVALID_CSV_HEADERS); `row` is counted from 1, without the header, and 0 for the file itself. */
export interface TraceFinding { readonly row: number, readonly code: TracingErrorCode, readonly severity: 'INVALID' | 'WARNING', readonly message: string }

/** What became of a validation: how many findings there are of which gravity, and the first of them. */
export interface TraceVerdict { readonly day: string | undefined, readonly rows: number, readonly calls: number, readonly invalid: number, readonly warnings: number, readonly findings: readonly TraceFinding[] }

type Column = (typeof tracingColumns)[number]
type Row = Readonly<Record<Column, string>>

interface RowRule { readonly code: TracingErrorCode, readonly holds: (row: Row, terms: TraceTerms) => boolean, readonly message: (row: Row, terms: TraceTerms) => string }

const wholeNumber = /^(?:0|[1-9]\d{0,14})$/

/** One row at a time. Stricter than the platform where that takes what cannot be meant: fractions, spaces, quotes. */
const rowRules: readonly RowRule[] = [
  { code: 'INVALID_DATE', holds: ({ date }, { day }) => date === day, message: ({ date }, { day }) => `date is ${shown(date)}; the file is for ${day}` },
  { code: 'INVALID_PURPOSE', holds: ({ purpose_id: id }) => isUuid(id), message: ({ purpose_id: id }) => `purpose_id is ${shown(id)}, which is no UUID` },
  { code: 'PURPOSE_NOT_FOUND', holds: ({ purpose_id: id }, { standingOf }) => !isUuid(id) || standingOf?.(id) !== 'unknown', message: ({ purpose_id: id }) => `there is no purpose ${id}` },
  { code: 'TENANT_IS_NOT_PRODUCER_OR_CONSUMER', holds: ({ purpose_id: id }, { standingOf }) => !isUuid(id) || standingOf?.(id) !== 'foreign', message: ({ purpose_id: id }) => `the tenant is neither producer, nor its delegate, nor consumer of the purpose ${id}` },
  { code: 'INVALID_STATUS_CODE', holds: ({ status }) => /^[1-5]\d\d$/.test(status) && STATUS_CODES[status] !== undefined, message: ({ status }) => `status is ${shown(status)}, which is no standard HTTP status` },
  { code: 'INVALID_TOKEN', holds: ({ token_id: id }) => isUuid(id), message: ({ token_id: id }) => `token_id is ${shown(id)}; it is the jti of a voucher, a UUID` },
  { code: 'INVALID_REQUEST_COUNT', holds: ({ requests_count: count }) => wholeNumber.test(count), message: ({ requests_count: count }) => `requests_count is ${shown(count)}, which is no whole number` }
]

/** A longer line is no row of such a file, in characters. */
const longestRow = 1000

/** Holds a file to every rule, in memory that grows with its rows only by their keys; gives the first `most` findings. Throws what the file system throws. */
export async function validateTraceFile (path: string, terms: TraceTerms = {}, most = 1000): Promise<TraceVerdict> {
  const lines = createInterface({ input: createReadStream(path), crlfDelay: Infinity })
  return validateTrace(lines, terms, most)
}

/** The same of lines without their ends. */
export async function validateTrace (lines: AsyncIterable<string> | Iterable<string>, terms: TraceTerms, most = 1000): Promise<TraceVerdict> {
  const findings: TraceFinding[] = []
  const seen = new Map<string, number>()
  const totals = { rows: 0, calls: 0, invalid: 0, warnings: 0 }
  let day = terms.day
  let columns: readonly string[] | undefined
  const find = (row: number, code: TracingErrorCode, message: string): void => {
    const severity = tracingErrorSeverity[code]
    totals[severity === 'INVALID' ? 'invalid' : 'warnings']++
    if (findings.length < most) findings.push({ row, code, severity, message })
  }
  for await (const line of lines) {
    if (columns === undefined) {
      columns = line.replace(/^\ufeff/, '').split(',')
      const fault = faultOfHeader(columns)
      if (!fault) continue
      find(0, ...fault)
      break
    }
    const number = ++totals.rows
    const cells = line.split(',')
    if (line.length > longestRow || cells.length !== columns.length || line.includes('"')) {
      find(number, 'INVALID_ROW_SCHEMA', `a row has the ${columns.length} cells ${columns.join(', ')}, without quotes; this one has ${cells.length}`)
      continue
    }
    const row = Object.fromEntries(columns.map((name, index) => [name, cells[index]])) as Row
    day ??= isDay(row.date) ? row.date : undefined
    for (const rule of rowRules) if (!rule.holds(row, { ...terms, day })) find(number, rule.code, rule.message(row, { ...terms, day }))
    const key = `${row.purpose_id} ${row.status} ${row.token_id}`
    const other = seen.get(key)
    if (other === undefined) seen.set(key, number)
    else find(number, 'PURPOSE_AND_STATUS_AND_TOKEN_NOT_UNIQUE', `row ${other} has the same purpose_id, status and token_id`)
    totals.calls += wholeNumber.test(row.requests_count) ? Number(row.requests_count) : 0
  }
  if (columns === undefined) find(0, 'INVALID_CSV', 'the file is empty: the header has to be there')
  return { day, ...totals, findings }
}

function faultOfHeader (columns: readonly string[]): readonly [TracingErrorCode, string] | undefined {
  if (columns.some((name) => name.includes(';'))) return ['INVALID_DELIMITER', 'cells are separated by commas, not by semicolons']
  if (columns.toSorted().join() === tracingColumns.toSorted().join()) return undefined
  return ['INVALID_CSV_HEADERS', `the columns are ${tracingColumns.join(', ')}; here they are ${shown(columns.join(', '))}`]
}

function shown (text: string): string {
  const quoted = JSON.stringify(text)
  return quoted.length > 60 ? `${quoted.slice(0, 60)}...` : quoted
}
