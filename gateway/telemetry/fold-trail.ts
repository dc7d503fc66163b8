import type { CallRecord } from '../records/call-record.ts'
import { MinuteCounts, minuteOf } from './minute-counts.ts'
import type { Run } from './telemetry-note.ts'

/** Gives the records of some days (Europe/Rome), or of all, in batches. */
export type ReadRecords = (days: ReadonlySet<string>) => AsyncIterable<readonly CallRecord[]>

/** What is folded: the calls that were answered from one minute to another, both included, of those that `isCounted` takes; and when the process served. */
export interface Folding { readonly from: number, readonly to: number, readonly runs: readonly Run[], readonly isCounted?: (record: CallRecord) => boolean }

/** Counts minutes anew from the records that were kept of them: those that the process served or that have calls. */
export async function foldTrail (read: ReadRecords, { from, to, runs, isCounted = () => true }: Folding): Promise<ReadonlyMap<number, MinuteCounts>> {
  const minutes = new Map<number, MinuteCounts>()
  const at = (minute: number): MinuteCounts => {
    const counts = minutes.get(minute) ?? new MinuteCounts()
    minutes.set(minute, counts)
    return counts
  }
  for (const run of runs) for (let minute = Math.max(from, run.from); minute <= Math.min(to, run.to); minute++) at(minute).serve(run.eservices)
  for await (const records of read(daysOf(from, to))) {
    for (const record of records) {
      const minute = minuteOf(record)
      if (minute >= from && minute <= to && isCounted(record)) at(minute).count(record)
    }
  }
  return minutes
}

/** The days of the files that can hold them: a record may be in the file of the day behind its own. */
function daysOf (from: number, to: number): ReadonlySet<string> {
  const dayAt = (minute: number): Temporal.PlainDate => Temporal.Instant.fromEpochMilliseconds(minute * 60_000).toZonedDateTimeISO('Europe/Rome').toPlainDate()
  const days = new Set<string>()
  const last = dayAt(to).add({ days: 1 })
  for (let day = dayAt(from); Temporal.PlainDate.compare(day, last) <= 0; day = day.add({ days: 1 })) days.add(day.toString())
  return days
}
