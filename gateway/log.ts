import { pino } from 'pino'
import type { DestinationStream, Logger } from 'pino'

/** Standard output: what is written there is there when the process goes on. */
export function openOutput (): DestinationStream {
  return pino.destination(1)
}

/** Opens the log of a process: one structured line per event, with its `time` (of a call its beginning), on standard output unless another place is given. */
export function openLog (destination: DestinationStream = openOutput()): Logger {
  return pino({ base: null, timestamp: false, messageKey: 'event', mixin: (entry) => 'time' in entry ? {} : { time: new Date().toISOString() } }, destination)
}
