/** Aborted when the run is to stop; the exit code then says by which signal (SIGINT, SIGTERM, or SIGPIPE where nobody reads what it writes). */
export function interruption (): AbortSignal {
  const stopping = new AbortController()
  const stop = (exitCode: number) => () => {
    process.exitCode = exitCode
    stopping.abort(new Error('interrupted'))
  }
  process.once('SIGINT', stop(130)).once('SIGTERM', stop(143))
  // Whoever read what is told is gone (| head), as if by SIGPIPE.
  for (const output of [process.stdout, process.stderr]) output.on('error', stop(141))
  return stopping.signal
}
