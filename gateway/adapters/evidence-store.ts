import { open } from 'node:fs/promises'
import { prepareDay } from '../../policies/day.ts'
import { evidenceFiles } from './evidence-folder.ts'
import { readSegment } from './evidence-reader.ts'
import type { EvidencePlace } from './evidence-reader.ts'
import { SegmentWriter } from './evidence-segment.ts'
import type { OpenFile, Previous, Written } from './evidence-segment.ts'

/**
 * How evidence of one e-service is kept. `retentionDays` counts from the end of a day; `patienceMs` is how long the disk may take. `folders` are those from which it goes when
 * its time is over: also of processes that run no more; only the own one where nothing is said.
 */
export interface EvidenceOptions extends EvidencePlace {
  readonly folders?: () => Promise<readonly string[]>
  readonly retentionDays: number
  readonly now: () => number
  readonly warn: (message: string) => void
  readonly patienceMs?: number
  readonly segmentBytes?: number
  readonly openFile?: OpenFile
}

/** Evidence could not be kept; the message says why, for the log. It may work again the next time. */
export class EvidenceUnavailable extends Error {
  override name = 'EvidenceUnavailable'
}

interface Waiting extends Written { readonly resolve: (hash: string) => void, readonly reject: (error: EvidenceUnavailable) => void }

/** What is written in one go is encrypted in one go, and nothing else happens meanwhile; in bytes. */
const batchBytes = 4 * 1024 * 1024

/**
 * Keeps evidence of one e-service (PROFILE_NON_REPUDIATION_01): encrypted, append-only, in files by day that go when their time is over. What was
 * kept is on the disk; entries that come together share one fsync. Any failure of the disk is told to whoever wanted to keep something, and
 * the next entry is tried in a new file.
 */
export class EvidenceStore {
  readonly #options: EvidenceOptions
  readonly #dayOf = prepareDay()
  readonly #waiting: Waiting[] = []
  #writer: SegmentWriter | undefined
  #previous: Previous | null | undefined
  #writing: Promise<void> | undefined
  /** Somebody has waited in vain for what is being written now. */
  #stuck = false
  #closed = false

  constructor (options: EvidenceOptions) {
    this.#options = options
  }

  /** Looks at what is there: evidence whose time is over goes, and a torn end is told of. Never throws: a disk that cannot be used now may be usable later. */
  async open (): Promise<void> {
    await this.expire()
    await this.#findPrevious().catch((error: Error) => { this.#options.warn(`evidence cannot be kept now: ${error.message}`) })
  }

  /** Keeps an entry and gives its hash (SHA-256, hex) once it is on the disk. Throws EvidenceUnavailable. */
  async keep (facts: object, body?: Uint8Array): Promise<string> {
    const { patienceMs = 5000 } = this.#options
    if (this.#closed) throw new EvidenceUnavailable('the gateway is stopping')
    // What waits behind a disk that does not answer would fill the memory.
    if (this.#stuck) throw new EvidenceUnavailable('the disk does not answer')
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#stuck = true
        reject(new EvidenceUnavailable('the disk did not answer in time'))
      }, patienceMs)
      this.#waiting.push({
        facts,
        body,
        resolve: (hash) => { clearTimeout(timer); resolve(hash) },
        reject: (error) => { clearTimeout(timer); reject(error) }
      })
      this.#writing ??= this.#write()
    })
  }

  /** Takes away what has been kept for long enough. Never throws. */
  async expire (): Promise<void> {
    const { folder, folders = async () => [folder], retentionDays, now, warn } = this.#options
    try {
      for (const one of await folders()) await evidenceFiles.removeExpired(one, retentionDays, now())
    } catch (error) {
      warn(`evidence whose time is over cannot be taken away: ${(error as Error).message}`)
    }
  }

  /** What was given to keep before is kept; nothing can be kept afterwards. */
  async close (): Promise<void> {
    this.#closed = true
    await this.#writing
    await this.#writer?.close()
  }

  async #write (): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#takeBatch()
      try {
        const writer = await this.#writerNow()
        const hashes = await writer.append(batch)
        for (const [index, { resolve }] of batch.entries()) resolve(hashes[index] as string)
      } catch (error) {
        await this.#giveUp()
        for (const { reject } of batch) reject(new EvidenceUnavailable((error as Error).message))
      }
      this.#stuck = false
    }
    this.#writing = undefined
  }

  #takeBatch (): readonly Waiting[] {
    let bytes = 0
    const end = this.#waiting.findIndex(({ body }, index) => {
      bytes += body?.length ?? 0
      return index > 0 && bytes > batchBytes
    })
    return this.#waiting.splice(0, end === -1 ? this.#waiting.length : end)
  }

  async #writerNow (): Promise<SegmentWriter> {
    const { now, segmentBytes = 256 * 1024 * 1024, openFile = open } = this.#options
    const { date } = this.#dayOf(now())
    if (this.#writer?.segment.day === date && this.#writer.bytes < segmentBytes && await this.#writer.isThere()) return this.#writer
    await this.#leave(this.#writer)
    const previous = this.#previous === undefined ? await this.#findPrevious() : this.#previous
    this.#writer = await SegmentWriter.begin(this.#options, date, now(), previous, openFile)
    return this.#writer
  }

  async #leave (writer: SegmentWriter | undefined): Promise<void> {
    this.#previous = writer?.good ?? this.#previous
    this.#writer = undefined
    await writer?.close()
  }

  async #giveUp (): Promise<void> {
    await this.#writer?.abandon()
    await this.#leave(this.#writer)
  }

  /** The last segment of an earlier process, and what of it can be read. */
  async #findPrevious (): Promise<Previous | null> {
    const { folder, warn } = this.#options
    const last = (await evidenceFiles.list(folder)).at(-1)
    if (!last) return this.#previous = null
    const { entries, hash, fault, tornBytes } = await readSegment(this.#options, last, { bodies: true }, () => undefined)
    if (fault !== undefined) warn(`evidence ${last.name}, entry ${entries}: ${fault}`)
    if (tornBytes !== undefined) warn(`evidence ${last.name}: its last ${tornBytes} bytes are of an entry that was never whole`)
    return this.#previous = { segment: last.name, entries, hash }
  }
}
