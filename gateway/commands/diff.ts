import { parseArgs } from 'node:util'
import { loadContract } from '../../openapi/contract.ts'
import { demandsOf } from '../demands.ts'
import { planContract } from '../plan/plan-contract.ts'
import type { DemandingContract } from '../plan/plan-contract.ts'
import { hurtfulKinds } from '../plan/plan-line.ts'
import type { PlanLine } from '../plan/plan-line.ts'
import { exitCodes, UsageError } from './command.ts'
import type { Command } from './command.ts'
import { readNamed } from './input.ts'
import { planCounts, planText } from './plan-text.ts'

/** `varco diff`: what a version of a contract means for the callers of the one before it. */
export const diff: Command = {
  name: 'diff',
  summary: 'Say what a version of a contract breaks for the callers of the one before it',
  usage: `varco diff OLD NEW [--format text|json]

Compares two versions of a contract (OpenAPI, YAML or JSON) as callers meet them:
  breaking  callers of OLD would be refused, or find other answers than they know
  weaker    a demand (x-modi) would be lost;  stricter: one would be gained
  changed, added: whatever else
Says also whether info.version tells it (RAC_GEN_002): what breaks callers is a new major version, with a path and a descriptor of its own.
  --format json  {hurts, counts, lines: [{kind, operation, sentence}]} instead of a table
Exit code 0 when nothing hurts, 1 when something is breaking or weaker, 2 when there is no such file, 78 when it is no contract that can be served.`,
  async run (args, terminal) {
    const { values: { format }, positionals: [from, to, ...more] } = parseArgs({ args: [...args], options: { format: { type: 'string', default: 'text' } }, allowPositionals: true })
    if (from === undefined || to === undefined || more.length > 0) throw new UsageError('name two files: the contract as it was, and as it is to be')
    if (format !== 'text' && format !== 'json') throw new UsageError(`--format takes text or json, not ${JSON.stringify(format)}`)
    const [before, after] = [await read(from), await read(to)]
    const lines = [...planContract(before, after)]
    const hurts = lines.some(({ kind }) => hurtfulKinds.has(kind))
    lines.push(...versionLines(before, after, lines))
    terminal.out(format === 'json' ? `${JSON.stringify({ hurts, counts: planCounts(lines), lines })}\n` : planText(lines.map((line) => ({ ...line, eservice: after.contract.title }))))
    return hurts ? exitCodes.findings : exitCodes.ok
  }
}

async function read (file: string): Promise<DemandingContract> {
  await readNamed(file)
  const contract = await loadContract(file)
  return { contract, demands: demandsOf(contract) }
}

const semver = /^v?(\d+)(?:\.(\d+))?(?:\.(\d+))?/

/** Whether info.version says what has changed, as semantic versioning has it: nothing is said of versions that are written otherwise. */
function versionLines ({ contract: before }: DemandingContract, { contract: after }: DemandingContract, lines: readonly PlanLine[]): readonly PlanLine[] {
  const [earlier, later] = [before, after].map(({ version }) => semver.exec(version)?.slice(1).map((part) => Number(part ?? 0)))
  if (!earlier || !later) return []
  const rank = [0, 1, 2].findIndex((part) => earlier[part] !== later[part])
  const risen = rank !== -1 && (later[rank] as number) > (earlier[rank] as number)
  const told = `info.version was ${before.version}, is ${after.version}`
  if (rank !== -1 && !risen) return [{ kind: 'changed', sentence: `${told}: it goes back` }]
  if (lines.some(({ kind }) => kind === 'breaking') && rank !== 0) return [{ kind: 'changed', sentence: `${told}: what breaks callers takes a new major version` }]
  if (lines.length > 0 && rank === -1) return [{ kind: 'changed', sentence: `${told}: the contract has changed, its version has not` }]
  return []
}
