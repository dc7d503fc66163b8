import { mkdir, open, readFile, rename } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { parseJson } from '../../openapi/json/json.ts'
import { isRecord } from '../../policies/jws.ts'
import { isDay } from './calendar.ts'
import type { TracingState } from './error-codes.ts'

/** How it stands with the file of a day; times are RFC 3339, UTC. */
export interface DayState {
  readonly day: string
  /** What was counted last: rows and calls, SHA-256 (hex) of the file. */
  readonly rows: number
  readonly calls: number
  readonly sha256: string
  /** SHA-256 of the file that the platform has, as far as is known. */
  readonly filedSha256: string | undefined
  readonly tracingId: string | undefined
  /** What the platform holds; `UNFILED` is nothing yet. */
  readonly state: TracingState | 'UNFILED'
  /** How often a file was sent. */
  readonly attempts: number
  /** How many findings the platform has. */
  readonly errors: number
  readonly lastError: string | undefined
  /** Which records were counted, so that it shows when there are more. */
  readonly source: string
  readonly updatedAt: string
  readonly filedAt: string | undefined
}

/** A day that nothing was done for yet. */
export function untouched (day: string, now: number): DayState {
  return { day, rows: 0, calls: 0, sha256: '', filedSha256: undefined, tracingId: undefined, state: 'UNFILED', attempts: 0, errors: 0, lastError: undefined, source: '', updatedAt: new Date(now).toISOString(), filedAt: undefined }
}

/** How long days are remembered that the platform has. */
const mostDays = 400

/** The folder of what belongs to tracing, in the state folder. */
export function tracingFolder (state: string): string {
  return join(state, 'tracing')
}

/** How it stands with every day, by day, in their order; empty where nothing was done yet. Throws a sentence when the file is not what the gateway wrote. */
export async function readDays (state: string): Promise<ReadonlyMap<string, DayState>> {
  const path = fileIn(state)
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (bytes === undefined) return new Map()
  const parsed = parseJson(bytes)
  const days: unknown = 'value' in parsed && isRecord(parsed.value) ? parsed.value['days'] : undefined
  if (!Array.isArray(days) || !days.every(isDayState)) throw new Error(`${path} is not what the gateway wrote: take it away, and every day is looked up on the platform anew`)
  return new Map(days.map((one) => [one.day, one]))
}

/** Puts the state of a day in its place, whole or not at all (0600); the oldest days are forgotten. */
export async function keepDay (state: string, day: DayState): Promise<void> {
  const days = new Map(await readDays(state)).set(day.day, day)
  const kept = [...days.values()].toSorted((left, right) => left.day < right.day ? -1 : 1).slice(-mostDays)
  const path = fileIn(state)
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const temporary = `${path}.${process.pid}.tmp`
  const file = await open(temporary, 'w', 0o600)
  try {
    await file.writeFile(`${JSON.stringify({ days: kept }, undefined, 1)}\n`)
    await file.datasync()
  } finally {
    await file.close()
  }
  await rename(temporary, path)
}

/** True for what was written as the state of a day. */
export function isDayState (value: unknown): value is DayState {
  return isRecord(value) && typeof value['day'] === 'string' && isDay(value['day']) && typeof value['state'] === 'string' && typeof value['calls'] === 'number' && typeof value['sha256'] === 'string' && typeof value['attempts'] === 'number'
}

function fileIn (state: string): string {
  return join(tracingFolder(state), 'days.json')
}
