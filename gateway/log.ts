import { fstatSync, writeSync } from 'node:fs'
import { pino, symbols } from 'pino'
import type { DestinationStream, Logger } from 'pino'

/** So much may wait for whoever reads the log, in characters; what comes beyond is dropped and counted. */
const mostWaiting = 8 * 1024 * 1024
/** So much is written at once at most, in characters. */
const mostAtOnce = 64 * 1024
/** A reader that lags behind is tried again after so long, and waited for so long in all when the process exits; in ms. */
const readerMs = 5
const lastPatienceMs = 1000

const standardOutput = 1
/** What the system does not take now for its reader or for want of room on the disk it may take later. */
const passing: ReadonlySet<string | undefined> = new Set(['EAGAIN', 'ENOSPC', 'EDQUOT'])

/**
 * Standard output. What one turn of the event loop writes goes out at its end in one write: a write for each line costs as much as all checks of a call. Nobody waits for its reader:
 * lines that wait, for it or for room on the disk, are bounded, those beyond are dropped, and a line says how many. Written here, because pino's own destination loses and tears lines where the system takes only a part of them.
 */
export class Output implements DestinationStream {
  /** How many lines were dropped. */
  dropped = 0
  #untold = 0
  /** What was gathered in this turn, and what the reader has not taken, of which the first part may have begun to go out. */
  #gathered = ''
  #waiting: Buffer[] = []
  #waitingCharacters = 0
  #isDue = false
  #again: NodeJS.Timeout | undefined
  #isExiting = false

  constructor () {
    // A pipe or a socket whose stream was opened does not wait.
    const status = fstatSync(standardOutput)
    if (status.isFIFO() || status.isSocket()) void process.stdout
    process.on('exit', () => {
      this.#isExiting = true
      this.#flushLast()
    })
  }

  /** Writes whole lines. */
  write (lines: string): void {
    if (this.#waitingCharacters + this.#gathered.length + lines.length > mostWaiting) {
      const count = countLines(lines)
      this.dropped += count
      this.#untold += count
      return
    }
    this.#gathered += lines
    if (this.#isExiting) this.#flushLast()
    else if (this.#gathered.length > mostAtOnce) this.#flush()
    if (this.#isDue) return
    this.#isDue = true
    setImmediate(() => { this.#flush() })
  }

  /** Writes what the reader takes; the rest is tried again a little later. */
  #flush (): void {
    this.#isDue = false
    this.#queue()
    if (this.#writeOn()) return
    this.#isDue = true
    if (this.#again) return
    this.#again = setTimeout(() => {
      this.#again = undefined
      this.#flush()
    }, readerMs).unref()
  }

  /** The process ends: whoever reads at all gets it all. */
  #flushLast (): void {
    this.#queue()
    for (const end = performance.now() + lastPatienceMs; !this.#writeOn() && performance.now() < end;) Atomics.wait(never, 0, 0, readerMs)
  }

  #queue (): void {
    if (this.#gathered === '') return
    this.#waitingCharacters += this.#gathered.length
    this.#waiting.push(Buffer.from(this.#gathered))
    this.#gathered = ''
  }

  /** True when nothing waits any more. What will not be taken at all is dropped, and nobody is left to be told of it. Never throws: a call that was answered must not end the process. */
  #writeOn (): boolean {
    try {
      for (let [first] = this.#waiting; first; [first] = this.#waiting) {
        const rest = first.subarray(writeSync(standardOutput, first))
        if (rest.length > 0) this.#waiting[0] = rest
        else this.#waiting.shift()
      }
    } catch (error) {
      if (passing.has((error as NodeJS.ErrnoException).code)) return false
      for (const lines of this.#waiting) this.dropped += countLines(lines.toString())
      this.#waiting = []
    }
    this.#waitingCharacters = 0
    this.#tellDropped()
    return true
  }

  #tellDropped (): void {
    if (this.#untold === 0) return
    const lines = this.#untold
    this.#untold = 0
    this.write(`${JSON.stringify({ level: pino.levels.values['warn'], time: new Date().toISOString(), event: 'log lines dropped', lines })}\n`)
  }
}

function countLines (lines: string): number {
  return lines.split('\n').length - 1
}

const never = new Int32Array(new SharedArrayBuffer(4))

let output: Output | undefined

/** How many lines of the log were dropped, because nobody read them in time. */
export function droppedLines (): number {
  return output?.dropped ?? 0
}

/** The standard output of this process, opened once. */
export function openOutput (): Output {
  return output ??= new Output()
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
