import type { Durability } from '../records/call-record.ts'

interface Waiting { readonly text: string, readonly endedAt: number, readonly durability: Durability, readonly told: (isKept: boolean) => void, readonly since: number }

/** How long the disk may take, and how many bytes may wait for it. */
export interface Patience { readonly patienceMs: number, readonly maxBytes: number }

/** What is written in one go is chained in one go, and nothing else happens meanwhile; in characters. */
const batchLength = 256 * 1024

/** Records that are being kept together. Whoever gave one is told once, by whatever comes first. */
export class Batch {
  readonly texts: readonly string[]
  /** When the first of them was given; performance.now(). */
  readonly since: number
  readonly #figures: WaitingRecords
  #untold: readonly Waiting[]

  constructor (waiting: readonly Waiting[], figures: WaitingRecords) {
    this.texts = waiting.map(({ text }) => text)
    this.since = (waiting[0] as Waiting).since
    this.#untold = waiting
    this.#figures = figures
  }

  /** They outlive the process: that is all that some ask for. True when others have to be on the disk. */
  written (): boolean {
    const untold = this.#untold
    this.#untold = untold.filter(({ durability }) => durability === 'synced')
    this.#figures.tell(untold.filter(({ durability }) => durability === 'written'), true)
    if (this.#untold.length > 0) return true
    this.#figures.leave(this)
    return false
  }

  /** The disk has answered. */
  settle (isKept: boolean): void {
    this.#figures.leave(this)
    this.giveUp(isKept)
  }

  /** Tells whoever waits; nobody waits afterwards. */
  giveUp (isKept = false): void {
    const untold = this.#untold
    this.#untold = []
    this.#figures.tell(untold, isKept)
  }
}

/** Records that wait for the disk, in their order, and whoever waits for them. */
export class WaitingRecords {
  readonly #patience: Patience
  #queue: Waiting[] = []
  #bytes = 0
  #kept = 0
  #notKept = 0
  readonly #batches = new Set<Batch>()
  /** Those for which nobody waits any more. */
  readonly #stuck = new Set<Batch>()
  #isQueueStuck = false

  constructor (patience: Patience) {
    this.#patience = patience
  }

  get isEmpty (): boolean { return this.#queue.length === 0 }

  /** The disk did not answer in time, and has not by now. */
  get isStuck (): boolean { return this.#isQueueStuck || this.#stuck.size > 0 }

  /** Epoch ms at which the call of the next record ended; -Infinity when there is none. */
  get nextEndedAt (): number { return this.#queue[0]?.endedAt ?? -Infinity }

  get figures (): { readonly records: number, readonly notKept: number, readonly waitingBytes: number } {
    return { records: this.#kept, notKept: this.#notKept, waitingBytes: this.#bytes }
  }

  /** Takes a record in; false when too much waits already. */
  add (text: string, endedAt: number, durability: Durability, told: (isKept: boolean) => void): boolean {
    if (this.#bytes + text.length > this.#patience.maxBytes) return false
    this.#bytes += text.length
    this.#queue.push({ text, endedAt, durability, told, since: performance.now() })
    return true
  }

  /** Counts one that is not taken in, and has whoever gave it told a moment later. */
  refuse (told: (isKept: boolean) => void): void {
    this.#notKept++
    queueMicrotask(() => { told(false) })
  }

  /** The next ones whose calls ended at times that fit; as many as are written in one go. */
  take (fits: (endedAt: number) => boolean): Batch | undefined {
    let length = 0
    const end = this.#queue.findIndex(({ text, endedAt }, index) => {
      length += text.length
      return !fits(endedAt) || (index > 0 && length > batchLength)
    })
    this.#isQueueStuck = false
    const taken = this.#queue.splice(0, end === -1 ? this.#queue.length : end)
    if (taken.length === 0) return undefined
    const batch = new Batch(taken, this)
    this.#batches.add(batch)
    return batch
  }

  /** Nothing that waits to be written will be. */
  refuseAll (): void {
    this.#isQueueStuck = false
    this.#refuseQueue()
  }

  /** Nor is anything waited for that is being written. */
  close (): void {
    for (const batch of this.#batches) batch.giveUp()
    this.refuseAll()
  }

  /** Tells whoever has waited for too long, and all behind them, that it is in vain. True when there was somebody. */
  giveUp (): boolean {
    const isLate = (since: number): boolean => performance.now() - since > this.#patience.patienceMs
    const late = [...this.#batches].filter((batch) => !this.#stuck.has(batch) && isLate(batch.since))
    const isQueueLate = this.#queue[0] !== undefined && isLate(this.#queue[0].since)
    if (late.length === 0 && !isQueueLate) return false
    // Behind a batch it is that one which does not come to its end.
    this.#isQueueStuck ||= isQueueLate && this.#batches.size === 0
    for (const batch of late) this.#stuck.add(batch)
    for (const batch of late) batch.giveUp()
    this.#refuseQueue()
    return true
  }

  tell (waiting: readonly Waiting[], isKept: boolean): void {
    for (const { text } of waiting) this.#bytes -= text.length
    if (isKept) this.#kept += waiting.length
    else this.#notKept += waiting.length
    for (const { told } of waiting) told(isKept)
  }

  leave (batch: Batch): void {
    this.#batches.delete(batch)
    this.#stuck.delete(batch)
  }

  #refuseQueue (): void {
    const queue = this.#queue
    this.#queue = []
    this.tell(queue, false)
  }
}
