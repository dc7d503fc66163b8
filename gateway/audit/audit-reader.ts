import { DayFiles } from '../adapters/day-files.ts'
import type { CallRecord } from '../records/call-record.ts'
import { isOwnLine, readLine } from './audit-line.ts'
import { readLines } from './line-reader.ts'

/** The files in which records of calls are kept. */
export const auditFiles = new DayFiles('audit')

/** The days (Europe/Rome) of which there are files in a folder, in their order; none when there is no folder. */
export async function listDays (folder: string): Promise<readonly string[]> {
  return [...new Set((await auditFiles.list(folder)).map(({ day }) => day))]
}

/**
 * The records of a folder in the order of its files, some at a time, those of `days` alone where that is given: the day of a file, and a record may be in the file of the day behind that of its call's
 * end. A file may be written meanwhile: what is added after it was opened is left out, and so is a line that is not whole. `unreadable` is told of whole lines that are no records (the first is 1).
 */
export async function * readRecords (folder: string, days?: ReadonlySet<string>, unreadable: (file: string, line: number) => void = () => undefined): AsyncGenerator<readonly CallRecord[]> {
  for (const { name, path, day } of await auditFiles.list(folder)) {
    if (days && !days.has(day)) continue
    let number = 0
    for await (const lines of existing(readLines(path))) {
      const first = number + 1
      number += lines.length
      yield lines.flatMap((line, index) => {
        const record = readRecord(line)
        if (record === undefined) unreadable(name, first + index)
        return record ?? []
      })
    }
  }
}

/** Nothing for a file that was taken away since it was listed: its time was over. */
async function * existing (lines: AsyncIterable<readonly string[]>): AsyncGenerator<readonly string[]> {
  try {
    yield * lines
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}

/** The record of a line, none ([]) where it is one of the file itself, undefined where it is broken. */
function readRecord (line: string): CallRecord | readonly [] | undefined {
  const read = readLine(line)
  if (!read) return undefined
  if (isOwnLine(read.text)) return []
  try {
    return JSON.parse(read.text) as CallRecord
  } catch {
    return undefined
  }
}
