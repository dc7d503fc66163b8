import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { auditFiles, listDays, readRecords } from '../audit/audit-reader.ts'
import { endOf } from '../records/call-record.ts'
import type { CallRecord } from '../records/call-record.ts'
import { ownFolders } from '../state-folder.ts'
import { addDays, boundsOf, dayAt } from './calendar.ts'
import { TraceCounts } from './trace-counts.ts'
import type { TracedCall } from './trace-counts.ts'

/** Which calls are traced: those of the e-services of these producers; e-services are known by their names in the configuration, or else by what the voucher said. */
export interface TracedCalls { readonly producers: readonly string[], readonly eservices: ReadonlyMap<string, string> }

/** Counts the calls of a day whose answers were complete on it, of every process that shares the state folder, whether it runs or not. Memory grows with the rows, not with the calls. */
export async function countDay (state: string, day: string, traced: TracedCalls): Promise<TraceCounts> {
  const counts = new TraceCounts()
  for (const folder of await auditFolders(state)) await foldRecords(readRecords(folder, new Set([day, addDays(day, 1)]), () => { counts.unreadable++ }), day, traced, counts)
  return counts
}

/** Adds the calls of a day that are traced, in whatever order records are: clocks go back. */
export async function foldRecords (records: AsyncIterable<readonly CallRecord[]> | Iterable<readonly CallRecord[]>, day: string, traced: TracedCalls, counts: TraceCounts): Promise<void> {
  const { startsAt, endsAt } = boundsOf(day)
  for await (const some of records) {
    for (const record of some) {
      const end = endOf(record)
      if (end >= startsAt && end < endsAt && isTraced(record, traced)) counts.add(record)
    }
  }
}

function isTraced ({ eservice, producerId }: TracedCall, { producers, eservices }: TracedCalls): boolean {
  const producer = (eservice === undefined ? undefined : eservices.get(eservice)) ?? producerId
  return producer !== undefined && producers.includes(producer)
}

/** Which files the records of a day are in, and how long they are: another text when there are more of them. */
export async function sourceOf (state: string, day: string): Promise<string> {
  const sizes: string[] = []
  for (const folder of await auditFolders(state)) {
    for (const file of await auditFiles.list(folder)) {
      if (file.day === day) sizes.push(`${folder.slice(state.length)}/${file.name}:${await stat(file.path).then(({ size }) => size, () => 0)}`)
    }
  }
  return sizes.join(' ')
}

/** The first day of which there are records; undefined where there are none of a day that is over. `now` in epoch ms. */
export async function firstDay (state: string, now: number): Promise<string | undefined> {
  const days = (await Promise.all((await auditFolders(state)).map(listDays))).flatMap(([first]) => first ?? [])
  return days.toSorted().find((day) => day < dayAt(now))
}

async function auditFolders (state: string): Promise<readonly string[]> {
  return (await ownFolders(state)).map((folder) => join(folder, 'audit'))
}
