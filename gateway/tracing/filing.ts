import type { Filing, Tracing, TracingPlatform } from './tracing-api.ts'
import type { DayState } from './tracing-days.ts'
import type { TraceFile } from './trace-file.ts'

/** `now` in epoch ms, `wait` lets so many ms pass, `keep` puts a state on the disk before anything depends on it; the platform is waited for `patienceMs` at most. */
export interface FilingOptions {
  readonly platform: TracingPlatform
  readonly now: () => number
  readonly wait: (ms: number) => Promise<void>
  readonly keep: (state: DayState) => Promise<void>
  readonly patienceMs: number
}

/** How often a file is sent for one day in one go: what was there changed meanwhile, or nobody knows what became of it. */
const mostRounds = 3
const polling = { firstMs: 500, longestMs: 15_000 }
const mostErrors = 5

/** How a file gets there where this is what the platform holds; a pending one cannot be touched. */
const filings: Readonly<Record<Exclude<Tracing['state'], 'PENDING'>, Filing>> = { MISSING: 'recover', ERROR: 'recover', COMPLETED: 'replace', WARNING: 'replace' }

/**
 * Gets the file of a day to the platform and waits for its verdict. What the platform holds is looked at before every attempt, so that nothing is sent twice because an answer was lost,
 * and what is there already is left as it is. Gives the state in which the day is then; throws TracingApiError when the platform cannot be asked.
 */
export async function fileDay (file: TraceFile, before: DayState, options: FilingOptions): Promise<DayState> {
  const { platform, keep, now } = options
  let state: DayState = { ...before, rows: file.rows, calls: file.calls, sha256: file.sha256, updatedAt: new Date(now()).toISOString() }
  let doubt: Filing | undefined
  for (let round = 0; round < mostRounds; round++) {
    const found = await settled(state.day, options)
    if (found?.state === 'PENDING') return keeping(keep, { ...state, tracingId: found.tracingId, state: 'PENDING', filedSha256: doubt === undefined ? state.filedSha256 : file.sha256 })
    // A first file, or one after a fault, whose answer was lost: what the platform holds now is that one. Of a replacement nobody can tell.
    const isThere = found !== undefined && found.state !== 'MISSING' && doubt !== undefined && doubt !== 'replace' && !(doubt === 'recover' && found.state === 'ERROR')
    if (isThere || (found && state.filedSha256 === file.sha256 && isTaken(found))) return keeping(keep, await judged({ ...state, filedSha256: file.sha256 }, found, options))
    const filing = found ? filings[found.state] : 'submit'
    const sent = await platform.send(filing, found?.tracingId ?? state.day, file.path)
    if (sent.outcome === 'taken') {
      state = await keeping(keep, { ...state, tracingId: sent.tracingId, filedSha256: file.sha256, state: 'PENDING', attempts: state.attempts + 1, lastError: undefined })
      const verdict = await settled(state.day, options)
      return keeping(keep, verdict ? await judged(state, verdict, options) : state)
    }
    doubt = sent.outcome === 'unknown' ? filing : undefined
    state = await keeping(keep, { ...state, filedSha256: undefined, state: found?.state ?? 'UNFILED', tracingId: found?.tracingId, attempts: state.attempts + 1, lastError: sent.outcome === 'unknown' ? sent.reason : sent.detail })
    // The platform holds something else by now than it did; anything else it will refuse again.
    if (sent.outcome === 'refused' && !['TRACING_ALREADY_EXISTS', 'TRACING_CANNOT_BE_UPDATED', 'TRACING_NOT_FOUND'].includes(sent.code)) return state
  }
  return state
}

/** True where the platform keeps what it was sent. */
export function isTaken ({ state }: Pick<Tracing, 'state'> | Pick<DayState, 'state'>): boolean {
  return state === 'COMPLETED' || state === 'WARNING'
}

async function keeping (keep: FilingOptions['keep'], state: DayState): Promise<DayState> {
  await keep(state)
  return state
}

/** What the platform holds of a day once it is done with it, or what it holds when patience ends. */
async function settled (day: string, { platform, now, wait, patienceMs }: FilingOptions): Promise<Tracing | undefined> {
  const end = now() + patienceMs
  for (let pauseMs = polling.firstMs; ; pauseMs = Math.min(pauseMs * 2, polling.longestMs)) {
    const found = await platform.find(day)
    if (found?.state !== 'PENDING' || now() >= end) return found
    await wait(pauseMs)
  }
}

/** The state of a day by the platform's verdict on its file, with what is wrong with it. */
async function judged (state: DayState, { tracingId, state: verdict }: Tracing, { platform, now }: FilingOptions): Promise<DayState> {
  const told = { ...state, tracingId, state: verdict, updatedAt: new Date(now()).toISOString() }
  if (verdict !== 'ERROR' && verdict !== 'WARNING') return { ...told, errors: 0, lastError: undefined, ...verdict === 'COMPLETED' && { filedAt: told.updatedAt } }
  const { total, errors } = await platform.errors(tracingId, mostErrors)
  const lastError = `${verdict === 'ERROR' ? 'the platform refuses the file' : 'the platform takes the file with warnings'}: ${errors.map(({ errorCode, rowNumber, message }) => `${errorCode} in row ${rowNumber} (${message.slice(0, 120)})`).join('; ')}${total > errors.length ? `; ${total - errors.length} more` : ''}`
  return { ...told, errors: total, lastError, ...verdict === 'WARNING' && { filedAt: told.updatedAt } }
}
