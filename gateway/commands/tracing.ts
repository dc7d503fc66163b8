import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { didYouMean } from '../closest-name.ts'
import { loadConfig } from '../config.ts'
import type { Config } from '../config.ts'
import { isDay, lastSettledDay } from '../tracing/calendar.ts'
import { countDay } from '../tracing/count-day.ts'
import { isTaken } from '../tracing/filing.ts'
import { withTracing } from '../tracing/open-tracing.ts'
import { runAlone } from '../tracing/run-lock.ts'
import { fileOne, runTracing } from '../tracing/run-tracing.ts'
import { tracingStateOf } from '../tracing/standing.ts'
import { standingOf } from '../tracing/standing-of.ts'
import { traceText, writeTraceFile } from '../tracing/trace-file.ts'
import { validateTraceFile } from '../tracing/trace-rules.ts'
import { TracingApiError } from '../tracing/tracing-api.ts'
import { tracedIn, tracingIn } from '../tracing/tracing-config.ts'
import type { DayState } from '../tracing/tracing-days.ts'
import { untouched } from '../tracing/tracing-days.ts'
import { dayLine, errorsText, standingText, verdictText } from '../tracing/tracing-text.ts'
import { exitCodes, UsageError } from './command.ts'
import type { Command, Terminal } from './command.ts'

/** What a word of the command gets: its configuration, `--day` where it needs one, the words behind it, and where to write; `show` writes one of two forms, by `--json`. */
interface Job {
  readonly config: Config
  readonly day: string
  readonly file: string
  readonly out: string | undefined
  readonly terminal: Terminal
  readonly show: (content: object, text: string) => void
}

interface Word { readonly needs: readonly ('day' | 'file')[], readonly run: (job: Job) => Promise<number> }

const words: Readonly<Record<string, Word>> = {
  build: { needs: ['day'], run: build },
  validate: { needs: ['file'], run: validate },
  submit: { needs: ['day'], run: submit },
  status: { needs: [], run: status },
  errors: { needs: ['day'], run: errors },
  run: { needs: [], run: runDue }
}

/** `varco tracing`: the calls of each day as the platform wants them reported (PDND tracing). */
export const tracing: Command = {
  name: 'tracing',
  summary: 'Report the calls of each day to PDND (tracing): build, validate, submit, status, errors',
  usage: `varco tracing build --day DAY [--out FILE] [--config FILE]
varco tracing validate FILE [--day DAY] [--config FILE]
varco tracing submit --day DAY [--config FILE]
varco tracing status [--config FILE]
varco tracing errors --day DAY [--config FILE]
varco tracing run [--config FILE]

The gateway reports every day (Europe/Rome) by itself in the night after it, from its call records; this does the same by hand.
  build     counts the calls of a day of every process that shares the state folder, and writes the file
            (to standard output without --out)
  validate  holds a file to every rule of the platform, and to the registry file for its purposes
  submit    files a day, whatever the platform holds of it: submits, recovers or replaces, waits for the verdict
  status    how it stands with the last days, and which are missing
  errors    what the platform found wrong with a day's file
  run       files whatever is due, as the gateway does at night: for a scheduler of your own (tracing: false)
Where machines share a Redis, submit and run merge what they counted; build tells of this machine alone.
--json writes JSON instead of text (validate, submit, status, errors, run).
Exit code 0 when all is well, 1 when a file is refused or a day is missing, 2 usage, 78 configuration.`,
  async run (args, terminal) {
    const { values: { config: path, day, out, json = false }, positionals: [word = '', file, ...more] } = parseArgs({
      args: [...args],
      options: { config: { type: 'string' }, day: { type: 'string' }, out: { type: 'string' }, json: { type: 'boolean' } },
      allowPositionals: true
    })
    const chosen = Object.hasOwn(words, word) ? words[word] : undefined
    if (!chosen) throw new UsageError(`say what to do: ${Object.keys(words).join(', ')}.${didYouMean(word, Object.keys(words))}`)
    refuseWrongWords(chosen, { word, day, file, more, out })
    const config = await loadConfig(path ?? join(import.meta.dirname, '../gateway.yaml'), terminal.env, { secrets: 'ignored' })
    const show: Job['show'] = (content, text) => { terminal.out(json ? `${JSON.stringify(content)}\n` : text) }
    return chosen.run({ config, day: day ?? '', file: file ?? '', out, terminal, show })
  }
}

function refuseWrongWords ({ needs }: Word, { word, day, file, more, out }: { readonly word: string, readonly day: string | undefined, readonly file: string | undefined, readonly more: readonly string[], readonly out: string | undefined }): void {
  if (needs.includes('day') && day === undefined) throw new UsageError(`${word} needs a day: --day 2026-03-02`)
  if (day !== undefined && !isDay(day)) throw new UsageError(`"${day}" is no day: write it like 2026-03-02`)
  if (needs.includes('file') && file === undefined) throw new UsageError(`${word} needs a file`)
  const extra = needs.includes('file') ? more[0] : file
  if (extra !== undefined) throw new UsageError(`"${extra}" is not understood`)
  if (out !== undefined && word !== 'build') throw new UsageError('--out goes with build')
}

async function build ({ config, day, out, terminal }: Job): Promise<number> {
  const counts = await countDay(config.state, day, tracedIn(config))
  if (counts.unfit > 0) terminal.err(`${counts.unfit} calls are left out: their ids are those of no voucher of the platform\n`)
  if (counts.unreadable > 0) terminal.err(`${counts.unreadable} lines of the records cannot be read: varco audit verify says which\n`)
  if (out === undefined) {
    for (const text of traceText(day, counts)) terminal.out(text)
    return exitCodes.ok
  }
  const { rows, calls, sha256 } = await writeTraceFile(out, day, counts).catch((error: NodeJS.ErrnoException) => { throw new UsageError(`${out} cannot be written (${error.code ?? 'unknown error'})`) })
  terminal.err(`${out}: ${day}, ${calls} calls in ${rows} rows, SHA-256 ${sha256}\n`)
  return exitCodes.ok
}

async function validate ({ config, day, file, show }: Job): Promise<number> {
  const verdict = await validateTraceFile(file, { day: day === '' ? undefined : day, standingOf: await standingOf(config) }, 100).catch((error: NodeJS.ErrnoException) => { throw error.code === undefined ? error : new UsageError(`${file} cannot be read (${error.code})`) })
  show(verdict, verdictText(file, verdict))
  return verdict.invalid === 0 ? exitCodes.ok : exitCodes.findings
}

const busy = 'another process files days with this state folder just now: try again in a moment'

async function submit ({ config, day, terminal: { now }, show }: Job): Promise<number> {
  tracingIn(config)
  if (day > lastSettledDay(now())) throw new UsageError(`${day} is not over: it can be filed from a quarter past midnight after it (Italian time)`)
  const state = await runAlone(config.state, async () => withTracing(config, now, async ({ platform, counting, wait }) => {
    const before = (await counting.states()).get(day) ?? untouched(day, now())
    return fileOne({ state: config.state, counting, platform, now, wait, tell: () => undefined }, day, before)
  }))
  if (!state) throw new Error(busy)
  show(state, dayLine(state))
  return isTaken(state) ? exitCodes.ok : exitCodes.findings
}

async function status ({ config, terminal: { now }, show }: Job): Promise<number> {
  const standing = await tracingStateOf(config.state, now())
  show(standing, standingText(standing))
  return standing.missingDays.length === 0 ? exitCodes.ok : exitCodes.findings
}

async function errors ({ config, day, terminal: { now }, show }: Job): Promise<number> {
  return withTracing(config, now, async ({ platform }) => {
    const tracing = await platform.find(day)
    if (!tracing) throw new TracingApiError(`the platform has nothing of ${day}`)
    const found = await platform.errors(tracing.tracingId, 1000)
    show({ ...tracing, ...found }, errorsText(day, found.total, found.errors))
    return found.total === 0 ? exitCodes.ok : exitCodes.findings
  })
}

async function runDue ({ config, terminal: { now }, show }: Job): Promise<number> {
  tracingIn(config)
  const isDone = await runAlone(config.state, async () => withTracing(config, now, async ({ platform, counting, wait }) =>
    runTracing({ state: config.state, counting, platform, now, wait, tell: (state: DayState) => { show(state, dayLine(state)) } })))
  if (isDone === undefined) throw new Error(busy)
  return isDone ? exitCodes.ok : exitCodes.findings
}
