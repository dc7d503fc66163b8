import { putNewest } from './asking.ts'

/** What is remembered of what is not there: when that was asked, and until when (epoch ms) it is believed. */
interface Absence { readonly asked: number, readonly until: number }

/** Things that are not there which are remembered: enough for those that callers ask for at a time. */
const mostAbsences = 10_000

/**
 * What is known of things of one kind, by id. Readings are numbered as they are begun (`asked`), and one never replaces what a later one found: an
 * answer that was long on its way is not news.
 */
export class KnownItems<Item> {
  readonly #items = new Map<string, { readonly item: Item, readonly asked: number }>()
  readonly #absent = new Map<string, Absence>()
  readonly #most: number

  /** Holds `most` at most, and forgets the oldest then. */
  constructor (most = Infinity) {
    this.#most = most
  }

  get (id: string): Item | undefined {
    return this.#items.get(id)?.item
  }

  /** True when it was ever asked for or told of, whatever came of it. */
  hasMet (id: string): boolean {
    return this.#items.has(id) || this.#absent.has(id)
  }

  /** True while it is known whether there is such a thing. */
  isDecided (id: string, now: number): boolean {
    return this.#items.has(id) || (this.#absent.get(id)?.until ?? -Infinity) > now
  }

  /** Takes in what was found. False when something later is known. */
  put (id: string, item: Item, asked: number): boolean {
    if (this.#askedOf(id) > asked) return false
    this.#absent.delete(id)
    putNewest(this.#items, id, { item, asked }, this.#most)
    return true
  }

  /** Takes in that there is no such thing, which is believed until then (epoch ms); with -Infinity it is only no longer known. False when something later is known. */
  remove (id: string, asked: number, until: number): boolean {
    if (this.#askedOf(id) > asked) return false
    this.#items.delete(id)
    putNewest(this.#absent, id, { asked, until }, mostAbsences)
    return true
  }

  values (): readonly Item[] {
    return [...this.#items.values()].map(({ item }) => item)
  }

  /** The ids of what was last found by readings before this one. */
  knownBefore (asked: number): readonly string[] {
    return [...this.#items].flatMap(([id, known]) => known.asked < asked ? [id] : [])
  }

  #askedOf (id: string): number {
    return (this.#items.get(id) ?? this.#absent.get(id))?.asked ?? -Infinity
  }
}
