import { askGateway } from './ask-operations.ts'
import type { Command } from './command.ts'

/** `varco restart`: puts new processes in the place of those of a running gateway. */
export const restart: Command = {
  name: 'restart',
  summary: 'Replace the processes of the running gateway one by one',
  usage: `varco restart --config FILE

Asks the gateway that was started with that file, with workers, to put a new process in the place of each: one after the other, without a failed
call. The new ones run the program and read the files as they are now, also settings that a reload refuses, but for those of the listeners, workers,
watch, state and redis. One that does not come up ends it: then it is told why, and those that were left serve on.
Exit code 0 when all were replaced, 78 when not.`,
  run: async (args, terminal) => askGateway(args, terminal, '/-/restart', 'restarted')
}
