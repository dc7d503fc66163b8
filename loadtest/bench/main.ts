import { parseArgs } from 'node:util'
import { runCommand } from '../command.ts'
import { interruption } from '../interruption.ts'
import { openStages } from './stages.ts'
import { benchTable } from './table.ts'
import { time, usualEffort } from './timing.ts'

const usage = `usage: npm run bench [-- --json]

Nanoseconds of each stage of a call, by itself, with the gateway's own functions. "calibrations" is the same as a multiple of
a piece of work that never changes, timed beside it: that is what can be compared between machines.`

interface Options { readonly json: boolean, readonly help: boolean }

function readOptions (args: string[]): Options {
  const flag = { type: 'boolean', default: false } as const
  return parseArgs({ args, options: { json: flag, help: flag } }).values
}

async function main ({ json }: Options): Promise<void> {
  const signal = interruption()
  await using stack = new AsyncDisposableStack()
  const timed = await time(await openStages(stack), usualEffort, signal)
  process.stdout.write(`${json ? JSON.stringify(timed, undefined, 2) : benchTable(timed)}\n`)
}

await runCommand({ usage, failed: 'the stages were not timed', read: readOptions, run: main })
