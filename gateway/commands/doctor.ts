import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { loadConfig } from '../config.ts'
import type { Config } from '../config.ts'
import { checks, deadlineMs } from '../doctor/checks.ts'
import { examine, firstBroken } from '../doctor/examination.ts'
import type { Result } from '../doctor/examination.ts'
import { findRunning } from '../doctor/patient.ts'
import type { Running } from '../doctor/patient.ts'
import { problemsOf } from '../program.ts'
import { exitCodes } from './command.ts'
import type { Command, Terminal } from './command.ts'

/** `varco doctor`: the first thing that is broken. */
export const doctor: Command = {
  name: 'doctor',
  summary: 'Name the first thing that is broken, and what to do about it',
  usage: `varco doctor [--config FILE] [--json]

Looks, in the order in which one depends on the other, at configuration, contracts, state folder, disk and records, keys and certificates, listeners, the platform's keys, the clock, the gateway's own
token and keychain, the registry, Redis, DATABASE_URL where it is set here, upstreams with their secrets, the stores of the e-services, and tracing; whether the gateway runs or not. Run it as the gateway's
user, in the same folder and environment. Nothing is changed, and no secret is told. Each check may take ${deadlineMs / 1000} s.
  --json  {healthy, broken: NAME or null, checks: [{name, state: passed|failed|unreached|nothing, detail, warnings, remedy}]}
Exit code 0 when all is well, 1 when something is broken, 78 when the configuration cannot be read.`,
  async run (args, terminal) {
    const { values } = parseArgs({ args: [...args], options: { config: { type: 'string' }, json: { type: 'boolean', default: false } } })
    const file = values.config ?? join(import.meta.dirname, '../gateway.yaml')
    const read = await readConfig(file, terminal).catch((error: unknown) => problemsOf(error))
    const results = 'config' in read ? [configurationResult('passed', `${file}, ${read.config.environment}`), ...await examineAll(read, terminal)] : unreadable(read)
    const broken = firstBroken(results)
    terminal.out(values.json ? `${JSON.stringify({ healthy: !broken, broken: broken?.name ?? null, checks: results.map((result) => ({ ...result, remedy: result.remedy ?? null })) })}\n` : textOf(results, broken))
    if (!('config' in read)) return exitCodes.configuration
    return broken ? exitCodes.findings : exitCodes.ok
  }
}

interface Read { readonly config: Config, readonly running: Running | undefined }

/** Reads it as a gateway would; where that runs already and has the secrets, they need not be set here. */
async function readConfig (file: string, { env }: Terminal): Promise<Read> {
  try {
    const config = await loadConfig(file, env)
    return { config, running: await findRunning(config.state) }
  } catch (error) {
    const config = await loadConfig(file, env, { secrets: 'ignored' }).catch(() => { throw error })
    const running = await findRunning(config.state)
    if (!running || running.silent) throw error
    return { config, running }
  }
}

async function examineAll ({ config, running }: Read, { env, now }: Terminal): Promise<readonly Result[]> {
  return examine(checks, { config, env, now, running, eservices: [], aheadMs: undefined, storeless: [] }, deadlineMs)
}

function unreadable (problems: readonly string[]): readonly Result[] {
  return [
    { ...configurationResult('failed', problems.join('; ')), remedy: 'mend the configuration: varco check tells every problem with its line' },
    ...checks.map(({ name }): Result => ({ name, state: 'unreached', detail: 'depends on configuration', warnings: [], remedy: undefined }))
  ]
}

function configurationResult (state: 'passed' | 'failed', detail: string): Result {
  return { name: 'configuration', state, detail, warnings: [], remedy: undefined }
}

const signs: Readonly<Record<Result['state'], string>> = { passed: 'ok', failed: 'BROKEN', unreached: '-', nothing: '-' }

function textOf (results: readonly Result[], broken: Result | undefined): string {
  const lines = results.flatMap(({ name, state, detail, warnings }) => [`  ${signs[state].padEnd(8)}${name.padEnd(15)}${detail}`, ...warnings.map((warning) => `  ${'warning'.padEnd(8)}${name.padEnd(15)}${warning}`)])
  const verdict = broken ? `${broken.name}: ${broken.detail}.\nTo mend it: ${broken.remedy ?? ''}.` : 'All is well.'
  return `${verdict}\n\n${lines.join('\n')}\n`
}
