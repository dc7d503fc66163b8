import { writeSync } from 'node:fs'
import { pino, symbols } from 'pino'
import type { DestinationStream, Logger } from 'pino'

/** So much is gathered at most before it is written, in characters. */
const mostGathered = 64 * 1024

/** For so long, in ms, it is waited until a reader that lags behind can take more. */
const readerMs = 5

/**
 * Standard output. What one turn of the event loop writes goes out at its end in one write, or when the process exits: a write for each line costs as much as all checks of a call.
 * Written here, because pino's own destination loses and tears lines where the system takes only a part of them.
 */
export function openOutput (): DestinationStream {
  let gathered = ''
  let isDue = false
  let isExiting = false
  const flush = (): void => {
    isDue = false
    const lines = gathered
    gathered = ''
    if (lines !== '') writeWhole(lines)
  }
  process.on('exit', () => {
    isExiting = true
    flush()
  })
  return {
    write (line) {
      gathered += line
      if (isExiting || gathered.length > mostGathered) flush()
      if (isDue) return
      isDue = true
      setImmediate(flush)
    }
  }
}

const never = new Int32Array(new SharedArrayBuffer(4))

/** Waits until standard output has taken everything, whether its descriptor waits or not; what nobody reads any more is dropped. Throws what else the file system throws. */
function writeWhole (text: string): void {
  let rest = Buffer.from(text)
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(1, rest))
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'EPIPE') return
      if (code !== 'EAGAIN') throw error
      Atomics.wait(never, 0, 0, readerMs)
    }
  }
}

/** Opens the log of a process: one structured line per event, with its `time` (of a call its beginning), on standard output unless another place is given. */
export function openLog (destination: DestinationStream = openOutput()): Logger {
  return pino({ base: null, timestamp: false, messageKey: 'event', mixin: (entry) => 'time' in entry ? {} : { time: new Date().toISOString() } }, destination)
}

/** The level of what is no more than an event. */
export const infoLevel = pino.levels.values['info'] as number

/** Writes an event, which is JSON already and has its level, where the logger writes, for those of which there are many: it puts a line together member by member, JSON.stringify ten times as fast. */
export function logText (logger: Logger, event: string): void {
  const destination = (logger as unknown as Record<typeof symbols.streamSym, DestinationStream>)[symbols.streamSym]
  destination.write(`${event}\n`)
}
