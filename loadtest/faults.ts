import { parseArgs } from 'node:util'
import { isRedisMissing } from '../gateway/harness/redis-process.ts'
import { badConfiguration } from '../gateway/program.ts'
import { runCommand } from './command.ts'
import type { Figure } from './faults/figure.ts'
import { figures } from './faults/figures.ts'
import { measureAll } from './faults/measure-all.ts'
import { described, exitCodeOf, machine, table, toJson } from './faults/report.ts'
import { startSite } from './faults/site.ts'
import { interruption } from './interruption.ts'
import { writeReport } from './report/deliver.ts'

const usage = `usage: npm run faults -- [NAME…] [options]

Measures what the gateway promises of faults and of several gateways, on this machine: everything is started on free loopback
ports (a redis-server too), and stopped. Exit code 1 when a promise is broken, or an answer was one that should not be.

  --quick      smaller numbers
  --json FILE  the figures as JSON, too
  --help       this text

Without a name all are measured:

${described(figures)}`

interface Options { readonly chosen: readonly Figure[], readonly quick: boolean, readonly json: string | undefined, readonly help: boolean }

function readOptions (args: string[]): Options {
  const flag = { type: 'boolean', default: false } as const
  const { values, positionals } = parseArgs({ args, allowPositionals: true, options: { quick: flag, json: { type: 'string' }, help: flag } })
  const unknown = positionals.find((name) => !figures.some((figure) => figure.name === name))
  if (unknown !== undefined) throw new Error(`there is no figure "${unknown}": there are ${figures.map(({ name }) => name).join(', ')}`)
  const chosen = positionals.length > 0 ? figures.filter(({ name }) => positionals.includes(name)) : figures
  return { chosen, quick: values.quick, json: values.json, help: values.help }
}

function tell (text: string): void {
  process.stderr.write(`${text}\n`)
}

async function main (options: Options): Promise<void> {
  if (isRedisMissing()) {
    tell('the fault tests cannot start:\n  redis-server and redis-cli are not installed here: install the package redis-server (version 6 or later)')
    process.exitCode = badConfiguration
    return
  }
  tell(machine())
  const outcomes = await measureAll(options.chosen, { signal: interruption(), quick: options.quick, startSite, tell })
  process.stdout.write(`${table(outcomes)}\n`)
  if (options.json !== undefined) await writeReport(options.json, toJson(outcomes, options.quick))
  process.exitCode ??= exitCodeOf(outcomes)
}

await runCommand({ usage, failed: 'the fault tests failed', read: readOptions, run: main })
