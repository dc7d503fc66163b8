import { parseArgs } from 'node:util'
import { runCommand } from './command.ts'
import { interruption } from './interruption.ts'
import { figuresOf, report } from './profile/report.ts'
import { profilable, profile } from './profile/measure.ts'
import type { Scenario } from './scenario.ts'
import { listed } from './selection.ts'

const usage = `usage: npm run profile -- [options]

Shows where the CPU time of a call goes: fires one kind of call as the load test does, every answer checked, and samples what the process that serves it is
doing, without its start and the warm-up. Time is what a function took itself, without what it called; code without a file counts to whoever calls it.
µs per call are shares of all CPU time of the process, its other threads included.

  --only NAME  what is called: a scenario of the load test, or a peer that is a Node program (admitted)
  --list       all that can be profiled
  --seconds N  length of each of four rounds: two to warm up, one without and one with the profiler; 1 to 60 (3)
  --json       all figures and functions as JSON
  --help       this text`

interface Options { readonly scenario: Scenario, readonly seconds: number, readonly list: boolean, readonly json: boolean, readonly help: boolean }

function readOptions (args: string[]): Options {
  const flag = { type: 'boolean', default: false } as const
  const { values: { only, seconds, ...flags } } = parseArgs({ args, options: { only: { type: 'string', default: 'admitted' }, seconds: { type: 'string', default: '3' }, list: flag, json: flag, help: flag } })
  if (!/^[1-9]\d?$/.test(seconds) || Number(seconds) > 60) throw new Error(`--seconds is "${seconds}": it must be a whole number from 1 to 60`)
  const scenario = profilable().find(({ name }) => name.toLowerCase() === only.toLowerCase())
  if (!scenario) throw new Error(`there is nothing "${only}" to profile: --list tells all that there is`)
  const missing = scenario.target.missing?.()
  if (missing !== undefined) throw new Error(missing)
  return { scenario, seconds: Number(seconds), ...flags }
}

async function main ({ scenario, seconds, list, json }: Options): Promise<void> {
  if (list) {
    process.stdout.write(listed(profilable()))
    return
  }
  const profiled = await profile(scenario, seconds, interruption(), (line) => { process.stderr.write(`${line}\n`) })
  if (!json) process.stdout.write(`${report(profiled)}\n`)
  else {
    const { scenario, round, plain } = profiled
    process.stdout.write(`${JSON.stringify({ node: process.versions.node, scenario, seconds, calls: round.calls, cpuMicros: round.cpuMicros, cpuMicrosWithoutProfiler: plain.cpuMicros, ...figuresOf(profiled) }, undefined, 2)}\n`)
  }
}

await runCommand({ usage, failed: 'nothing was profiled', read: readOptions, run: main })
