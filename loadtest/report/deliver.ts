import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import type { Circumstances } from '../circumstances.ts'
import type { Measured } from '../measure.ts'
import { keep, readHistory } from './history.ts'
import { htmlReport } from './html.ts'
import { toJson } from './json.ts'
import { table } from './table.ts'

/** Stands for standard output where a file can be named. */
export const standardOutput = '-'

/** Where a run's report goes: JSON to a file or `-`, not at all where undefined; HTML to a file or, by default, below the folder. */
export interface Wishes { readonly json: string | undefined, readonly html: string | undefined }

/** Where runs are kept and the HTML report is, below the folder of the process; never in version control. */
const usualFolder = resolve('.varco', 'loadtest')

/** Writes what a run came to: a table or JSON to standard output, JSON and HTML to files, and the run to the history. Gives the path of the HTML report. */
export async function deliver (measured: readonly Measured[], circumstances: Circumstances, { json, html }: Wishes): Promise<string> {
  const text = toJson(measured, circumstances)
  process.stdout.write(`${json === standardOutput ? text : table(measured)}\n`)
  if (json !== undefined && json !== standardOutput) await writeReport(json, `${text}\n`)
  const history = join(usualFolder, 'history')
  await keep(history, text)
  const path = html ?? join(usualFolder, 'report.html')
  await writeReport(path, htmlReport(measured, circumstances, await readHistory(history)))
  return path
}

/** Writes a file, and makes the folder that it is to be in. */
export async function writeReport (path: string, text: string): Promise<void> {
  await mkdir(dirname(resolve(path)), { recursive: true })
  await writeFile(path, text)
}
