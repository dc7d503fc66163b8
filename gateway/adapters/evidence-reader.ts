import { open } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { EvidenceCipher, headBytes, keyIdOf, readSegmentLine } from './evidence-cipher.ts'
import type { Segment } from './evidence-folder.ts'

/** Where evidence of one e-service is, and what it is encrypted with: the first key encrypts, every one of them decrypts. */
export interface EvidencePlace { readonly folder: string, readonly eserviceId: string, readonly keys: readonly Buffer[] }

/** An entry as it was written. `hash` (hex) stands for it and all entries before it; `body` is there when bodies are read and it has one. */
export interface EvidenceEntry<Facts> { readonly segment: string, readonly position: number, readonly hash: string, readonly facts: Facts, readonly body: Buffer | undefined }

/**
 * How far a segment could be read: `entries` that are what was written there, and the hash of the last of them (empty without one). `fault` says
 * what is wrong with the next one; `tornBytes` is what the end of a process or of the power left of a last entry, which nobody was told is kept.
 */
export interface SegmentEnd { readonly entries: number, readonly hash: string, readonly fault?: string, readonly tornBytes?: number }

/** Whether to read on. */
type Wanted = void | 'enough' | Promise<void | 'enough'>

/** Longest first line of a segment, in bytes. */
const maxLineBytes = 200

/** Reads a segment from its beginning, entry by entry until `each` has enough, and says how far it got. Entries that are added while it reads are left out. Throws only when the file cannot be read. */
export async function readSegment<Facts> (
  { eserviceId, keys }: EvidencePlace, { name, path }: Segment, { bodies }: { readonly bodies: boolean }, each: (entry: EvidenceEntry<Facts>) => Wanted
): Promise<SegmentEnd> {
  const handle = await open(path)
  try {
    const file = new ReadAhead(handle, (await handle.stat()).size)
    const line = await file.line(maxLineBytes)
    const read = line === undefined ? undefined : readSegmentLine(line)
    if (!read) return file.size < maxLineBytes && line === undefined ? { ...nothing, tornBytes: file.size } : await endOf(file, nothing, 'its first line is not one of a segment', file.size)
    const key = keys.find((one) => keyIdOf(one) === read.keyId)
    if (!key) return { ...nothing, fault: `it is encrypted with the key ${read.keyId}, which is not among the configured ones` }
    const cipher = new EvidenceCipher(key, read.salt, `${eserviceId} ${name}`)
    return await readEntries<Facts>(file, cipher, bodies, (entry) => each({ ...entry, segment: name }))
  } finally {
    await handle.close()
  }
}

type Good = Pick<SegmentEnd, 'entries' | 'hash'>
const nothing: Good = { entries: 0, hash: '' }

const changed = 'it is not what was written at this place with this key: it was changed or moved, or something before it was'

async function readEntries<Facts> (file: ReadAhead, cipher: EvidenceCipher, bodies: boolean, each: (entry: Omit<EvidenceEntry<Facts>, 'segment'>) => Wanted): Promise<SegmentEnd> {
  let good = nothing
  while (file.left > 0) {
    const tornBytes = file.left
    if (file.left < headBytes) return { ...good, tornBytes }
    const head = await file.take(headBytes)
    const lengths = cipher.lengths(head)
    if (!lengths) return endOf(file, good, changed, tornBytes)
    if (lengths.facts + lengths.body > file.left) return { ...good, tornBytes }
    const facts = cipher.open(head, await file.take(lengths.facts))
    if (!facts) return endOf(file, good, changed, tornBytes)
    const sealed = bodies && lengths.body > 0 ? await file.take(lengths.body) : undefined
    if (!sealed) file.skip(lengths.body)
    const body = sealed && cipher.openBody(sealed)
    if (sealed && !body) return endOf(file, good, changed, tornBytes)
    good = { entries: cipher.position, hash: cipher.hash.toString('hex') }
    if (await each({ position: cipher.position - 1, hash: good.hash, facts: JSON.parse(facts.toString()) as Facts, body }) === 'enough') return good
  }
  return good
}

// After a power cut a file may be longer than what was written to it: then it ends in zeros.
async function endOf (file: ReadAhead, good: Good, fault: string, tornBytes: number): Promise<SegmentEnd> {
  return { ...good, ...await file.endsInZeros() ? { tornBytes } : { fault } }
}

const windowBytes = 256 * 1024

/** Reads a file from its beginning to its end with few calls, past what is skipped. */
class ReadAhead {
  readonly #handle: FileHandle
  readonly size: number
  #at = 0
  #window: Buffer = Buffer.alloc(0)
  #windowAt = 0

  constructor (handle: FileHandle, size: number) {
    this.#handle = handle
    this.size = size
  }

  get left (): number { return this.size - this.#at }

  async take (length: number): Promise<Buffer> {
    if (this.#at < this.#windowAt || this.#at + length > this.#windowAt + this.#window.length) {
      this.#window = await this.#read(this.#at, Math.min(Math.max(length, windowBytes), this.left))
      this.#windowAt = this.#at
    }
    const from = this.#at - this.#windowAt
    this.#at += length
    return this.#window.subarray(from, from + length)
  }

  skip (length: number): void { this.#at += length }

  /** The first line without its end, or undefined when it is longer than that. */
  async line (maxBytes: number): Promise<string | undefined> {
    const start = await this.#read(0, Math.min(maxBytes, this.size))
    const end = start.indexOf('\n')
    if (end === -1) return undefined
    this.#at = end + 1
    return start.toString('latin1', 0, end)
  }

  async endsInZeros (): Promise<boolean> {
    const length = Math.min(16, this.size)
    return (await this.#read(this.size - length, length)).every((byte) => byte === 0)
  }

  async #read (position: number, length: number): Promise<Buffer> {
    const buffer = Buffer.alloc(length)
    for (let read = 0; read < length;) {
      const { bytesRead } = await this.#handle.read(buffer, read, length - read, position + read)
      if (bytesRead === 0) throw new Error('the file became shorter while it was read')
      read += bytesRead
    }
    return buffer
  }
}
