import { pino } from 'pino'
import type { DestinationStream, Logger } from 'pino'

/** Opens the log of a process: one structured line per event, on standard output unless another place is given. */
export function openLog (destination: DestinationStream = pino.destination(1)): Logger {
  return pino({ base: null, timestamp: false, messageKey: 'event' }, destination)
}
