import { randomBytes } from 'node:crypto'
import { mkdir, open, unlink } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { EvidenceCipher, segmentLine } from './evidence-cipher.ts'
import type { SealedEntry } from './evidence-cipher.ts'
import { syncFolder } from './day-files.ts'
import { evidenceFiles } from './evidence-folder.ts'
import type { Segment } from './evidence-folder.ts'
import type { EvidencePlace } from './evidence-reader.ts'

/** How `node:fs/promises` opens a file; a test gives one that fails as disks do. */
export type OpenFile = typeof open

/** The segment before another as that one found it: how many entries it had, and the hash of the last. Taking entries away from its end shows by it. */
export interface Previous { readonly segment: string, readonly entries: number, readonly hash: string }

/** The first entry of every segment. */
export interface Opening { readonly kind: 'opening', readonly openedAt: string, readonly previous: Previous | null }

/** An entry before it is written: its facts and the body that goes with them. */
export interface Written { readonly facts: object, readonly body: Uint8Array | undefined }

/** A segment that this process writes. After a failure nothing more is written to it: what of a failed write is on the disk is not certain. */
export class SegmentWriter {
  readonly segment: Segment
  readonly #handle: FileHandle
  readonly #cipher: EvidenceCipher
  #bytes: number
  #good: Previous

  private constructor (segment: Segment, handle: FileHandle, cipher: EvidenceCipher, bytes: number) {
    [this.segment, this.#handle, this.#cipher, this.#bytes] = [segment, handle, cipher, bytes]
    this.#good = this.#state()
  }

  /** Begins a new segment for a day, never one that is there: another process may be writing to it, and its end may be torn. */
  static async begin ({ folder, eserviceId, keys: [key] }: EvidencePlace, day: string, now: number, previous: Previous | null, openFile: OpenFile): Promise<SegmentWriter> {
    if (!key) throw new Error('there is no key to encrypt evidence with')
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const { file: segment, made: handle } = await evidenceFiles.next(folder, day, async (path) => openFile(path, 'ax', 0o600))
    try {
      const salt = randomBytes(32)
      const cipher = new EvidenceCipher(key, salt, `${eserviceId} ${segment.name}`)
      const opening: Opening = { kind: 'opening', openedAt: new Date(now).toISOString(), previous }
      const start = Buffer.concat([Buffer.from(`${segmentLine(key, salt)}\n`), cipher.seal(bytesOf(opening), undefined).bytes])
      await handle.appendFile(start)
      await handle.datasync()
      await syncFolder(folder)
      return new SegmentWriter(segment, handle, cipher, start.length)
    } catch (error) {
      await handle.close().catch(() => undefined)
      await unlink(segment.path).catch(() => undefined)
      throw error
    }
  }

  /** Bytes written so far. */
  get bytes (): number { return this.#bytes }

  /** What of it is certain to be on the disk. */
  get good (): Previous { return this.#good }

  /** True unless somebody took the file away, and whatever is written to it with it. */
  async isThere (): Promise<boolean> {
    return (await this.#handle.stat()).nlink > 0
  }

  /** Writes entries and returns when they are on the disk (fdatasync), with the hash (hex) of each. */
  async append (entries: readonly Written[]): Promise<readonly string[]> {
    const sealed: SealedEntry[] = entries.map(({ facts, body }) => this.#cipher.seal(bytesOf(facts), body?.length ? Buffer.from(body.buffer, body.byteOffset, body.length) : undefined))
    const bytes = Buffer.concat(sealed.map((one) => one.bytes))
    await this.#handle.appendFile(bytes)
    await this.#handle.datasync()
    this.#bytes += bytes.length
    this.#good = this.#state()
    return sealed.map(({ hash }) => hash.toString('hex'))
  }

  /** Ends it after a failure: takes away what nobody was told is kept, as far as the disk lets it. */
  async abandon (): Promise<void> {
    await this.#handle.truncate(this.#bytes).catch(() => undefined)
    await this.close()
  }

  async close (): Promise<void> {
    await this.#handle.close().catch(() => undefined)
  }

  #state (): Previous {
    return { segment: this.segment.name, entries: this.#cipher.position, hash: this.#cipher.hash.toString('hex') }
  }
}

function bytesOf (facts: object): Buffer {
  return Buffer.from(JSON.stringify(facts))
}
