import { pino, symbols } from 'pino'
import type { DestinationStream, Logger } from 'pino'

/** So much is gathered at most before it is written, in characters. */
const mostGathered = 64 * 1024

/** Standard output. What one turn of the event loop writes goes out at its end in one write, or when the process exits: a write for each line costs as much as all checks of a call. */
export function openOutput (): DestinationStream {
  const output = pino.destination(1)
  let gathered = ''
  let isDue = false
  const flush = (): void => {
    isDue = false
    const lines = gathered
    gathered = ''
    if (lines !== '') output.write(lines)
  }
  process.on('exit', flush)
  return {
    write (line) {
      gathered += line
      if (gathered.length > mostGathered) flush()
      if (isDue) return
      isDue = true
      setImmediate(flush)
    }
  }
}

/** Opens the log of a process: one structured line per event, with its `time` (of a call its beginning), on standard output unless another place is given. */
export function openLog (destination: DestinationStream = openOutput()): Logger {
  return pino({ base: null, timestamp: false, messageKey: 'event', mixin: (entry) => 'time' in entry ? {} : { time: new Date().toISOString() } }, destination)
}

/** The level of what is no more than an event. */
export const infoLevel = pino.levels.values['info'] as number

/** Writes an event with its level where the logger writes, for those of which there are many: it puts a line together member by member, JSON.stringify ten times as fast. */
export function logFast (logger: Logger, event: object): void {
  const destination = (logger as unknown as Record<typeof symbols.streamSym, DestinationStream>)[symbols.streamSym]
  destination.write(`${JSON.stringify(event)}\n`)
}
