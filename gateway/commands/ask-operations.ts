import { parseArgs } from 'node:util'
import { parseJson } from '../../openapi/json/json.ts'
import { isRecord } from '../../policies/jws.ts'
import { CheckedFileError } from '../adapters/checked-file-error.ts'
import { loadConfig } from '../config.ts'
import type { Config } from '../config.ts'
import { findOperationsPlace } from '../operations-place.ts'
import { exitCodes, UsageError } from './command.ts'
import type { Terminal } from './command.ts'

/** Runs a command that has a running gateway do one thing, found by the configuration that it was started with (--config FILE), and tells what became of it: `done`. */
export async function askGateway (args: readonly string[], { env, out }: Terminal, path: string, done: string): Promise<number> {
  const { values } = parseArgs({ args: [...args], options: { config: { type: 'string' } } })
  if (values.config === undefined) throw new UsageError('name the configuration: --config FILE')
  // The gateway has the secrets, whoever asks it need not.
  const config = await loadConfig(values.config, env, { secrets: 'ignored' })
  const { hash } = await askOperations(config, path)
  out(`${done}: configuration ${String(hash)}\n`)
  return exitCodes.ok
}

/** How long operations may take, in ms: a reload may have to read everything from the platform, a restart waits for calls that are under way. */
const patienceMs = 300_000

/**
 * Posts to the operations listener of the gateway that runs with a configuration, found by its state folder, and gives what it answers. Throws a
 * sentence when none runs, and CheckedFileError with the problems that it tells.
 */
export async function askOperations ({ state }: Config, path: string): Promise<Readonly<Record<string, unknown>>> {
  const place = await findOperationsPlace(state)
  if (!place) throw new Error(`no gateway runs with the state folder ${state}: start it with varco start --config FILE, and run this in the same folder`)
  const answer = await fetch(`${place.url}${path}`, { method: 'POST', headers: { authorization: `Bearer ${place.token}` }, signal: AbortSignal.timeout(patienceMs) }).catch((error: unknown) => {
    throw new Error(`the gateway that left its address in ${state} does not answer on ${place.url}: ${reasonOf(error)}`)
  })
  const parsed = parseJson(new Uint8Array(await answer.arrayBuffer()))
  const content = 'value' in parsed && isRecord(parsed.value) ? parsed.value : {}
  if (answer.ok) return content
  const { problems, detail } = content
  if (Array.isArray(problems)) throw new CheckedFileError(problems.map(String))
  throw new Error(typeof detail === 'string' ? detail : `the gateway answered ${answer.status}`)
}

function reasonOf (error: unknown): string {
  const { message, cause } = error as Error
  return (cause as NodeJS.ErrnoException | undefined)?.code ?? message
}
