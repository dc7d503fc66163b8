import { parseArgs } from 'node:util'
import { interruption } from './interruption.ts'
import { header, progress, table, toJson } from './report.ts'
import { runLoadTest } from './run.ts'
import type { Load } from './run.ts'
import { scenarios } from './scenarios.ts'

const usage = `usage: npm run loadtest -- [options]

Measures a gateway of this source tree on this machine: admitted, refused and limited calls, beside the bare upstream.
Everything it needs it starts itself on free loopback ports, and stops. Exit code 1 when a single answer is wrong.

  --seconds N      length of a round (5)
  --rounds N       rounds that count, after a warm-up (3)
  --connections N  connections kept busy (64)
  --json           figures as JSON
  --help           this text`

/** EX_USAGE of sysexits.h. */
const wrongUsage = 64

class UsageError extends Error {}

function readOptions (): Load & { json: boolean, help: boolean } {
  const number = { type: 'string' } as const
  const flag = { type: 'boolean', default: false } as const
  try {
    const { values } = parseArgs({
      options: { seconds: number, rounds: number, connections: number, json: flag, help: flag }
    })
    return {
      ...values,
      seconds: toCount('seconds', values.seconds ?? '5', 3600),
      rounds: toCount('rounds', values.rounds ?? '3', 100),
      connections: toCount('connections', values.connections ?? '64', 1000)
    }
  } catch (error) {
    throw new UsageError((error as Error).message)
  }
}

function toCount (name: string, text: string, max: number): number {
  const count = /^\d{1,4}$/.test(text) ? Number(text) : 0
  if (count < 1 || count > max) throw new Error(`--${name} is "${text}": it must be a whole number from 1 to ${max}`)
  return count
}

async function main (): Promise<void> {
  const { json, help, ...load } = readOptions()
  if (help) {
    process.stdout.write(`${usage}\n`)
    return
  }
  const measured = await runLoadTest(scenarios, load, {
    signal: interruption(),
    onStart: (targets) => { process.stderr.write(`${header(load, targets)}\n`) },
    onRound: (scenario, round, result) => { process.stderr.write(`${progress(scenario, round, result)}\n`) }
  })
  process.stdout.write(`${json ? toJson(measured, load) : table(measured)}\n`)
}

try {
  await main()
} catch (error) {
  const wrong = error instanceof UsageError
  process.stderr.write(`the load test failed: ${(error as Error).message}${wrong ? `\n\n${usage}` : ''}\n`)
  process.exitCode ??= wrong ? wrongUsage : 1
}
