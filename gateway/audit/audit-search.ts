import { prepareDay } from '../../policies/day.ts'
import { endOf } from '../records/call-record.ts'
import type { CallRecord } from '../records/call-record.ts'
import { listDays, readRecords } from './audit-reader.ts'

/** What is looked for: a day (Europe/Rome), and ids in any spelling (RFC 9562, 4). What is left out is not looked at. */
export interface AuditQuery {
  readonly day?: string | undefined
  readonly purpose?: string | undefined
  readonly consumer?: string | undefined
  readonly correlation?: string | undefined
}

/** The records of a folder that a query fits, in their order; `unreadable` is told of lines that cannot be read. */
export async function * searchAudit (folder: string, query: AuditQuery, unreadable: (file: string, line: number) => void): AsyncGenerator<CallRecord> {
  const dayOf = prepareDay()
  const fits = (record: CallRecord): boolean => is(query.purpose, record.purposeId) && is(query.consumer, record.consumerId) && is(query.correlation, record.correlationId) &&
    (query.day === undefined || dayOf(endOf(record)).date === query.day)
  for await (const records of readRecords(folder, await daysOf(folder, query.day), unreadable)) yield * records.filter(fits)
}

function is (wanted: string | undefined, value: string | undefined): boolean {
  return wanted === undefined || wanted.toLowerCase() === value?.toLowerCase()
}

/** The days of files in which records of a day may be: its own, and the next one of which there are files, where a call ended before midnight and was written after another behind it. */
async function daysOf (folder: string, day: string | undefined): Promise<ReadonlySet<string> | undefined> {
  if (day === undefined) return undefined
  const after = (await listDays(folder)).find((one) => one > day)
  return new Set([day, ...after === undefined ? [] : [after]])
}
