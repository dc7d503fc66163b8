import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { hostname, setPriority } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { parseJson } from '../../openapi/json/json.ts'
import { isRecord } from '../../policies/jws.ts'
import type { Config } from '../config.ts'
import { addDays, dayAt, lastSettledDay } from './calendar.ts'
import { tracedIn } from './tracing-config.ts'

/** What a run in another process came to. */
export interface RunEnd { readonly isDone: boolean }
/** Starts one; `tell` is told of each day that something was done for, and of what went wrong. Ends when it is aborted. */
export type LaunchRun = (tell: (facts: Readonly<Record<string, unknown>>) => void, stopped: AbortSignal) => Promise<RunEnd>

/** `now` in epoch ms; `spreadMs` is how long after a quarter past midnight (Europe/Rome) this gateway begins. */
export interface ScheduleOptions {
  readonly isDue: () => Promise<boolean>
  readonly launch: LaunchRun
  readonly now: () => number
  readonly spreadMs: number
  readonly tell: (facts: Readonly<Record<string, unknown>>) => void
}

const mostSpreadMs = 20 * 60 * 1000
const retries = { firstMs: 5 * 60 * 1000, longestMs: 60 * 60 * 1000 }
const lookMs = 30_000

/** When the run of each night is due, and one at a time: after a start too, for what was missed meanwhile, and again after pauses for as long as something is left. */
export class TracingSchedule {
  readonly #options: ScheduleOptions
  readonly #stopping = new AbortController()
  #doneOn = ''
  #retryAt = -Infinity
  #pauseMs = retries.firstMs
  #running: Promise<void> | undefined

  constructor (options: ScheduleOptions) {
    this.#options = options
  }

  /** Looks whether a run is due, and has it made; ends with it. Never throws. */
  async look (): Promise<void> {
    this.#running ??= this.#lookOnce().finally(() => { this.#running = undefined })
    return this.#running
  }

  /** Looks from now on, without keeping the process from ending. */
  start (): void {
    setInterval(() => { void this.look() }, lookMs).unref()
  }

  /** Ends a run that is under way, and makes no other. */
  async stop (): Promise<void> {
    this.#stopping.abort()
    await this.#running
  }

  async #lookOnce (): Promise<void> {
    const { now, spreadMs } = this.#options
    const today = dayAt(now())
    // What a clock said that was ahead counts for nothing once it is right.
    if (today < this.#doneOn) this.#doneOn = ''
    const isPause = now() < this.#retryAt && this.#retryAt - now() <= retries.longestMs
    if (this.#stopping.signal.aborted || this.#doneOn === today || isPause || lastSettledDay(now() - spreadMs) !== addDays(today, -1)) return
    if (await this.#run()) [this.#doneOn, this.#pauseMs] = [today, retries.firstMs]
    else {
      this.#retryAt = now() + this.#pauseMs
      this.#pauseMs = Math.min(this.#pauseMs * 2, retries.longestMs)
    }
  }

  async #run (): Promise<boolean> {
    const { isDue, launch, tell } = this.#options
    try {
      return !await isDue() || (await launch(tell, this.#stopping.signal)).isDone
    } catch (error) {
      tell({ message: (error as Error).message })
      return false
    }
  }
}

/** Has the calls reported each night as a configuration says, read from `path`, in a process of its own that yields to those that serve. Undefined where it says not to. */
export function scheduleTracing (config: Config, path: string, tell: ScheduleOptions['tell']): TracingSchedule | undefined {
  const { state, tracing, redis } = config
  if (!tracing?.nightly) return undefined
  const spreadMs = createHash('sha256').update(`${hostname()} ${state}`).digest().readUInt32BE() % mostSpreadMs
  // A machine without records has to tell the others so.
  const isDue = async (): Promise<boolean> => {
    if (redis) return true
    const [{ dueDays }, { countLocally }] = await Promise.all([import('./due-days.ts'), import('./day-counting.ts')])
    return (await dueDays(state, countLocally(state, tracedIn(config)), Date.now())).length > 0
  }
  const schedule = new TracingSchedule({ isDue, launch: launchWith(path), now: Date.now, spreadMs, tell })
  schedule.start()
  return schedule
}

const varco = join(import.meta.dirname, '../varco.js')
const leastPriority = 10

function launchWith (path: string): LaunchRun {
  return async (tell, signal) => {
    const child = spawn(process.execPath, [varco, 'tracing', 'run', '--json', '--config', path], { stdio: ['ignore', 'pipe', 'pipe'], signal })
    try {
      if (child.pid !== undefined) setPriority(child.pid, leastPriority)
    } catch { /* it may have ended, or the system knows no priorities */ }
    createInterface({ input: child.stdout }).on('line', (line) => { tell(factsOf(line)) })
    createInterface({ input: child.stderr }).on('line', (message) => { tell({ message }) })
    const code = await new Promise<number | null>((resolve) => { child.once('close', resolve).once('error', () => { resolve(null) }) })
    return { isDone: code === 0 }
  }
}

function factsOf (line: string): Readonly<Record<string, unknown>> {
  const parsed = parseJson(Buffer.from(line))
  if (!('value' in parsed) || !isRecord(parsed.value)) return { message: line }
  const { day, state, rows, calls, errors, tracingId, lastError } = parsed.value
  return { day, state, rows, calls, errors, tracingId, message: lastError }
}
