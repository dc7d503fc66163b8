import { askGateway } from './ask-operations.ts'
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
  run: async (args, terminal) => askGateway(args, terminal, '/-/reload', 'live')
}
