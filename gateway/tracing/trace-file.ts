import { createHash } from 'node:crypto'
import { open, rename } from 'node:fs/promises'
import { tracingColumns } from './error-codes.ts'
import type { TraceCounts } from './trace-counts.ts'

/** A tracing file that was written: its rows without the header, the calls in them, SHA-256 (hex) of its bytes. */
export interface TraceFile { readonly path: string, readonly rows: number, readonly calls: number, readonly sha256: string }

/** So much is gathered before it is written, in characters. */
const mostGathered = 64 * 1024

/** The file as text, piece by piece: UTF-8 without a mark, commas, LF; a header alone for a day without calls. */
export function * traceText (day: string, counts: Pick<TraceCounts, 'rows'>): IterableIterator<string> {
  let text = `${tracingColumns.join(',')}\n`
  for (const { purposeId, status, voucherId, count } of counts.rows()) {
    text += `${day},${purposeId},${status},${voucherId},${count}\n`
    if (text.length < mostGathered) continue
    yield text
    text = ''
  }
  if (text !== '') yield text
}

/** Writes the file of a day (0600), whole or not at all. Throws what the file system throws. */
export async function writeTraceFile (path: string, day: string, counts: TraceCounts): Promise<TraceFile> {
  const hash = createHash('sha256')
  const temporary = `${path}.${process.pid}.tmp`
  const file = await open(temporary, 'w', 0o600)
  try {
    for (const text of traceText(day, counts)) {
      hash.update(text)
      await file.write(text)
    }
    await file.datasync()
  } finally {
    await file.close()
  }
  await rename(temporary, path)
  return { path, rows: counts.size, calls: counts.calls, sha256: hash.digest('hex') }
}
