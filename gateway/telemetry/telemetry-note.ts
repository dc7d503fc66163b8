import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseJson } from '../../openapi/json/json.ts'
import { isRecord } from '../../policies/jws.ts'

/** From which minute to which a process served, and which e-services. */
export interface Run { readonly from: number, readonly to: number, readonly eservices: readonly string[] }

/** What a process must know of its telemetry after it was started again: by e-service up to which minute it has taken reports, and when the process served since then. */
export interface TelemetryNote { readonly acknowledged: Readonly<Record<string, number>>, readonly runs: readonly Run[] }

const none: TelemetryNote = { acknowledged: {}, runs: [] }

function fileIn (folder: string): string {
  return join(folder, 'telemetry.json')
}

/** The note of the process whose folder it is, an empty one where there is none. Throws a sentence when it holds something else, and what the file system throws. */
export async function readNote (folder: string): Promise<TelemetryNote> {
  const bytes = await readFile(fileIn(folder)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (!bytes) return none
  const parsed = parseJson(bytes)
  if (!('value' in parsed) || !isNote(parsed.value)) throw new Error(`${fileIn(folder)} is no note of what telemetry was taken: take it away, and what was not taken yet is never sent`)
  return parsed.value
}

/** Puts another note in the place of the one before, whole. Throws what the file system throws. */
export async function writeNote (folder: string, { acknowledged, runs }: TelemetryNote): Promise<void> {
  const temporary = `${fileIn(folder)}.${process.pid}.tmp`
  await writeFile(temporary, JSON.stringify({ acknowledged, runs }), { mode: 0o600, flush: true })
  await rename(temporary, fileIn(folder))
}

function isNote (value: unknown): value is TelemetryNote {
  return isRecord(value) && isRecord(value['acknowledged']) && Object.values(value['acknowledged']).every(Number.isInteger) && Array.isArray(value['runs']) && value['runs'].every(isRun)
}

function isRun (value: unknown): boolean {
  return isRecord(value) && Number.isInteger(value['from']) && Number.isInteger(value['to']) && Array.isArray(value['eservices']) && value['eservices'].every((name) => typeof name === 'string')
}
