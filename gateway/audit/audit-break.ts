import type { Jwk } from '../../policies/jwk.ts'
import { readHead } from './audit-heads.ts'
import { hashOf, parseHead, readLine } from './audit-line.ts'
import type { FileEnd } from './audit-line.ts'
import { readLines } from './line-reader.ts'

/** Where lines are known to belong, by their hashes: what heads and other files say. */
type Places = Map<string, number>

/** A line that is looked at, as it is there: its number, and what it is made of where it has the form of one. */
interface Seen { readonly number: number, readonly read: ReturnType<typeof readLine> }

/**
 * Says what became of the line behind the good ones of a file, as far as the rest of the file tells: `good` is how many there are and the hash of the last, `claims` what is known of the file from
 * elsewhere, `keys` those whose heads are believed. Throws what the file system throws.
 */
export async function findBreak (path: string, good: Omit<FileEnd, 'file'>, claims: readonly FileEnd[], keys: readonly Jwk[]): Promise<string> {
  const search = new Search(good, new Map(claims.map(({ hash, lines }) => [hash, lines])), keys)
  let number = 0
  for await (const lines of readLines(path)) {
    for (const line of lines) if (++number > good.lines) search.see({ number, read: readLine(line) })
  }
  return search.tell()
}

class Search {
  readonly #good: Omit<FileEnd, 'file'>
  readonly #places: Places
  readonly #keys: readonly Jwk[]
  #first: Seen | undefined
  #before: Seen | undefined
  /** The line that belongs where the first one is. */
  #next: number | undefined
  /** The line behind which the first one belongs. */
  #home: number | undefined
  /** How many lines are missing (below 0: too many) before a line whose place is known. */
  #missing: number | undefined

  constructor (good: Omit<FileEnd, 'file'>, places: Places, keys: readonly Jwk[]) {
    [this.#good, this.#places, this.#keys] = [good, places, keys]
  }

  see (seen: Seen): void {
    const { number, read } = seen
    const first = this.#first ??= seen
    if (read && number > first.number) {
      if (hashOf(this.#good.hash, read.text) === read.hash) this.#next ??= number
      if (first.read && hashOf(read.hash, first.read.text) === first.read.hash) this.#home ??= number
    }
    const head = read && parseHead(read.text)
    const claims = head && readHead(head.jws, this.#keys)
    if (typeof claims === 'object' && claims.hash === this.#before?.read?.hash) this.#missing ??= claims.lines - this.#before.number
    const place = read && this.#places.get(read.hash)
    if (place !== undefined) this.#missing ??= place - number
    this.#before = seen
  }

  tell (): string {
    if (this.#next !== undefined && this.#home !== undefined) return `lines were reordered: line ${this.#next} belongs here, and this one behind line ${this.#home}`
    if (this.#next !== undefined) return `${count(this.#next - this.#good.lines - 1)} put in here: line ${this.#next} is the next one`
    if (this.#missing === undefined) return this.#first?.read ? 'it was edited, or lines before it were taken away' : 'it is no line that was written: it was overwritten'
    if (this.#missing > 0) return `${count(this.#missing)} taken away here`
    return this.#missing < 0 ? `${count(-this.#missing)} put in here` : 'it was edited'
  }
}

function count (lines: number): string {
  return lines === 1 ? 'a line was' : `${lines} lines were`
}
