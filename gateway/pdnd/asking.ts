/** What the sources have in common that ask the platform about ids that callers come with. */

/** A budget of questions that is filled up anew with every second; `now` in epoch ms. */
export class Budget {
  readonly #perSecond: number
  readonly #now: () => number
  #second = -Infinity
  #spent = 0

  constructor (perSecond: number, now: () => number) {
    this.#perSecond = perSecond
    this.#now = now
  }

  /** Takes one; false when there is none left in this second. */
  spend (): boolean {
    const second = Math.floor(this.#now() / 1000)
    if (second !== this.#second) [this.#second, this.#spent] = [second, 0]
    return ++this.#spent <= this.#perSecond
  }
}

/** A caller waits no longer than this for an answer, in ms; it may still be of use to the next one. */
const patienceMs = 5000

/** An answer, or what to say when it is late. */
export async function inTime<Verdict> (verdict: Promise<Verdict>, late: Verdict): Promise<Verdict> {
  let timer: NodeJS.Timeout | undefined
  const end = new Promise<Verdict>((resolve) => { timer = setTimeout(resolve, patienceMs, late) })
  return Promise.race([verdict, end]).finally(() => { clearTimeout(timer) })
}

/** Puts a value into a map as its newest; where there are too many the oldest goes. */
export function putNewest<Value> (map: Map<string, Value>, key: string, value: Value, most: number): void {
  map.delete(key)
  if (map.size >= most) map.delete(map.keys().next().value as string)
  map.set(key, value)
}

/** How questions are asked on behalf of callers; `now` in epoch ms. */
export interface LookupOptions { readonly perSecond: number, readonly now: () => number, readonly warn: (message: string) => void }

/** What could not be answered is not asked again for so long, in ms: one thing alone must not use up the budget of all. */
const failedMs = 2000
const mostFailed = 10_000
const warnedMs = 30_000

/** Questions to the platform, by name: one at a time for each, shared by all who wait, and a bounded number a second altogether. */
export class Lookups {
  readonly #options: LookupOptions
  readonly #budget: Budget
  readonly #pending = new Map<string, Promise<void>>()
  readonly #failed = new Map<string, number>()
  #warnedAt = -Infinity

  constructor (options: LookupOptions) {
    this.#options = options
    this.#budget = new Budget(options.perSecond, options.now)
  }

  /** Asks, unless it cannot be asked now; ends once it was answered, or was not in time. Never throws: who wants to know looks at what was learnt. */
  async ask (name: string, question: () => Promise<void>): Promise<void> {
    const pending = this.#pending.get(name)
    if (pending) return inTime(pending, undefined)
    if ((this.#failed.get(name) ?? -Infinity) > this.#options.now() || !this.#budget.spend()) return undefined
    const answered = this.#attempt(name, question).finally(() => { this.#pending.delete(name) })
    this.#pending.set(name, answered)
    return inTime(answered, undefined)
  }

  async #attempt (name: string, question: () => Promise<void>): Promise<void> {
    try {
      await question()
    } catch (error) {
      const now = this.#options.now()
      putNewest(this.#failed, name, now + failedMs, mostFailed)
      // A flood of ids while the platform is away must not become a flood of lines.
      if (now - this.#warnedAt >= warnedMs) {
        this.#warnedAt = now
        this.#options.warn(`something of a caller could not be looked up: ${(error as Error).message}`)
      }
    }
  }
}
