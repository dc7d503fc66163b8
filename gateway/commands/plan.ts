import { realpath } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import pino from 'pino'
import { loadConfig } from '../config.ts'
import { describeConfig } from '../described-config.ts'
import type { DescribedConfig } from '../described-config.ts'
import { hurtfulKinds } from '../plan/plan-line.ts'
import type { PlanLine } from '../plan/plan-line.ts'
import { planOf } from '../plan/plan.ts'
import { Verdicts } from '../verdicts.ts'
import { askOperations } from './ask-operations.ts'
import { exitCodes, UsageError } from './command.ts'
import type { Command, Terminal } from './command.ts'
import { planCounts, planText } from './plan-text.ts'

/** `varco plan`: what a new configuration would change. */
export const plan: Command = {
  name: 'plan',
  summary: 'Say what a new configuration would change, before it goes live',
  usage: `varco plan --config NEW [--from OLD] [--format text|json]

Lists what putting a configuration live would change, with the contracts, grants and registry file that it names:
  breaking  callers that are served would be refused, or find other answers than they know
  weaker    a demand (x-modi), a limit or a condition of trust would be lost
  restart   a setting that a reload cannot change
  stricter  a limit or condition would be gained;  changed, added: whatever else
Nothing goes live, and no secret is shown.
  --config NEW   the configuration that is to go live: compared with what the gateway that was started with this file has live
  --from OLD     compared with this one instead, without any gateway and without secrets
  --format json  {hurts, counts, lines: [{kind, eservice, operation, sentence}]} instead of a table
Exit code 0 when nothing hurts, 1 when something is breaking, weaker or takes a restart, 78 when it could not go live.`,
  async run (args, terminal) {
    const { values, positionals } = parseArgs({ args: [...args], options: { config: { type: 'string' }, from: { type: 'string' }, format: { type: 'string', default: 'text' } }, allowPositionals: true })
    const { config, from, format } = values
    if (positionals.length > 0 || config === undefined) throw new UsageError('name the new configuration with --config, and the one to compare it with, where no gateway runs, with --from')
    if (format !== 'text' && format !== 'json') throw new UsageError(`--format takes text or json, not ${JSON.stringify(format)}`)
    const lines = from === undefined ? await askGateway(config, terminal) : planOf(await describe(from, terminal), await admit(await describe(config, terminal)))
    const hurts = lines.some(({ kind }) => hurtfulKinds.has(kind))
    terminal.out(format === 'json' ? `${JSON.stringify({ hurts, counts: planCounts(lines), lines })}\n` : planText(lines))
    return hurts ? exitCodes.findings : exitCodes.ok
  }
}

/** What the running gateway says: it has the secrets, and what is live. */
async function askGateway (path: string, { env }: Terminal): Promise<readonly PlanLine[]> {
  const { file, lines } = await askOperations(await loadConfig(path, env, { secrets: 'ignored' }), '/-/plan')
  if (typeof file !== 'string' || !Array.isArray(lines)) throw new Error('the gateway that runs knows no plans: compare with --from')
  // It reads its own file whatever is asked for: another that names the same state folder is not that one.
  if (await realpath(file) !== await realpath(path)) throw new UsageError(`the gateway that runs was started with ${file}: name that file, or compare with --from ${file}`)
  return lines as readonly PlanLine[]
}

async function describe (path: string, { env }: Terminal): Promise<DescribedConfig> {
  return describeConfig(await loadConfig(path, env, { secrets: 'ignored' }))
}

/** What lint.mode keeps from going live is no plan. */
async function admit (next: DescribedConfig): Promise<DescribedConfig> {
  await new Verdicts(pino({ enabled: false })).admit(next.config, next.eservices)
  return next
}
