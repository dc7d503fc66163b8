import { availableParallelism, cpus } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Command } from '../command.ts'
import { interruption } from '../interruption.ts'
import type { Load } from '../scenario.ts'
import { readBudget } from './budget.ts'
import type { Budget } from './budget.ts'
import { compareCalls } from './calls.ts'
import { compared } from './compared.ts'
import { proposal, verdictTable } from './report.ts'
import { timeStages } from './stages.ts'
import { isKept, measureTwice } from './verdict.ts'
import type { Figure, Measures } from './verdict.ts'

const usage = `usage: npm run loadtest -- --guard [--short] [--propose] [--budget FILE]

Compares what calls cost, as ratios of one run, and what each stage of a call takes (npm run bench), with a budget.
Exit code 1 when a ratio is under its floor or a stage over its ceiling, also when it is measured once more.

  --short        rounds of less than half a second, as CI runs it
  --propose      prints the budget that this run would justify instead
  --budget FILE  another one than loadtest/budget.json`

/**
 * The short form is for machines that others use, too. What is compared is the CPU time of the process under test for each call, in the cheapest of several short rounds:
 * requests per second of such rounds move with whoever else runs. Few connections, so that each of them has its turn in a round, however slow.
 */
const shortLoad: Load = { seconds: 0.4, rounds: 4, connections: 4 }
const fullLoad: Load = { seconds: 3, rounds: 5, connections: 32 }

/** What is said of a round in which somebody else had the cores. */
const starved = /connections got no answer at all$/

/** Runs the guard as the command line asks; throws a sentence when it cannot, and sets the exit code to 1 when the budget is not kept. */
async function compareWithBudget (values: Options): Promise<void> {
  const budget = await readBudget(values.budget)
  const load = values.short ? shortLoad : fullLoad
  const signal = interruption()
  const tell = (line: string): void => { process.stderr.write(`${line}\n`) }
  const measures: Measures = {
    calls: async (comparisons, longer) => {
      const seconds = longer ? 2 * load.seconds : load.seconds
      const compare = async (seconds: number): Promise<readonly Figure[]> => compareCalls(comparisons, compared, { ...load, seconds }, { signal, tell })
      return compare(seconds).catch(async (error: Error) => {
        if (!starved.test(error.message)) throw error
        tell(`${error.message}: once more, in longer rounds`)
        return compare(2 * seconds)
      })
    },
    stages: async () => timeStages(signal)
  }
  if (values.propose) {
    process.stdout.write(`${await propose(budget, measures)}\n`)
    return
  }
  const measurement = await measureTwice(budget, measures, tell)
  process.stdout.write(`${verdictTable(measurement)}\n`)
  if (!isKept(measurement)) process.exitCode = 1
}

const flag = { type: 'boolean', default: false } as const
const options = { guard: flag, short: flag, propose: flag, budget: { type: 'string', default: join(import.meta.dirname, '../budget.json') }, help: flag } as const

interface Options { readonly short: boolean, readonly propose: boolean, readonly budget: string, readonly help: boolean }

function readOptions (args: string[]): Options {
  return parseArgs({ args, options }).values
}

async function propose (budget: Budget, { calls, stages }: Measures): Promise<string> {
  const timed = await stages()
  if (typeof timed === 'string') throw new Error(timed)
  const circumstances = `Node ${process.versions.node}, ${availableParallelism()} cores (${cpus()[0]?.model ?? 'unknown'}), ${new Date().toISOString().slice(0, 10)}`
  return proposal(budget, { figures: await calls(budget.ratios, false), timed }, circumstances)
}

/** The guard, as the load test's command line asks for it. */
export const guard: Command<Options> = { usage, failed: 'the guard failed', read: readOptions, run: compareWithBudget }
