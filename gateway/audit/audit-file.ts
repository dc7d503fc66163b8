import { mkdir, open, unlink } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { syncFolder } from '../adapters/day-files.ts'
import type { DayFile } from '../adapters/day-files.ts'
import type { HeadSigner } from './audit-heads.ts'
import { hashOf, lineOf, noHash } from './audit-line.ts'
import type { FileEnd, HeadClaims, Neighbouring, Opening } from './audit-line.ts'
import { auditFiles } from './audit-reader.ts'

/** How `node:fs/promises` opens a file; a test gives one that fails as disks do. */
export type OpenFile = typeof open

/** What a new file needs to know. `previous` and `tornBytes` are what its opening says; with `isProbing` it is first tried whether there is room for more than the opening. */
export interface Beginning {
  readonly folder: string
  readonly node: string
  readonly signer: HeadSigner
  readonly day: string
  readonly now: number
  readonly previous: FileEnd | null
  readonly tornBytes: number
  readonly isProbing: boolean
  readonly openFile: OpenFile
}

/** What a disk must have room for before it is believed that it works again; in bytes. */
const probeBytes = 64 * 1024

/** A head that was signed: what it says, and the JWS. */
export interface SignedHead extends HeadClaims { readonly jws: string }

/** A file to which this process adds lines, each chained to the one before it. After a failure nothing more is added: what of a failed write is on the disk is not certain. */
export class AuditFile {
  readonly #file: DayFile
  readonly #handle: FileHandle
  readonly #beginning: Beginning
  #bytes = 0
  #lines = 0
  #hash = noHash
  #linesAtHead = 1
  /** The neighbours that the last head names, as JSON. */
  #named = '{}'
  #fault: Error | undefined
  #syncing: Promise<void> | undefined
  #next: Promise<void> | undefined

  private constructor (file: DayFile, handle: FileHandle, beginning: Beginning) {
    [this.#file, this.#handle, this.#beginning] = [file, handle, beginning]
  }

  /** Begins a new file of a day; when this returns its opening is on the disk. Throws what the file system throws, and leaves nothing behind then. */
  static async begin (beginning: Beginning): Promise<AuditFile> {
    const { folder, node, signer, day, now, previous, tornBytes, isProbing, openFile } = beginning
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const { file, made: handle } = await auditFiles.next(folder, day, async (path) => openFile(path, 'ax', 0o600))
    try {
      const begun = new AuditFile(file, handle, beginning)
      const opening: Opening = { kind: 'opening', v: 1, file: file.name, time: new Date(now).toISOString(), node, previous, tornBytes, jwk: signer.jwk }
      await begun.append([JSON.stringify(opening)])
      if (isProbing) await begun.#probe()
      await begun.sync()
      await syncFolder(folder)
      return begun
    } catch (error) {
      await handle.close().catch(() => undefined)
      await unlink(file.path).catch(() => undefined)
      throw error
    }
  }

  /** What went wrong, once something did. */
  get fault (): Error | undefined { return this.#fault }

  /** Bytes written so far. */
  get bytes (): number { return this.#bytes }

  /** What was written by now. */
  get end (): FileEnd { return { file: this.#file.name, lines: this.#lines, hash: this.#hash } }

  /** True when something was written behind the last head. */
  get wantsHead (): boolean { return this.#lines > this.#linesAtHead }

  /** Writes lines, one for each JSON object, and returns when a process that is killed does not lose them. Rejects when they could not be written. */
  async append (texts: readonly string[]): Promise<void> {
    let hash = this.#hash
    let lines = ''
    for (const text of texts) {
      hash = hashOf(hash, text)
      lines += lineOf(text, hash)
    }
    const bytes = Buffer.from(lines)
    await this.#write(bytes)
    this.#bytes += bytes.length
    this.#lines += texts.length
    this.#hash = hash
  }

  /** Writes a signed head of what was written before; neighbours are named in it where they changed. */
  async appendHead (now: number, closing: boolean, neighbours: Neighbouring): Promise<SignedHead> {
    const named = JSON.stringify(neighbours)
    const claims: HeadClaims = { node: this.#beginning.node, ...this.end, time: new Date(now).toISOString(), closing, ...named === this.#named ? {} : { neighbours } }
    this.#named = named
    const jws = this.#beginning.signer.sign(claims)
    await this.append([JSON.stringify({ kind: 'head', jws })])
    this.#linesAtHead = this.#lines
    return { ...claims, jws }
  }

  /** Returns when everything that was written before is on the disk; who asks meanwhile shares the next time. Rejects also when somebody took the file away, and what was written with it. */
  async sync (): Promise<void> {
    if (!this.#syncing) return this.#syncing = this.#sync()
    return this.#next ??= this.#syncing.then(async () => {
      this.#next = undefined
      return this.#syncing = this.#sync()
    })
  }

  /** Ends it after a failure: takes away what could not be written whole, as far as the disk lets it. Gives what stays; undefined where it was but the opening, which goes too. */
  async abandon (): Promise<FileEnd | undefined> {
    await this.#handle.truncate(this.#bytes).catch(() => undefined)
    await this.close()
    if (this.#lines > 1) return this.end
    await unlink(this.#file.path).catch(() => undefined)
    return undefined
  }

  async close (): Promise<void> {
    await (this.#next ?? this.#syncing)?.catch(() => undefined)
    await this.#handle.close().catch(() => undefined)
  }

  async #sync (): Promise<void> {
    try {
      await this.#handle.datasync()
      if ((await this.#handle.stat()).nlink === 0) throw new Error(`${this.#file.path} was taken away`)
    } catch (error) {
      throw this.#fault ??= error as Error
    }
    // What failed stays, and everything behind it fails with it.
    if (!this.#next) this.#syncing = undefined
  }

  async #write (bytes: Buffer): Promise<void> {
    try {
      for (let written = 0; written < bytes.length;) written += (await this.#handle.write(bytes, written, bytes.length - written)).bytesWritten
    } catch (error) {
      throw this.#fault ??= error as Error
    }
  }

  // An opening is short, and may find room where not one record does.
  async #probe (): Promise<void> {
    await this.#write(Buffer.alloc(probeBytes))
    await this.#handle.datasync()
    await this.#handle.truncate(this.#bytes)
  }
}
