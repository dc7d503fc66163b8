import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { boundsOf } from './calendar.ts'
import { dueDays } from './due-days.ts'
import type { SharedDays } from './due-days.ts'
import { fileDay, isTaken } from './filing.ts'
import { writeTraceFile } from './trace-file.ts'
import { validateTraceFile } from './trace-rules.ts'
import { TracingApiError } from './tracing-api.ts'
import type { TracingPlatform } from './tracing-api.ts'
import { tracingFolder, untouched } from './tracing-days.ts'
import type { DayState } from './tracing-days.ts'

/** What days are filed with; `now` in epoch ms, `wait` lets so many ms pass, `tell` is told how it stands with each day that something was done for. */
export interface TracingRun {
  readonly state: string
  readonly counting: SharedDays
  readonly platform: TracingPlatform
  readonly now: () => number
  readonly wait: (ms: number) => Promise<void>
  readonly tell: (state: DayState) => void
  /** How long the platform may take over one file, in ms; what is pending by then is looked at the next time. */
  readonly patienceMs?: number
}

/** Machines whose counts are not there by so long after a day are not waited for, in ms. */
const machinesMs = 60 * 60 * 1000
const usualPatienceMs = 120_000

/**
 * Files every day that is over and that the platform does not have yet, from the first one of which there are records, the oldest first; and again those of which there are more records by now. Gives
 * true when nothing is left that another attempt within the night could bring further.
 */
export async function runTracing (run: TracingRun): Promise<boolean> {
  const { state, counting, now } = run
  const states = await counting.states()
  const due = await dueDays(state, counting, now())
  if (due.length === 0) return true
  let isDone = true
  try {
    for (const { day, isComplete } of due) {
      if (counting.lock && !await counting.lock()) return false
      const isWaited = !isComplete && now() < boundsOf(day).endsAt + machinesMs
      const after = isWaited ? undefined : await fileOne(run, day, states.get(day) ?? untouched(day, now()))
      // What the platform refuses it will refuse in an hour, too, and records that are gone stay so.
      isDone &&= after !== undefined && after.state !== 'PENDING' && !(after.state === 'UNFILED' && after.attempts > 0) && !(isTaken(after) && after.filedSha256 === undefined)
    }
  } catch (error) {
    if (error instanceof TracingApiError) return false
    throw error
  } finally {
    await counting.unlock?.()
  }
  return isDone
}

/** Files one day, whatever was done for it before, and keeps and tells how it stands with it then. Throws TracingApiError when the platform cannot be asked. */
export async function fileOne (run: TracingRun, day: string, before: DayState): Promise<DayState> {
  const { state, counting, platform, now, wait, patienceMs = usualPatienceMs } = run
  const ended = async (after: DayState): Promise<DayState> => {
    await counting.keep(after)
    run.tell(after)
    return after
  }
  const failed = async (lastError: string, more: Partial<DayState> = {}): Promise<DayState> => ended({ ...before, ...more, lastError, updatedAt: new Date(now()).toISOString() })
  const uncounted = await counting.day(day)
  const { source } = uncounted
  const counts = await uncounted.count().catch((error: Error) => error)
  if (counts instanceof Error) return failed(`the records of this day cannot be read (${counts.message}): nothing was sent`)
  // Records are not kept for ever; what was filed with more of them stays as it is.
  if (counts.calls < before.calls) return isTaken(before) ? ended({ ...before, source }) : failed(`${before.calls} calls of this day were counted before, and the records have only ${counts.calls} of them now: nothing was sent`)
  const folder = tracingFolder(state)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const file = await writeTraceFile(join(folder, `${day}.csv`), day, counts)
  try {
    const { invalid, findings } = await validateTraceFile(file.path, { day }, 1)
    if (invalid > 0) return await failed(`the file breaks a rule of the platform: ${findings[0]?.message ?? ''}; nothing was sent`)
    const after = await fileDay(file, { ...before, source }, { platform, now, wait, keep: async (after) => counting.keep(after), patienceMs })
    return await ended(counts.unreadable > 0 && isTaken(after) ? { ...after, lastError: [after.lastError, unreadableText(counts.unreadable)].filter(Boolean).join('; ') } : after)
  } catch (error) {
    // What was kept on the way holds, what it was before does not.
    if (error instanceof TracingApiError) await failed(error.message, { ...(await counting.states()).get(day), rows: file.rows, calls: file.calls, sha256: file.sha256 })
    throw error
  } finally {
    await rm(file.path, { force: true })
  }
}

function unreadableText (lines: number): string {
  return `${lines} ${lines === 1 ? 'line' : 'lines'} of the records cannot be read, and the platform has what the others say: run varco audit verify`
}
