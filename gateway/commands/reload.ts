import { parseArgs } from 'node:util'
import { loadConfig } from '../config.ts'
import { askOperations } from './ask-operations.ts'
import { exitCodes, UsageError } from './command.ts'
import type { Command } from './command.ts'

/** `varco reload`: puts live what the files of a running gateway say now. */
export const reload: Command = {
  name: 'reload',
  summary: 'Put the configuration of the running gateway live as its files are now',
  usage: `varco reload --config FILE

Asks the gateway that was started with that file to read it and everything that it names anew: contracts, registry, grants, certificates, keys.
Either all of it goes live, without a failed call, or nothing: then every problem is told with its file and line, and what was live serves on.
Settings that take a restart are refused. varco plan tells beforehand what would change.
Exit code 0 when it is live, 78 when the files cannot go live.`,
  async run (args, { env, out }) {
    const { values } = parseArgs({ args: [...args], options: { config: { type: 'string' } } })
    if (values.config === undefined) throw new UsageError('name the configuration: --config FILE')
    // The gateway has the secrets, whoever asks it to reload need not.
    const config = await loadConfig(values.config, env, { secrets: 'ignored' })
    const { hash } = await askOperations(config, '/-/reload')
    out(`live: configuration ${String(hash)}\n`)
    return exitCodes.ok
  }
}
