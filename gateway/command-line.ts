import { DocumentError } from '../openapi/document.ts'
import { CheckedFileError } from './adapters/checked-file-error.ts'
import { didYouMean } from './closest-name.ts'
import { call } from './commands/call.ts'
import { check } from './commands/check.ts'
import { exitCodes, UsageError } from './commands/command.ts'
import type { Command, Terminal } from './commands/command.ts'
import { diff } from './commands/diff.ts'
import { evidence } from './commands/evidence.ts'
import { explain } from './commands/explain.ts'
import { init } from './commands/init.ts'
import { mock } from './commands/mock.ts'
import { reload } from './commands/reload.ts'
import { restart } from './commands/restart.ts'
import { plan } from './commands/plan.ts'
import { start } from './commands/start.ts'
import { vectors } from './commands/vectors.ts'
import { voucher } from './commands/voucher.ts'
import { isUsageError } from './program.ts'

/** Every command of `varco`. Adding one is a line here. */
const commands: readonly Command[] = [start, check, plan, reload, restart, diff, voucher, call, explain, evidence, init, mock, vectors]

const overview = `varco COMMAND [OPTIONS]

${commands.map(({ name, summary }) => `  ${name.padEnd(10)}${summary}`).join('\n')}

varco COMMAND --help explains one. Exit codes: 0 ok, 1 findings, 2 usage, 78 configuration.
`

/** Runs `varco` with the words behind its name and gives the exit code. Never throws: what goes wrong is told on `terminal.err`. */
export async function runCommandLine (args: readonly string[], terminal: Terminal): Promise<number> {
  const [name, ...rest] = args
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    (name === undefined ? terminal.err : terminal.out)(overview)
    return name === undefined ? exitCodes.usage : exitCodes.ok
  }
  const command = commands.find((one) => one.name === name)
  if (!command) {
    terminal.err(`varco: there is no command "${name}".${didYouMean(name, commands.map((one) => one.name))}\n\n${overview}`)
    return exitCodes.usage
  }
  if (rest.includes('--help') || rest.includes('-h')) {
    terminal.out(`${command.usage}\n`)
    return exitCodes.ok
  }
  return runCommand(command, rest, terminal)
}

async function runCommand (command: Command, args: readonly string[], terminal: Terminal): Promise<number> {
  try {
    return await command.run(args, terminal)
  } catch (error) {
    if (error instanceof UsageError || isUsageError(error)) {
      terminal.err(`varco ${command.name}: ${(error as Error).message}\n\n${command.usage}\n`)
      return exitCodes.usage
    }
    terminal.err(`varco ${command.name}: ${error instanceof CheckedFileError ? error.problems.join('\n  ') : (error as Error).message}\n`)
    return error instanceof CheckedFileError || error instanceof DocumentError ? exitCodes.configuration : exitCodes.findings
  }
}
