import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { runCommand } from './command.ts'
import { interruption } from './interruption.ts'
import { spread } from './measure.ts'
import { markdown } from './report/markdown.ts'
import { significant, spreadText, whole } from './report/numbers.ts'
import { measureStarts, reference } from './start/starts.ts'
import type { Memory, Started } from './start/starts.ts'

const usage = `usage: npm run start-time -- [options]

Measures how long the gateway of this source tree takes from its start to the first admitted call that is answered 200, how much CPU time and how much memory
it needs, beside a bare Node and a bare Fastify. Exit code 1 when it does not start or answers wrongly.

  --starts N        starts of each that count, in turn, after one that does not (5)
  --against FOLDER  another version of this source tree, started in turn with this one
  --no-memory       without resident memory, which takes a quarter of a minute more
  --json            figures as JSON
  --help            this text`

/** Every kind of start as a row: ms and CPU seconds, and how many times what a bare Fastify of the same round takes. */
function rows (started: readonly Started[]): readonly (readonly string[])[] {
  const compared = started.find(({ name }) => name === reference)?.starts ?? []
  return started.map(({ name, starts }) => {
    const ratios = starts.map(({ ms }, round) => ms / (compared[round]?.ms ?? Number.NaN))
    const cpu = starts.flatMap(({ cpuSeconds }) => cpuSeconds ?? [])
    return [name, spreadText(spread(starts.map(({ ms }) => ms)), whole), cpu.length < starts.length ? '' : spreadText(spread(cpu), (seconds) => seconds.toFixed(2)), spreadText(spread(ratios), significant)]
  })
}

function memoryLine ({ name, idle, loaded }: Memory): string {
  const told = (bytes: number | undefined): string => bytes === undefined ? 'unknown' : `${whole(bytes / 1024 ** 2)} MB`
  return `${name}: resident ${told(idle)} idle, ${told(loaded)} after load`
}

interface Options { readonly starts: number, readonly memory: boolean, readonly against: string | undefined, readonly json: boolean, readonly help: boolean }

function readOptions (args: string[]): Options {
  const flag = { type: 'boolean', default: false } as const
  const { values: { starts, 'no-memory': blind, against, ...flags } } = parseArgs({ args, options: { starts: { type: 'string', default: '5' }, against: { type: 'string' }, 'no-memory': flag, json: flag, help: flag } })
  if (!/^[1-9]\d?$/.test(starts)) throw new Error(`--starts is "${starts}": it must be a whole number from 1 to 99`)
  if (against !== undefined && !existsSync(join(against, 'gateway/main.ts'))) throw new Error(`--against ${against} is no folder of another version of this source tree`)
  return { starts: Number(starts), memory: !blind, against, ...flags }
}

async function main ({ json, ...wanted }: Options): Promise<void> {
  const measured = await measureStarts(wanted, interruption(), (line) => { process.stderr.write(`${line}\n`) })
  if (json) process.stdout.write(`${JSON.stringify(measured, undefined, 2)}\n`)
  else process.stdout.write(`${[markdown([['start', 'first 200, ms (min-max)', 'CPU s', `x ${reference}`], ...rows(measured.started)], [1, 2, 3]), ...measured.memories.map(memoryLine)].join('\n')}\n`)
}

await runCommand({ usage, failed: 'starts could not be measured', read: readOptions, run: main })
