import { mkdir, open, rename } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import { CheckedFileError } from './checked-file-error.ts'

/** What a journal keeps: `read` takes in one entry of the file (false when it is none of ours), `live` gives all that still counts, and how many that are. */
export interface Kept<Entry> {
  readonly read: (entry: unknown) => boolean
  readonly live: () => Iterable<Entry>
  readonly count: () => number
}

const chunkBytes = 1024 * 1024
/** A file is written anew when it has this many lines, and this many times more than entries that count. */
const fewLines = 10_000
const manyTimes = 4

/** Takes in the entries of a journal that another process owns, as far as it is written; there may be none. Throws CheckedFileError like `open`, and whatever the file system throws. */
export async function readJournal (path: string, read: Kept<unknown>['read']): Promise<void> {
  const file = await open(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  try {
    if (file) await readEntries(file, path, 0, read)
  } finally {
    await file?.close()
  }
}

/**
 * A file to which entries are only added, one JSON line each, on the disk before they count (datasync); of an entry that was being written when
 * the process died nothing is left. It has one owner, the process that opened it last: whoever had it open before can add no more.
 */
export class Journal<Entry> {
  readonly #path: string
  readonly #kept: Kept<Entry>
  #file: FileHandle
  /** How much of the file is whole lines, in bytes, and how many they are. */
  #bytes = 0
  #lines = 0
  #rewriteAt = fewLines
  #queue: { readonly text: string, readonly settle: (kept: boolean) => void }[] = []
  #writing: Promise<void> | undefined

  private constructor (path: string, kept: Kept<Entry>, file: FileHandle) {
    this.#path = path
    this.#kept = kept
    this.#file = file
  }

  /**
   * Opens a journal, made if it is not there (0600, in a folder of 0700): reads its entries and leaves only those that count in the file.
   * Throws CheckedFileError naming the line when it holds something else than entries, and whatever the file system throws.
   */
  static async open<Entry> (path: string, kept: Kept<Entry>): Promise<Journal<Entry>> {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    const before = await open(path, 'a+', 0o600)
    try {
      const journal = new Journal(path, kept, before)
      const end = await journal.#read(before, 0)
      await journal.#rewrite()
      // What another process added before it lost the file.
      if (await journal.#read(before, end) > end) await journal.#rewrite(journal.#file)
      return journal
    } finally {
      await before.close()
    }
  }

  /** Adds an entry. True once it is on the disk; false when it could not be put there, and then it is not in the file either. */
  async append (entry: Entry | object): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>()
    this.#queue.push({ text: lineOf(entry), settle: resolve })
    this.#writing ??= this.#write()
    return promise
  }

  /** Waits for what is being written and gives the file up: nothing can be added any more. */
  async close (): Promise<void> {
    await this.#writing
    await this.#file.close()
  }

  async #read (file: FileHandle, from: number): Promise<number> {
    return readEntries(file, this.#path, from, this.#kept.read)
  }

  async #write (): Promise<void> {
    while (this.#queue.length > 0) {
      const batch = this.#queue.splice(0)
      const kept = await this.#add(batch.map(({ text }) => text).join(''), batch.length)
      for (const { settle } of batch) settle(kept)
      if (this.#lines >= this.#rewriteAt) await this.#rewrite(this.#file).catch(() => { this.#rewriteAt = this.#lines * 2 })
    }
    this.#writing = undefined
  }

  async #add (text: string, lines: number): Promise<boolean> {
    try {
      const { size, nlink } = await this.#file.stat()
      if (nlink === 0 || size < this.#bytes) return false
      // What is left of an entry that could not be written whole.
      if (size > this.#bytes) await this.#file.truncate(this.#bytes)
      await this.#file.appendFile(text)
      await this.#file.datasync()
      // Whether another process took the file over can only be known afterwards.
      if ((await this.#file.stat()).nlink === 0) return false
      this.#bytes += Buffer.byteLength(text)
      this.#lines += lines
      return true
    } catch {
      return false
    }
  }

  /** Puts a file with only the entries that count in the place of the present one, which `given` is closed up. */
  async #rewrite (given?: FileHandle): Promise<void> {
    const temporary = `${this.#path}.new`
    const file = await open(temporary, 'a', 0o600)
    try {
      await file.truncate(0)
      let [bytes, lines, text] = [0, 0, '']
      const flush = async (): Promise<void> => {
        await file.appendFile(text)
        bytes += Buffer.byteLength(text)
        text = ''
      }
      for (const entry of this.#kept.live()) {
        text += lineOf(entry)
        lines++
        if (text.length >= chunkBytes) await flush()
      }
      await flush()
      await file.datasync()
      await rename(temporary, this.#path)
      this.#file = file
      this.#bytes = bytes
      this.#lines = lines
      this.#rewriteAt = Math.max(fewLines, this.#kept.count() * manyTimes)
    } catch (error) {
      await file.close()
      throw error
    }
    await given?.close()
  }
}

/** Takes in the whole lines from an offset on; gives the offset behind them. */
async function readEntries (file: FileHandle, path: string, from: number, read: Kept<unknown>['read']): Promise<number> {
  let [rest, end, line] = [Buffer.alloc(0), from, 0]
  for (let position = from; ;) {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(chunkBytes), 0, chunkBytes, position)
    if (bytesRead === 0) return end
    position += bytesRead
    rest = Buffer.concat([rest, buffer.subarray(0, bytesRead)])
    for (let newline = rest.indexOf(10); newline !== -1; newline = rest.indexOf(10)) {
      line++
      if (!read(parse(rest.toString('utf8', 0, newline)))) throw new CheckedFileError([`${path}:${line}: is no entry of the gateway's; restore the file, or take it away and lose what it tells`])
      rest = rest.subarray(newline + 1)
      end += newline + 1
    }
  }
}

function lineOf (entry: unknown): string {
  return `${JSON.stringify(entry)}\n`
}

function parse (line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}
