import { DocumentError } from '../openapi/document.ts'
import { CheckedFileError } from './adapters/checked-file-error.ts'
import { didYouMean } from './closest-name.ts'
import { exitCodes, UsageError } from './commands/command.ts'
import type { Command, Terminal } from './commands/command.ts'
import { isUsageError } from './program.ts'

/** Every command of `varco`, loaded when it is called: most of them need much that the others do not. Adding one is a line here. */
const commands: Readonly<Record<string, () => Promise<Command>>> = {
  start: async () => (await import('./commands/start.ts')).start,
  check: async () => (await import('./commands/check.ts')).check,
  plan: async () => (await import('./commands/plan.ts')).plan,
  reload: async () => (await import('./commands/reload.ts')).reload,
  doctor: async () => (await import('./commands/doctor.ts')).doctor,
  restart: async () => (await import('./commands/restart.ts')).restart,
  diff: async () => (await import('./commands/diff.ts')).diff,
  voucher: async () => (await import('./commands/voucher.ts')).voucher,
  call: async () => (await import('./commands/call.ts')).call,
  explain: async () => (await import('./commands/explain.ts')).explain,
  evidence: async () => (await import('./commands/evidence.ts')).evidence,
  audit: async () => (await import('./commands/audit.ts')).audit,
  tracing: async () => (await import('./commands/tracing.ts')).tracing,
  init: async () => (await import('./commands/init.ts')).init,
  mock: async () => (await import('./commands/mock.ts')).mock,
  vectors: async () => (await import('./commands/vectors.ts')).vectors
}

async function overview (): Promise<string> {
  const all = await Promise.all(Object.values(commands).map(async (load) => load()))
  return `varco COMMAND [OPTIONS]

${all.map(({ name, summary }) => `  ${name.padEnd(10)}${summary}`).join('\n')}

varco COMMAND --help explains one. Exit codes: 0 ok, 1 findings, 2 usage, 78 configuration.
`
}

/** Runs `varco` with the words behind its name and gives the exit code. Never throws: what goes wrong is told on `terminal.err`. */
export async function runCommandLine (args: readonly string[], terminal: Terminal): Promise<number> {
  const [name, ...rest] = args
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    (name === undefined ? terminal.err : terminal.out)(await overview())
    return name === undefined ? exitCodes.usage : exitCodes.ok
  }
  if (!Object.hasOwn(commands, name)) {
    terminal.err(`varco: there is no command "${name}".${didYouMean(name, Object.keys(commands))}\n\n${await overview()}`)
    return exitCodes.usage
  }
  const command = await (commands[name] as () => Promise<Command>)()
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
