import { nameOf, runAimed } from './aimed.ts'
import { circumstancesOf } from './circumstances.ts'
import { runCommand, UsageError } from './command.ts'
import { interruption } from './interruption.ts'
import type { Measured } from './measure.ts'
import { readOptions, usage } from './options.ts'
import type { Options } from './options.ts'
import { measureOverload } from './overload/measure-overload.ts'
import { coresOf, runOn } from './pinning.ts'
import { deliver, standardOutput } from './report/deliver.ts'
import { header, targetLines } from './report/header.ts'
import { peersTable } from './report/peers-table.ts'
import { Progress } from './report/progress.ts'
import { promisesTable } from './report/promises-table.ts'
import { followRounds } from './report/rounds.ts'
import { runLoadTest } from './run.ts'
import type { Scenario } from './scenario.ts'
import { scenarios } from './scenarios.ts'
import { peerScenarios } from './scenarios/peers.ts'
import { listed, select } from './selection.ts'

async function main ({ list, ...options }: Options): Promise<void> {
  if (list) process.stdout.write(listed(options.peers ? peerScenarios(true) : scenarios))
  else if (options.overload) await measureOverload(options)
  else await measureAll(options)
}

async function measureAll ({ only, aimed, peers, json, html, ...load }: Omit<Options, 'list'>): Promise<void> {
  const progress = new Progress(process.stderr, () => performance.now())
  const tell = (lines: readonly string[]): void => { for (const line of lines) progress.tell(line) }
  const signal = interruption()
  const { chosen, skipped } = aimed ? { chosen: [], skipped: [] } : choose(peers ? peerScenarios(only.length > 0) : scenarios, only)
  const cores = aimed ? undefined : coresOf()
  const circumstances = circumstancesOf(load, { pinned: cores !== undefined, url: aimed?.aim.origin, skipped })
  tell(header(circumstances))
  const measure = async (): Promise<readonly Measured[]> => {
    if (aimed) return runAimed(aimed, load, { signal, onRound: followRounds(progress, [{ name: nameOf(aimed) }], load.rounds) })
    if (cores) runOn(cores.rest)
    return runLoadTest(chosen, load, { signal, cores, onStart: (range) => { tell(targetLines(range)) }, onRound: followRounds(progress, chosen, load.rounds) })
  }
  const measured = await measure().finally(() => { progress.end() })
  tell([`report: ${await deliver(measured, circumstances, { json, html })}`])
  if (peers && json !== standardOutput) process.stdout.write(`\n${peersTable(measured)}\n\n${promisesTable(measured)}\n`)
}

function choose (all: readonly Scenario[], only: readonly string[]): ReturnType<typeof select> {
  try {
    return select(all, only)
  } catch (error) {
    throw new UsageError((error as Error).message)
  }
}

const loadTest = { usage, failed: 'the load test failed', read: readOptions, run: main }
// What the guard needs is loaded only for it.
if (process.argv.includes('--guard')) await runCommand((await import('./guard/command.ts')).guard)
else await runCommand(loadTest)
