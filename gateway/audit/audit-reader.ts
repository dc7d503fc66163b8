import { isRecord } from '../../policies/jws.ts'
import { DayFiles } from '../adapters/day-files.ts'
import { endOf } from '../records/call-record.ts'
import type { CallRecord } from '../records/call-record.ts'
import { isOwnLine, readLine } from './audit-line.ts'
import { maxLineBytes, readLines } from './line-reader.ts'
import type { Rest } from './line-reader.ts'

/** The files in which records of calls are kept. */
export const auditFiles = new DayFiles('audit')

/** The days (Europe/Rome) of which there are files in a folder, in their order; none when there is no folder. */
export async function listDays (folder: string): Promise<readonly string[]> {
  return [...new Set((await auditFiles.list(folder)).map(({ day }) => day))]
}

/**
 * The records of a folder in the order of its files, some at a time, those of `days` alone where that is given: the day of a file, and a record may be in the file of the day behind that of its call's
 * end. A file may be written meanwhile: what is added after it was opened is left out, and so is a line that is not whole. `unreadable` is told of whole lines that are no records of a time (the first is 1), and of one that is too long to read on behind it.
 */
export async function * readRecords (folder: string, days?: ReadonlySet<string>, unreadable: (file: string, line: number) => void = () => undefined): AsyncGenerator<readonly CallRecord[]> {
  for (const { name, path, day } of await auditFiles.list(folder)) {
    if (days && !days.has(day)) continue
    let number = 0
    const rest = yield * mapped(existing(readLines(path)), (line) => {
      number++
      const record = readRecord(line)
      if (record === undefined) unreadable(name, number)
      return record ?? []
    })
    if (rest && rest.bytes > maxLineBytes && !rest.inZeros) unreadable(name, number + 1)
  }
}

/** Nothing for a file that was taken away since it was listed: its time was over. */
async function * existing (lines: AsyncGenerator<readonly string[], Rest>): AsyncGenerator<readonly string[], Rest | undefined> {
  try {
    return yield * lines
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    return undefined
  }
}

/** What becomes of each line, some at a time, and what is behind them. */
async function * mapped<End> (lines: AsyncGenerator<readonly string[], End>, read: (line: string) => CallRecord | readonly CallRecord[]): AsyncGenerator<readonly CallRecord[], End> {
  try {
    for (let next = await lines.next(); ; next = await lines.next()) {
      if (next.done) return next.value
      yield next.value.flatMap(read)
    }
  } finally {
    await lines.return(undefined as End)
  }
}

/** The record of a line, none ([]) where it is one of the file itself, undefined where it is broken. */
function readRecord (line: string): CallRecord | readonly [] | undefined {
  const read = readLine(line)
  if (!read) return undefined
  if (isOwnLine(read.text)) return []
  try {
    const record: unknown = JSON.parse(read.text)
    return isRecord(record) && Number.isFinite(endOf(record as unknown as CallRecord)) ? record as unknown as CallRecord : undefined
  } catch {
    return undefined
  }
}
