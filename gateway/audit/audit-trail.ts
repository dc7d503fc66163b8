import type { Durability } from '../records/call-record.ts'
import type { Trail } from '../records/trail.ts'
import { followChain } from './audit-chain.ts'
import { AuditFile } from './audit-file.ts'
import type { SignedHead } from './audit-file.ts'
import { openHeadSigner } from './audit-heads.ts'
import type { HeadSigner } from './audit-heads.ts'
import type { FileEnd } from './audit-line.ts'
import { auditFiles } from './audit-reader.ts'
import { FileDay } from './file-day.ts'
import { usualTrail } from './trail-options.ts'
import type { TrailOptions } from './trail-options.ts'
import { WaitingRecords } from './waiting-records.ts'
import type { Batch } from './waiting-records.ts'

/** What a trail did since it was opened: records that are kept, those that are not, heads, and bytes of records that wait for the disk now. */
export interface TrailFigures { readonly records: number, readonly notKept: number, readonly heads: number, readonly waitingBytes: number }

/** What was written gets to the disk so soon that 50 ms are enough for it to be there. */
const syncAfterMs = 25

/**
 * Keeps records of calls in files that are only added to, each line chained to the one before it. What comes together is written together, one write at a time. After a failure of the disk another file is
 * begun, at once and then time and again; until one could be, nothing is taken.
 */
export class AuditTrail implements Trail {
  readonly #options: TrailOptions & typeof usualTrail
  readonly #waiting: WaitingRecords
  #timers: readonly NodeJS.Timeout[] = []
  #syncTimer: NodeJS.Timeout | undefined
  #signer: HeadSigner | undefined
  #file: AuditFile | undefined
  readonly #day: FileDay
  #previous: FileEnd | null = null
  #tornBytes = 0
  /** What is added while the process works on what came at the same time is written with it. */
  #soon: NodeJS.Immediate | undefined
  #working: Promise<void> | undefined
  #isHeadDue = false
  /** No file could be begun: nothing is taken until one can. */
  #refuses = false
  #begunAt = -Infinity
  #hasWarned = false
  #isClosed = false
  #heads = 0

  private constructor (options: TrailOptions) {
    this.#options = { ...usualTrail, ...options }
    this.#day = new FileDay(options.now)
    this.#waiting = new WaitingRecords({ patienceMs: this.#options.patienceMs, maxBytes: this.#options.waitingBytes })
  }

  /** Opens a trail: looks at how the last file ended, and begins another one. Never throws: a disk that cannot be used now may be usable later. */
  static async open (options: TrailOptions): Promise<AuditTrail> {
    const trail = new AuditTrail(options)
    await trail.#findPrevious().catch((error: Error) => { trail.#warn(error) })
    await trail.#begin(false)
    trail.#tend()
    return trail
  }

  get works (): boolean { return !this.#refuses && !this.#waiting.isStuck && !this.#isClosed }

  get figures (): TrailFigures { return { ...this.#waiting.figures, heads: this.#heads } }

  add (text: string, endedAt: number, durability: Durability, told: (isKept: boolean) => void): void {
    if (!this.works || !this.#waiting.add(text, endedAt, durability, told)) this.#waiting.refuse(told)
    else if (!this.#working) this.#soon ??= setImmediate(() => { this.#work() })
  }

  /** What was given to keep before is kept, as far as the disk answers; nothing can be kept afterwards. */
  async close (): Promise<void> {
    this.#isClosed = true
    for (const timer of this.#timers) clearInterval(timer)
    clearTimeout(this.#syncTimer)
    const late = Promise.withResolvers<void>()
    const timer = setTimeout(late.resolve, this.#options.patienceMs)
    await Promise.race([this.#end(), late.promise])
    clearTimeout(timer)
    this.#waiting.close()
  }

  async #end (): Promise<void> {
    if (!this.#waiting.isEmpty) this.#work()
    await this.#working
    if (this.#file) await this.#leave(this.#file)
  }

  #tend (): void {
    const { headMs, retryMs, patienceMs } = this.#options
    this.#timers = [
      setInterval(() => {
        this.#isHeadDue = true
        this.#work()
      }, headMs),
      setInterval(() => { if (this.#refuses) this.#work() }, retryMs),
      setInterval(() => { if (this.#waiting.giveUp()) this.#warn(new Error('the disk does not answer')) }, Math.min(250, patienceMs))
    ]
    for (const timer of this.#timers) timer.unref()
  }

  #work (): void {
    clearImmediate(this.#soon)
    this.#soon = undefined
    this.#working ??= this.#workOff()
  }

  async #workOff (): Promise<void> {
    try {
      do {
        const file = this.#fileNow() ?? await this.#follow()
        if (!file) return
        await this.#write(file)
      } while (!this.#waiting.isEmpty || this.#file?.fault)
    } finally {
      // At once: what is added a moment later would find nobody who writes it.
      this.#working = undefined
    }
  }

  /** The present file, where the next record goes into it. */
  #fileNow (): AuditFile | undefined {
    const isFit = this.#file && !this.#file.fault && (this.#waiting.isEmpty || this.#day.has(this.#waiting.nextEndedAt)) && this.#file.bytes < this.#options.fileBytes
    return isFit ? this.#file : undefined
  }

  /** Writes the next records, and a head where one is due. What goes wrong is told to whoever gave them; the file has its fault then. */
  async #write (file: AuditFile): Promise<void> {
    const batch = this.#waiting.take((endedAt) => this.#day.has(endedAt))
    if (batch) await this.#writeBatch(file, batch)
    if (this.#isHeadDue && file.wantsHead && !file.fault) await this.#sign(file, false).catch(() => undefined)
    this.#isHeadDue = false
  }

  async #writeBatch (file: AuditFile, batch: Batch): Promise<void> {
    const isWritten = await file.append(batch.texts).then(() => true, () => false)
    if (!isWritten) return batch.settle(false)
    if (batch.written()) void this.#syncBatch(file, batch)
    else this.#syncTimer ??= setTimeout(() => { void this.#sync(file) }, syncAfterMs).unref()
    this.#hasKept()
  }

  async #syncBatch (file: AuditFile, batch: Batch): Promise<void> {
    batch.settle(await this.#sync(file))
  }

  async #sync (file: AuditFile): Promise<boolean> {
    clearTimeout(this.#syncTimer)
    this.#syncTimer = undefined
    return file.sync().then(() => true, () => {
      // Another file takes its place.
      if (this.#file === file) this.#work()
      return false
    })
  }

  async #sign (file: AuditFile, isClosing: boolean): Promise<void> {
    const head = await file.appendHead(this.#options.now(), isClosing, this.#options.neighbours())
    const logged = this.#logHead(file, head)
    if (isClosing) await logged
  }

  /** Outside, what a head says may be known only once it is certain. */
  async #logHead (file: AuditFile, head: SignedHead): Promise<void> {
    if (!await this.#sync(file)) return
    this.#heads++
    this.#options.head(head)
  }

  /** Another file in the place of the present one; undefined where there can be none now. */
  async #follow (): Promise<AuditFile | undefined> {
    const fault = this.#file ? await this.#leave(this.#file) : undefined
    const hasFailed = this.#refuses || fault !== undefined
    // A disk that is full is not to be filled with openings.
    if (hasFailed && !this.#refuses && performance.now() - this.#begunAt < this.#options.retryMs) this.#refuse()
    else await this.#begin(hasFailed)
    return this.#file
  }

  /** Ends a file, and gives what went wrong with it. */
  async #leave (file: AuditFile): Promise<Error | undefined> {
    this.#file = undefined
    if (!file.fault && file.end.lines > 1) await this.#sign(file, true).catch(() => undefined)
    const { fault } = file
    if (!fault) {
      this.#previous = file.end
      await file.close()
      return undefined
    }
    this.#warn(fault)
    this.#previous = await file.abandon() ?? this.#previous
    return fault
  }

  async #begin (isProbing: boolean): Promise<void> {
    const { folder, key, node, now, openFile } = this.#options
    this.#begunAt = performance.now()
    if (!this.#waiting.isEmpty) this.#day.turnTo(this.#waiting.nextEndedAt)
    try {
      this.#signer ??= await openHeadSigner(key)
      this.#file = await AuditFile.begin({ folder, node, signer: this.#signer, day: this.#day.date, now: now(), previous: this.#previous, tornBytes: this.#tornBytes, isProbing, openFile })
      this.#tornBytes = 0
      this.#refuses = false
    } catch (error) {
      this.#warn(error as Error)
      this.#refuse()
    }
  }

  #refuse (): void {
    this.#refuses = true
    this.#waiting.refuseAll()
  }

  /** The last file of an earlier process, and how it ended. */
  async #findPrevious (): Promise<void> {
    const last = (await auditFiles.list(this.#options.folder)).at(-1)
    if (!last) return
    const { lines, hash, isBroken, tornBytes } = await followChain(last.path, () => undefined)
    if (isBroken) this.#options.warn(`records of calls: ${last.name}, line ${lines + 1} is not what was written there: run varco audit verify`)
    else if (tornBytes > 0) this.#options.warn(`records of calls: the last ${tornBytes} bytes of ${last.name} are of a record that was never whole; nobody was told that it is kept`)
    this.#previous = { file: last.name, lines, hash }
    this.#tornBytes = tornBytes
  }

  #warn ({ message }: Error): void {
    if (!this.#hasWarned) this.#options.warn(`records of calls cannot be kept: ${message}`)
    this.#hasWarned = true
  }

  #hasKept (): void {
    if (this.#hasWarned) this.#options.warn('records of calls are kept again')
    this.#hasWarned = false
  }
}
