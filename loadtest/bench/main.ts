import { parseArgs } from 'node:util'
import { openStages } from './stages.ts'
import { benchTable } from './table.ts'
import { time } from './timing.ts'

const usage = `usage: npm run bench [-- --json]

Nanoseconds of each stage of a call, by itself, with the gateway's own functions. "calibrations" is the same as a multiple of
a piece of work that never changes, timed beside it: that is what can be compared between machines.`

const { values: { json, help } } = parseArgs({ options: { json: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } } })
if (help) process.stdout.write(`${usage}\n`)
else {
  await using stack = new AsyncDisposableStack()
  try {
    const timed = await time(await openStages(stack))
    process.stdout.write(`${json ? JSON.stringify(timed, undefined, 2) : benchTable(timed)}\n`)
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`)
    process.exitCode = 1
  }
}
