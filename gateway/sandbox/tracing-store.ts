import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { parseJson } from '../../openapi/json/json.ts'
import { isRecord } from '../../policies/jws.ts'
import { addDays, boundsOf, dayAt, daysBetween } from '../tracing/calendar.ts'
import type { TracingState } from '../tracing/error-codes.ts'
import type { Processed } from './tracing-processing.ts'

/** What the sandbox holds of a day of a tenant: `version` grows with every file, the verdict on the last one shows once `shownAt` (epoch ms) has come. */
export interface KeptTracing {
  readonly tracingId: string
  readonly tenantId: string
  readonly date: string
  readonly version: number
  readonly processed: Processed | undefined
  readonly shownAt: number
}

/** `now` in epoch ms; processing a file takes `processingMs`. */
export interface TracingStoreOptions { readonly stateDir: string, readonly now: () => number, readonly randomUUID: () => string, readonly processingMs: number }

/** The tracings of all tenants, kept in the sandbox's state folder. */
export interface TracingStore {
  /** Those of a tenant in the order of their days, with those that are missing; of everybody where none is named. */
  list (tenantId?: string): Promise<readonly KeptTracing[]>
  find (tracingId: string): KeptTracing | undefined
  stateOf (tracing: KeptTracing): TracingState
  /** Takes a file for a day, in the place of the one before it. */
  put (tenantId: string, date: string, processed: Processed): Promise<KeptTracing>
}

/** A day is said to be missing when the second one after it begins: its file may come on the first. */
const missingAfterDays = 2

/** Opens the tracings of a state folder. Throws a sentence when their file is not what the sandbox wrote. */
export async function openTracingStore ({ stateDir, now, randomUUID, processingMs }: TracingStoreOptions): Promise<TracingStore> {
  const path = join(stateDir, 'tracings.json')
  const tracings = await read(path)
  let writing = Promise.resolve()
  const keep = async (): Promise<void> => {
    writing = writing.then(async () => write(path, [...tracings.values()]))
    return writing
  }
  const set = (tracing: KeptTracing): KeptTracing => {
    tracings.set(keyOf(tracing), tracing)
    return tracing
  }
  /** As the platform's job does it day by day: from a tenant's first file on every day has one. */
  const markMissing = async (tenantId: string): Promise<void> => {
    const own = [...tracings.values()].filter((one) => one.tenantId === tenantId).map(({ date }) => date).toSorted()
    const last = addDays(dayAt(now()), -missingAfterDays)
    const missing = own[0] === undefined ? [] : daysBetween(own[0], last).filter((date) => !tracings.has(keyOf({ tenantId, date })))
    for (const date of missing) set({ tracingId: randomUUID(), tenantId, date, version: 1, processed: undefined, shownAt: boundsOf(addDays(date, missingAfterDays - 1)).endsAt })
    if (missing.length > 0) await keep()
  }
  return {
    async list (tenantId) {
      for (const tenant of tenantId === undefined ? new Set([...tracings.values()].map((one) => one.tenantId)) : [tenantId]) await markMissing(tenant)
      return [...tracings.values()].filter((one) => tenantId === undefined || one.tenantId === tenantId).toSorted((left, right) => left.date < right.date ? -1 : 1)
    },
    find: (tracingId) => [...tracings.values()].find((one) => one.tracingId === tracingId),
    stateOf: ({ processed, shownAt }) => processed ? now() >= shownAt ? processed.state : 'PENDING' : 'MISSING',
    async put (tenantId, date, processed) {
      const before = tracings.get(keyOf({ tenantId, date }))
      const tracing = set({ tracingId: before?.tracingId ?? randomUUID(), tenantId, date, version: (before?.version ?? 0) + 1, processed, shownAt: now() + processingMs })
      await keep()
      return tracing
    }
  }
}

function keyOf ({ tenantId, date }: Pick<KeptTracing, 'tenantId' | 'date'>): string {
  return `${tenantId} ${date}`
}

async function read (path: string): Promise<Map<string, KeptTracing>> {
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (bytes === undefined) return new Map()
  const parsed = parseJson(bytes)
  if (!('value' in parsed) || !isRecord(parsed.value) || !Array.isArray(parsed.value['tracings'])) throw new Error(`${path} is not what the sandbox wrote: take it away`)
  return new Map((parsed.value['tracings'] as KeptTracing[]).map((one) => [keyOf(one), one]))
}

async function write (path: string, tracings: readonly KeptTracing[]): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const temporary = `${path}.${process.pid}.tmp`
  await writeFile(temporary, JSON.stringify({ tracings }), { mode: 0o600 })
  await rename(temporary, path)
}
