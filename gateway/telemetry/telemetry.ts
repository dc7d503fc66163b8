import type { Minute, TelemetryReport } from '../../openapi/telemetry.ts'
import { BackOff } from '../pdnd/back-off.ts'
import type { CallRecord } from '../records/call-record.ts'
import { ReportRefused } from './destination.ts'
import type { Destination } from './destination.ts'
import { foldTrail } from './fold-trail.ts'
import type { ReadRecords } from './fold-trail.ts'
import { MinuteCounts, minuteOf } from './minute-counts.ts'
import { readNote, writeNote } from './telemetry-note.ts'
import type { Run, TelemetryNote } from './telemetry-note.ts'

const minuteMs = 60_000
/** How long after its end a minute is sent: until the records of its last calls are kept. */
const settlingMs = 5000
/** How many minutes are in memory: one that is not sent by then is folded anew from the records when it is. */
const keptMinutes = 60
/** How many minutes are folded from the records at once, and sent at once if they are not too long. */
const foldedMinutes = 180
const reportMinutes = 60
const reportChars = 1024 * 1024
/** What is older is not taken any more. */
const oldestMinutes = 39 * 1440
const sendMs = 10_000
/** Who has not noted for so many minutes that it serves is gone. */
const goneMinutes = 3
const lastSendMs = 2000

/** What telemetry needs: the folder and the name of the process, the records that it keeps, who wants telemetry and which e-services are served, both as they are now. `now` is epoch ms. */
export interface TelemetryParts {
  readonly folder: string
  readonly node: string
  readonly read: ReadRecords
  readonly destinations: () => readonly Destination[]
  readonly eservices: () => readonly string[]
  readonly now: () => number
  readonly warn: (message: string) => void
}

/**
 * Counts calls by minutes (UTC) and sends each minute that is over to the e-services that want telemetry, until they have taken it. What they have taken is noted; whatever was not when the process ended is counted
 * anew from the records that it kept, so that nothing is missing and, a minute replacing what was told of it before, nothing counts twice. Minutes are also sent without calls: one that is missing says that
 * nobody served.
 */
export class Telemetry {
  readonly #parts: TelemetryParts
  readonly #minutes = new Map<number, MinuteCounts>()
  /** From when on minutes are in memory, whole; those before are folded from the records. */
  #wholeFrom = 0
  readonly #acknowledged: Map<string, number>
  #runs: readonly Run[]
  /** Up to when minutes were looked at to be sent, and the first of those of which something was counted after that. */
  #toldTo = 0
  #reopened = Infinity
  #isWanted = false
  readonly #backOffs = new Map<string, BackOff>()
  #saving = Promise.resolve()

  private constructor (parts: TelemetryParts, { acknowledged, runs }: TelemetryNote) {
    this.#parts = parts
    this.#acknowledged = new Map(Object.entries(acknowledged))
    this.#runs = runs
  }

  /** Takes up where the process left off. Throws a sentence when its note cannot be used, and what the file system throws. */
  static async open (parts: TelemetryParts): Promise<Telemetry> {
    const telemetry = new Telemetry(parts, await readNote(parts.folder))
    await telemetry.beat()
    return telemetry
  }

  /**
   * Sends what a process left that is gone, from its note and its records and in its name; what was taken is noted there, so that it is sent once. Does nothing for one that runs; where that comes back meanwhile it
   * tells the same of the same minutes, and they count once. Not to be called again before it is done. Throws as `open`.
   */
  static async adopt (parts: TelemetryParts): Promise<void> {
    const { acknowledged, runs } = await readNote(parts.folder)
    const last = runs.at(-1)
    if (!last || last.to >= minuteAt(parts.now()) - goneMinutes) return
    const wanting = parts.destinations().map(({ name }) => name)
    const left = new Telemetry(parts, { acknowledged: Object.fromEntries(Object.entries(acknowledged).filter(([name]) => wanting.includes(name))), runs })
    left.#wholeFrom = Infinity
    await left.ship()
  }

  /** Counts a call of which the record is kept. */
  readonly count = (record: CallRecord): void => {
    if (!this.#isWanted) return
    const minute = minuteOf(record)
    if (minute <= this.#toldTo) this.#reopened = Math.min(this.#reopened, minute)
    if (minute >= this.#wholeFrom) this.#at(minute).count(record)
  }

  /** Notes that the process serves in this minute, on the disk too: it may be killed in it. To be called several times in a minute. */
  async beat (): Promise<void> {
    const { destinations, eservices, now } = this.#parts
    const [current, wanting] = [minuteAt(now()), destinations().map(({ name }) => name)]
    if (!this.#isWanted) {
      this.#minutes.clear()
      this.#wholeFrom = current + 1
    }
    this.#isWanted = wanting.length > 0
    for (const name of this.#acknowledged.keys()) if (!wanting.includes(name)) this.#acknowledged.delete(name)
    if (!this.#isWanted) return
    const strangers = wanting.filter((name) => !this.#acknowledged.has(name))
    for (const name of strangers) this.#acknowledged.set(name, current - 1)
    if (this.#serve(current, eservices()) || strangers.length > 0) await this.#save()
  }

  /** Sends what is due to everybody who can take it. Not to be called again before it is done. */
  async ship (): Promise<void> {
    if (this.#reopened < Infinity) {
      for (const [name, acknowledged] of this.#acknowledged) this.#acknowledged.set(name, Math.min(acknowledged, this.#reopened - 1))
      this.#reopened = Infinity
    }
    await Promise.all(this.#parts.destinations().map(async (destination) => this.#sendDue(destination)))
    await this.#forget()
  }

  /** Sends the last minutes, also the one that is not over; when the process is started again they are sent whole. */
  async close (): Promise<void> {
    const { destinations, now } = this.#parts
    await Promise.allSettled(destinations().map(async ({ name, send }) => {
      const after = Math.max(this.#acknowledged.get(name) ?? Infinity, this.#wholeFrom - 1, minuteAt(now()) - 2)
      const minutes = [...this.#minutes].filter(([minute]) => minute > after).map(([minute, counts]) => counts.toMinute(minute))
      if (minutes.length > 0 && !this.#backOffs.get(name)?.remainingMs) await send(this.#report(minutes), lastSendMs)
    }))
    await this.#saving
  }

  /** True when it was not known yet that the process serves them in a minute. */
  #serve (minute: number, eservices: readonly string[]): boolean {
    if (minute >= this.#wholeFrom) this.#at(minute).serve(eservices)
    const last = this.#runs.at(-1)
    const goesOn = last && last.to <= minute && last.to >= minute - 1 && last.eservices.join() === eservices.join()
    this.#runs = goesOn ? [...this.#runs.slice(0, -1), { ...last, to: minute }] : [...this.#runs, { from: minute, to: minute, eservices }]
    return !goesOn || last.to < minute
  }

  async #sendDue (destination: Destination): Promise<void> {
    const { now, warn } = this.#parts
    const backOff = this.#backOffs.get(destination.name) ?? new BackOff(now)
    this.#backOffs.set(destination.name, backOff)
    if (backOff.remainingMs > 0) return
    const before = this.#acknowledged.get(destination.name)
    try {
      for (let minutes = await this.#due(destination.name); minutes.length > 0; minutes = await this.#due(destination.name)) {
        for (const report of this.#reports(minutes)) {
          await this.#send(destination, report.text)
          this.#acknowledge(destination.name, report.last)
        }
        this.#acknowledge(destination.name, (minutes.at(-1) as DueMinute).minute)
      }
      backOff.succeeded()
    } catch (error) {
      backOff.failed()
      warn(`${destination.name} does not take telemetry: ${(error as Error).message}; it is sent again`)
    }
    if (this.#acknowledged.get(destination.name) !== before) await this.#save()
  }

  /** Sends a report; one that is refused for good is left out, because whatever comes behind it would never be sent. */
  async #send ({ name, send }: Destination, text: string): Promise<void> {
    try {
      await send(text, sendMs)
    } catch (error) {
      if (!(error instanceof ReportRefused)) throw error
      this.#parts.warn(`${name} refuses a report of telemetry: ${error.message}; its minutes are missing there`)
    }
  }

  /** The next minutes that an e-service is to be told of; nothing is told of those in which the process did not serve. */
  async #due (name: string): Promise<readonly DueMinute[]> {
    const last = minuteAt(this.#parts.now() - settlingMs) - 1
    const from = Math.max((this.#acknowledged.get(name) ?? last) + 1, last - oldestMinutes)
    if (from > last) return []
    const to = Math.min(last, from < this.#wholeFrom ? Math.min(from + foldedMinutes, this.#wholeFrom) - 1 : from + foldedMinutes - 1)
    this.#toldTo = Math.max(this.#toldTo, to)
    const counted = from < this.#wholeFrom ? await foldTrail(this.#parts.read, { from, to, runs: this.#runs }) : this.#minutes
    return Array.from({ length: to - from + 1 }, (_, index) => ({ minute: from + index, told: counted.get(from + index)?.toMinute(from + index) }))
  }

  * #reports (minutes: readonly DueMinute[]): Generator<{ readonly text: string, readonly last: number }> {
    const told = minutes.flatMap(({ told: one }) => one ? { one, chars: JSON.stringify(one).length } : [])
    for (let next = 0; next < told.length;) {
      let [end, chars] = [next, 0]
      while (end < told.length && end - next < reportMinutes && (end === next || chars + (told[end]?.chars ?? 0) < reportChars)) chars += told[end++]?.chars ?? 0
      const some = told.slice(next, end).map(({ one }) => one)
      yield { text: this.#report(some), last: (some.at(-1) as Minute).minute }
      next = end
    }
  }

  #report (minutes: readonly Minute[]): string {
    return JSON.stringify({ v: 1, node: this.#parts.node, minutes } satisfies TelemetryReport)
  }

  /** Of an e-service that wants none any more nothing is noted. */
  #acknowledge (name: string, minute: number): void {
    if (this.#acknowledged.has(name)) this.#acknowledged.set(name, minute)
  }

  /** What everybody has taken needs no memory, once nothing more of it is to be expected; what nobody takes has no more than it has place for. */
  async #forget (): Promise<void> {
    const current = minuteAt(this.#parts.now())
    const taken = Math.min(current, ...this.#acknowledged.values())
    this.#wholeFrom = Math.max(this.#wholeFrom, Math.min(taken - 1, current - 2), current - keptMinutes)
    for (const minute of this.#minutes.keys()) if (minute < this.#wholeFrom) this.#minutes.delete(minute)
    const runs = this.#runs.filter(({ to }) => to >= Math.min(taken, current - 1))
    if (runs.length === this.#runs.length) return
    this.#runs = runs
    await this.#save()
  }

  /** What cannot be noted is sent again after a restart, and replaces itself. */
  async #save (): Promise<void> {
    const { folder, warn } = this.#parts
    this.#saving = this.#saving.then(async () => writeNote(folder, { acknowledged: Object.fromEntries(this.#acknowledged), runs: this.#runs }))
      .catch((error: NodeJS.ErrnoException) => { warn(`what telemetry was taken cannot be noted (${error.code ?? 'unknown error'})`) })
    await this.#saving
  }

  #at (minute: number): MinuteCounts {
    const counts = this.#minutes.get(minute) ?? new MinuteCounts()
    this.#minutes.set(minute, counts)
    return counts
  }
}

function minuteAt (ms: number): number {
  return Math.floor(ms / minuteMs)
}

/** A minute, and what there is to tell of it. */
interface DueMinute { readonly minute: number, readonly told: Minute | undefined }
