import { CheckedFileError } from './adapters/checked-file-error.ts'

/** Exit code for a configuration with which a start can never work (EX_CONFIG of sysexits.h). */
export const badConfiguration = 78

/** Ends a program that cannot start: every problem on a line of its own, with what to do about it, and exit code 78. */
export function refuseToStart (name: string, error: unknown, usage?: string): void {
  const problems = [...problemsOf(error), ...isUsageError(error) && usage ? [usage] : []]
  process.stderr.write(`${name} cannot start:\n${problems.map((problem) => `  ${problem}\n`).join('')}`)
  process.exitCode = badConfiguration
}

/** Everything that an error tells, as sentences. */
export function problemsOf (error: unknown): readonly string[] {
  return error instanceof CheckedFileError ? error.problems : explain(error).split('\n')
}

/** True for the errors of node:util parseArgs. */
export function isUsageError (error: unknown): boolean {
  return String((error as NodeJS.ErrnoException).code).startsWith('ERR_PARSE_ARGS')
}

function explain (error: unknown): string {
  const { code, message, path, port } = error as NodeJS.ErrnoException & { port?: number }
  if (code === 'EADDRINUSE') return `port ${port} is taken: stop what listens there, or set PORT to move all listeners`
  if (code === 'EACCES' || code === 'EROFS') return `it may not use ${path ?? `port ${port}`}: choose another place, or give this user the right to it`
  return message
}

/** Says that a program is ready: to the program that launched it, or else in one line on standard error. */
export function announce (name: string, url: string, more = '', facts: object = {}): void {
  if (process.send) process.send({ ready: true, name, url, ...facts })
  else process.stderr.write(`${name} ready on ${url}${more}\n`)
}

/** Runs `stop` once when the process is asked to end (SIGTERM, SIGINT) or when the program that launched it is gone. */
export function whenAskedToStop (stop: () => void): void {
  let asked = false
  const once = (): void => {
    if (!asked) stop()
    asked = true
  }
  process.on('SIGTERM', once).on('SIGINT', once).on('disconnect', once)
}
