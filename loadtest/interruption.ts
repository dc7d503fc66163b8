/** Aborted when the run is to stop; the exit code then says by which signal. */
export function interruption (): AbortSignal {
  const stopping = new AbortController()
  const stop = (exitCode: number) => () => {
    process.exitCode = exitCode
    stopping.abort(new Error('interrupted'))
  }
  process.once('SIGINT', stop(130)).once('SIGTERM', stop(143))
  return stopping.signal
}
