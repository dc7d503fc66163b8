/** What the command line says is wrong. */
export class UsageError extends Error {}

/** EX_USAGE of sysexits.h. */
const wrongUsage = 64

/** A command: what its help prints, and how a sentence begins that says why nothing came of it. */
export interface Command<Options> {
  readonly usage: string
  readonly failed: string
  /** Reads the command line. Throws a sentence that says what is wrong with it. */
  readonly read: (args: string[]) => Options | Promise<Options>
  readonly run: (options: Options) => Promise<void>
}

/**
 * Runs a command of this process: prints its usage where that is asked for, and says in a sentence what went wrong. The exit code is then 64 when the command line is wrong
 * (with the usage), and 1 otherwise unless something else set it.
 */
export async function runCommand<Options extends { readonly help: boolean }> ({ usage, failed, read, run }: Command<Options>): Promise<void> {
  try {
    const options = await readLine(read)
    if (options.help) process.stdout.write(`${usage}\n`)
    else await run(options)
  } catch (error) {
    const { message } = error as Error
    const wrong = error instanceof UsageError
    // Whatever an interruption breaks says so in its own way; the exit code is set already.
    const why = process.exitCode === undefined ? message : 'interrupted'
    process.stderr.write(wrong ? `${message}\n\n${usage}\n` : `${failed}: ${why}\n`)
    process.exitCode ??= wrong ? wrongUsage : 1
  }
}

async function readLine<Options> (read: Command<Options>['read']): Promise<Options> {
  try {
    return await read(process.argv.slice(2))
  } catch (error) {
    throw new UsageError((error as Error).message)
  }
}
