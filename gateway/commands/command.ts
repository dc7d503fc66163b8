/** Exit codes of every command. */
export const exitCodes = { ok: 0, findings: 1, usage: 2, configuration: 78 } as const

/** Where a command reads and writes; `stdin` gives every byte that is piped in. */
export interface Terminal {
  readonly out: (text: string) => void
  readonly err: (text: string) => void
  readonly stdin: () => Promise<Buffer>
  readonly env: NodeJS.ProcessEnv
  readonly now: () => number
}

/** One command of `varco`. `run` gets the arguments behind its name and gives the exit code; a UsageError is shown with `usage`. */
export interface Command {
  readonly name: string
  readonly summary: string
  readonly usage: string
  run (args: readonly string[], terminal: Terminal): Promise<number>
}

/** Wrong words on the command line; the message says which and what is expected. */
export class UsageError extends Error {
  override name = 'UsageError'
}
