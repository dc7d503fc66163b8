import { parseArgs } from 'node:util'
import { circumstancesOf } from './circumstances.ts'
import { interruption } from './interruption.ts'
import { deliver, standardOutput } from './report/deliver.ts'
import type { Wishes } from './report/deliver.ts'
import { header, targetLines } from './report/header.ts'
import { Progress } from './report/progress.ts'
import { followRounds } from './report/rounds.ts'
import { runLoadTest } from './run.ts'
import type { Load } from './run.ts'
import { scenarios } from './scenarios.ts'

const usage = `usage: npm run loadtest -- [options]

Measures a gateway of this source tree on this machine: admitted, refused and limited calls, beside the bare upstream.
Everything it needs it starts itself on free loopback ports, and stops. Exit code 1 when a single answer is wrong.

  --seconds N      length of a round (5)
  --rounds N       rounds that count, after a warm-up (3)
  --connections N  connections kept busy (64)
  --json [FILE]    figures as JSON, instead of the table or into a file
  --html FILE      where the HTML report goes (.varco/loadtest/report.html)
  --help           this text`

/** EX_USAGE of sysexits.h. */
const wrongUsage = 64

class UsageError extends Error {}

function readOptions (): Load & Wishes & { help: boolean } {
  const text = { type: 'string' } as const
  const flag = { type: 'boolean', default: false } as const
  try {
    const { values } = parseArgs({
      args: withFile('--json', process.argv.slice(2)),
      options: { seconds: text, rounds: text, connections: text, json: text, html: text, help: flag }
    })
    return {
      json: values.json,
      html: values.html,
      help: values.help,
      seconds: toCount('seconds', values.seconds ?? '5', 3600),
      rounds: toCount('rounds', values.rounds ?? '3', 100),
      connections: toCount('connections', values.connections ?? '64', 1000)
    }
  } catch (error) {
    throw new UsageError((error as Error).message)
  }
}

/** An option whose file may be left out: then it is standard output. */
function withFile (option: string, args: readonly string[]): string[] {
  return args.map((arg, index) => arg === option && !/^[^-]/.test(args[index + 1] ?? '') ? `${option}=${standardOutput}` : arg)
}

function toCount (name: string, text: string, max: number): number {
  const count = /^\d{1,4}$/.test(text) ? Number(text) : 0
  if (count < 1 || count > max) throw new Error(`--${name} is "${text}": it must be a whole number from 1 to ${max}`)
  return count
}

async function main (): Promise<void> {
  const { json, html, help, ...load } = readOptions()
  if (help) {
    process.stdout.write(`${usage}\n`)
    return
  }
  const circumstances = circumstancesOf(load, { pinned: false, url: undefined, skipped: [] })
  const progress = new Progress(process.stderr, () => performance.now())
  const tell = (lines: readonly string[]): void => { for (const line of lines) progress.tell(line) }
  tell(header(circumstances))
  const measured = await runLoadTest(scenarios, load, {
    signal: interruption(),
    onStart: (targets) => { tell(targetLines(targets)) },
    onRound: followRounds(progress, scenarios, load.rounds)
  }).finally(() => { progress.end() })
  tell([`report: ${await deliver(measured, circumstances, { json, html })}`])
}

try {
  await main()
} catch (error) {
  const wrong = error instanceof UsageError
  process.stderr.write(`the load test failed: ${(error as Error).message}${wrong ? `\n\n${usage}` : ''}\n`)
  process.exitCode ??= wrong ? wrongUsage : 1
}
