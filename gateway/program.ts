import { CheckedFileError } from './adapters/checked-yaml.ts'

/** Exit code for a configuration with which a start can never work (EX_CONFIG of sysexits.h). */
export const badConfiguration = 78

/** Ends a program that cannot start: every problem on a line of its own, with what to do about it, and exit code 78. */
export function refuseToStart (name: string, error: unknown): void {
  const problems = error instanceof CheckedFileError ? error.problems : explain(error).split('\n')
  process.stderr.write(`${name} cannot start:\n${problems.map((problem) => `  ${problem}\n`).join('')}`)
  process.exitCode = badConfiguration
}

function explain (error: unknown): string {
  const { code, message, port } = error as NodeJS.ErrnoException & { port?: number }
  if (code === 'EADDRINUSE') return `port ${port} is taken: stop what listens there, or set PORT to move all listeners`
  if (code === 'EACCES') return `${message}: choose a port above 1023, or a folder that this user may use`
  return message
}

/** Runs `stop` once when the process is asked to end (SIGTERM, SIGINT) or, when started by `npm start`, when its parent is gone. */
export function whenAskedToStop (stop: () => void): void {
  process.once('SIGTERM', stop).once('SIGINT', stop).once('disconnect', stop)
}
