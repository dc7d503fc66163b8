import { isUtf8 } from 'node:buffer'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { FieldTree } from './field-tree.ts'
import { maxDepth } from './json.ts'
import { scanScalar, scanString, skipSpace } from './json-scan.ts'

/** What is to be left of a JSON value: all but the fields of the tree, or only those and what leads to them. */
export interface Narrowing { readonly keep: 'all but' | 'only', readonly tree: FieldTree }

/** How many bytes are read before others get their turn: a few milliseconds. */
const stretchBytes = 128 * 1024

/**
 * Takes what is withheld out of a JSON text in UTF-8 and leaves every other byte as it is, white space and the spelling of numbers and strings included.
 * Names are compared as they are meant (escapes decoded), and a member that is there twice is taken out twice. Where something is withheld below a list the
 * value must not be an object, nor the other way round: it would not be what the tree was made for. Gives the same bytes when nothing is withheld, and why it
 * cannot be narrowed (never with the text itself) when it is no JSON or of another shape. Does not keep the event loop for long.
 */
export async function narrowJson (bytes: Buffer, narrowing: Narrowing): Promise<{ readonly bytes: Buffer } | { readonly fault: string }> {
  if (!isUtf8(bytes)) return { fault: 'it is not in UTF-8' }
  try {
    const narrower = new Narrower(bytes, narrowing)
    while (!narrower.readOn(stretchBytes)) await nextTurn()
    return { bytes: narrower.narrowed() }
  } catch (error) {
    if (error instanceof Fault) return { fault: error.message }
    throw error
  }
}

class Fault extends Error {}

/** What becomes of a value: a tree says it of its parts. */
type Fate = 'kept' | 'withheld' | FieldTree

/** An object or a list that is being read. `end` is where its last element ended, kept or not; `kept` whether any was. */
interface Holder { readonly closing: number, readonly fate: Fate, readonly start: number, end: number, kept: boolean }

const [comma, colon, openObject, closeObject, openList, closeList] = [0x2c, 0x3a, 0x7b, 0x7d, 0x5b, 0x5d]

class Narrower {
  readonly #bytes: Buffer
  readonly #narrowing: Narrowing
  readonly #holders: Holder[] = []
  /** The stretch that is passed on next; the ones before it are in `#out`. */
  #from = 0
  #to = 0
  #out: Buffer | undefined
  #outLength = 0
  #at: number
  /** What becomes of the value that starts at `#at`; undefined behind a value. */
  #fate: Fate | undefined

  constructor (bytes: Buffer, narrowing: Narrowing) {
    this.#bytes = bytes
    this.#narrowing = narrowing
    this.#at = skipSpace(bytes, 0)
    this.#pass(0, this.#at)
    this.#fate = this.#partly(narrowing.tree)
    if (this.#fate === 'withheld') throw new Fault('nothing of it may be shown')
  }

  /** Reads about so many bytes more; true when the text is at its end. */
  readOn (count: number): boolean {
    for (const until = this.#at + count; this.#at <= until;) {
      if (this.#fate !== undefined) this.#readValue(this.#fate)
      else if (this.#holders.length > 0) this.#readBehind(this.#holders.at(-1) as Holder)
      else return this.#finish()
    }
    return false
  }

  narrowed (): Buffer {
    if (!this.#out) return this.#bytes.subarray(this.#from, this.#to)
    this.#write(this.#out)
    return this.#out.subarray(0, this.#outLength)
  }

  #readValue (fate: Fate): void {
    const start = this.#at
    const first = this.#bytes[start]
    if (first !== openObject && first !== openList) return this.#behind(start, this.#scan(scanScalar), fate)
    if (this.#holders.length === maxDepth) throw new Fault(`it is nested deeper than ${maxDepth} levels`)
    const holder = { closing: first === openObject ? closeObject : closeList, fate, start, end: start + 1, kept: false }
    if (typeof fate === 'object') this.#pass(start, start + 1)
    this.#holders.push(holder)
    const inside = skipSpace(this.#bytes, start + 1)
    if (this.#bytes[inside] === holder.closing) this.#close(holder, inside)
    else this.#readElement(holder, start + 1)
  }

  /** Reads up to the value of the element whose bytes start at `from`. */
  #readElement (holder: Holder, from: number): void {
    this.#at = skipSpace(this.#bytes, from)
    const key = this.#at
    if (holder.closing === closeObject) {
      const keyEnd = this.#scan(scanString)
      this.#at = skipSpace(this.#bytes, keyEnd)
      if (this.#bytes[this.#at] !== colon) throw new Fault('it is not JSON')
      this.#at = skipSpace(this.#bytes, this.#at + 1)
      this.#fate = typeof holder.fate === 'object' ? this.#fateOf(memberOf(holder.fate, this.#bytes, key, keyEnd)) : holder.fate
    } else this.#fate = typeof holder.fate === 'object' ? this.#fateOf(holder.fate.items) : holder.fate
    if (typeof holder.fate !== 'object' || this.#fate === 'withheld') return
    // Behind one that is kept comes the comma in front of this one, and behind one that is withheld too.
    this.#pass(holder.kept ? holder.end : from, this.#at)
    holder.kept = true
  }

  #readBehind (holder: Holder): void {
    const at = skipSpace(this.#bytes, this.#at)
    if (this.#bytes[at] === comma) this.#readElement(holder, at + 1)
    else if (this.#bytes[at] === holder.closing) this.#close(holder, at)
    else throw new Fault('it is not JSON')
  }

  #close (holder: Holder, at: number): void {
    this.#holders.pop()
    if (typeof holder.fate === 'object') this.#pass(holder.end, at + 1)
    this.#behind(holder.start, at + 1, holder.fate)
  }

  #behind (start: number, end: number, fate: Fate): void {
    const holder = this.#holders.at(-1)
    if (fate === 'kept' && typeof holder?.fate !== 'string') this.#pass(start, end)
    if (holder) holder.end = end
    this.#at = end
    this.#fate = undefined
  }

  #finish (): boolean {
    const rest = skipSpace(this.#bytes, this.#at)
    if (rest !== this.#bytes.length) throw new Fault('it is not JSON')
    this.#pass(this.#at, rest)
    return true
  }

  #fateOf (tree: FieldTree | undefined): Fate {
    const all = this.#narrowing.keep === 'all but'
    if (!tree) return all ? 'kept' : 'withheld'
    if (tree.whole) return all ? 'withheld' : 'kept'
    return this.#partly(tree)
  }

  /** The fate of the value that starts here, of which only parts are in the tree. */
  #partly (tree: FieldTree): Fate {
    const all = this.#narrowing.keep === 'all but'
    const first = this.#bytes[this.#at]
    if (first !== openObject && first !== openList) return all ? 'kept' : 'withheld'
    const fits = first === openList ? tree.items !== undefined : tree.values !== undefined || tree.names.size > 0
    if (!fits && all) throw new Fault('it has a list where the contract has an object, or the other way round')
    return fits ? tree : 'withheld'
  }

  #scan (scan: (bytes: Uint8Array, at: number) => number): number {
    const end = scan(this.#bytes, this.#at)
    if (end === -1) throw new Fault('it is not JSON')
    return end
  }

  #pass (start: number, end: number): void {
    if (start !== this.#to) {
      this.#write(this.#out ??= Buffer.allocUnsafe(this.#bytes.length))
      this.#from = start
    }
    this.#to = end
  }

  #write (out: Buffer): void {
    this.#outLength += this.#bytes.copy(out, this.#outLength, this.#from, this.#to)
  }
}

function memberOf ({ names, values }: FieldTree, bytes: Buffer, start: number, end: number): FieldTree | undefined {
  const literal = bytes.toString('utf8', start + 1, end - 1)
  const name = literal.includes('\\') ? JSON.parse(`"${literal}"`) as string : literal
  return names.get(name) ?? values
}
