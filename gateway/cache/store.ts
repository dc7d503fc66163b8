import type { IncomingHttpHeaders } from 'node:http'
import type { StoredAnswer } from './stored-answer.ts'
import { asksFor } from './variant.ts'

/** How much a cache takes: `bytes` in all, and of one answer `entryBytes`. */
export interface CacheLimits { readonly bytes: number, readonly entryBytes: number }

/** What a cache holds of an e-service. */
export interface Usage { bytes: number, entries: number }

/** As many variants of one answer are kept; whoever asks for ever new ones buys no longer search. */
const mostVariants = 8

/** Keeps answers in memory, at most so many bytes of them: the one that was not used for the longest time goes first. A pure structure: what may be used of it, and when, is decided elsewhere. */
export class CacheStore {
  readonly limits: CacheLimits
  readonly #paths = new Map<string, Map<string, StoredAnswer[]>>()
  /** In the order of their last use. */
  readonly #all = new Set<StoredAnswer>()
  readonly #usage = new Map<string, Usage>()
  #bytes = 0

  constructor (limits: CacheLimits) {
    this.limits = limits
  }

  get bytes (): number { return this.#bytes }

  /** What is stored for a path and a query, of the variant that these request headers ask for. */
  find (path: string, query: string, headers: IncomingHttpHeaders): StoredAnswer | undefined {
    const found = this.#paths.get(path)?.get(query)?.findLast(({ variant }) => asksFor(variant, headers))
    if (found) {
      this.#all.delete(found)
      this.#all.add(found)
    }
    return found
  }

  /** Stores an answer in the place of its variant. False when it is too large. */
  put (answer: StoredAnswer): boolean {
    if (answer.bytes > this.limits.entryBytes || answer.bytes > this.limits.bytes) return false
    const { path, query } = answer
    const queries = this.#paths.get(path) ?? new Map<string, StoredAnswer[]>()
    const variants = queries.get(query) ?? []
    const same = variants.find(({ variant }) => isSame(variant, answer.variant))
    if (same) this.drop(same)
    else if (variants.length >= mostVariants) this.drop(variants[0] as StoredAnswer)
    this.#paths.set(path, queries)
    queries.set(query, variants)
    variants.push(answer)
    this.#all.add(answer)
    this.#count(answer, 1)
    for (const oldest of this.#all) {
      if (this.#bytes <= this.limits.bytes) break
      this.drop(oldest)
    }
    return true
  }

  /** Takes an answer out, if it is still there. */
  drop (answer: StoredAnswer): void {
    if (!this.#all.delete(answer)) return
    this.#count(answer, -1)
    const queries = this.#paths.get(answer.path)
    const variants = queries?.get(answer.query)
    if (!queries || !variants) return
    variants.splice(variants.indexOf(answer), 1)
    if (variants.length === 0) queries.delete(answer.query)
    if (queries.size === 0) this.#paths.delete(answer.path)
  }

  /** Takes out all that is stored for a path, whatever the query: something there was changed (RFC 9111, 4.4). */
  invalidate (path: string): void {
    const stored = [...this.#paths.get(path)?.values() ?? []].flat()
    for (const answer of stored) this.drop(answer)
  }

  /** What it holds of an e-service. */
  usageOf (eservice: string): Readonly<Usage> {
    return this.#usage.get(eservice) ?? { bytes: 0, entries: 0 }
  }

  #count ({ eservice, bytes }: StoredAnswer, sign: 1 | -1): void {
    const usage = this.#usage.get(eservice) ?? { bytes: 0, entries: 0 }
    this.#usage.set(eservice, usage)
    usage.entries += sign
    usage.bytes += sign * bytes
    this.#bytes += sign * bytes
  }
}

function isSame (variant: StoredAnswer['variant'], other: StoredAnswer['variant']): boolean {
  return variant.length === other.length && variant.every(([name, value], index) => name === other[index]?.[0] && value === other[index]?.[1])
}
