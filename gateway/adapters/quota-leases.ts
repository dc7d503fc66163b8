import type { CallsLeft, Quota, QuotaClaim } from '../../policies/quota-counters.ts'
import type { CountedCalls, MemoryQuotas } from './quotas-memory.ts'

/** A counter on one day, beside what this process admitted: `leased` are calls that it took in advance and has not admitted yet, `others` those of everybody else as far as they were told, never fewer than once told. */
interface Beside { leased: number, others: number }

/** How many calls a lease has at first. */
const firstCalls = 16
const endedAtOnce = 200
/** Today, and the day to which a clock may be set back. */
const daysKept = 2

/**
 * Calls of one claim that were counted in advance, to be admitted without asking anybody. It belongs to the claim's day and limits. What callers are
 * told of it never grows because a lease is given back.
 */
export class Lease {
  readonly claim: QuotaClaim
  /** How many calls to ask for next: twice as many as were got last. */
  want = firstCalls
  /** While calls are asked for. */
  isAsking = false
  /** Since it was last looked. */
  isUsed = true
  isOver = false
  readonly #own: MemoryQuotas
  readonly #beside: readonly Beside[]
  #left = 0
  #lowAt = 0

  constructor (claim: QuotaClaim, own: MemoryQuotas, beside: readonly Beside[]) {
    this.claim = claim
    this.#own = own
    this.#beside = beside
  }

  get left (): number { return this.#left }

  /** True when it is time to ask for more. */
  get isLow (): boolean { return this.#left <= this.#lowAt }

  /** For each quota what was taken from it by this process, on whatever claim: calls admitted and calls leased. */
  get held (): readonly { readonly admitted: number, readonly leased: number }[] {
    const left = this.#own.peek(this.claim)
    return this.claim.quotas.map(({ limit }, index) => ({ admitted: limit - (left[index] as number), leased: (this.#beside[index] as Beside).leased }))
  }

  /** For each quota what everybody else was known to have taken. */
  get others (): readonly number[] { return this.#beside.map(({ others }) => others) }

  fits (claim: QuotaClaim): boolean {
    return claim.quotas.every(({ limit }, index) => limit === this.claim.quotas[index]?.limit)
  }

  /** Admits a call of it; undefined when it has none. */
  take (): CallsLeft | undefined {
    if (this.#left === 0) return undefined
    this.#add(-1)
    this.isUsed = true
    return this.#own.take(this.claim, true).map((left, index) => Math.max(1, left - (this.#beside[index] as Beside).others))
  }

  /** What can be told of a call of it; undefined when it has none. */
  peek (): CallsLeft | undefined {
    return this.#left === 0 ? undefined : this.tell(this.claim.quotas.map(() => 1))
  }

  /** Admits a call that was counted just now, when so many were left. */
  admit (left: CallsLeft): CallsLeft {
    const told = this.tell(left)
    this.#own.take(this.claim, true)
    return told
  }

  /** Takes in what was left, and how many calls were leased on top. */
  learn (left: CallsLeft, more: number): void {
    for (const [index, { admitted, leased }] of this.held.entries()) {
      const beside = this.#beside[index] as Beside
      const { limit } = this.claim.quotas[index] as Quota
      const calls = left[index] as number
      // Where nothing is left the leases count too: whoever was told so is not told otherwise when they end.
      beside.others = Math.max(beside.others, limit - admitted - calls - (calls > 0 ? leased : 0))
    }
    this.add(more)
  }

  /** Puts calls into it that were counted. */
  add (calls: number): void {
    if (calls === 0) return
    this.#add(calls)
    this.want = Math.max(firstCalls, 2 * calls)
    this.#lowAt = Math.floor(this.#left / 2)
  }

  /** Ends it, and gives how many calls it had. */
  end (): number {
    const calls = this.#left
    this.isOver = true
    this.#add(-calls)
    return calls
  }

  /** What callers are told where so many were left: it decides, and they are told of no more than before. */
  tell (left: CallsLeft): CallsLeft {
    const own = this.#own.peek(this.claim)
    return left.map((calls, index) => {
      const told = own[index] as number - (this.#beside[index] as Beside).others
      return calls > 0 ? Math.max(1, told) : Math.min(calls, told)
    })
  }

  #add (calls: number): void {
    this.#left += calls
    for (const beside of this.#beside) beside.leased += calls
  }
}

/** The leases of this process, beside the calls that it admitted (`own`). */
export class Leases {
  readonly #own: MemoryQuotas
  readonly #leases = new Map<string, Lease>()
  readonly #days = new Map<string, Map<string, Beside>>()

  constructor (own: MemoryQuotas) {
    this.#own = own
  }

  /** The lease of a claim; `superseded` is given the one before it when the claim's limits are others now. */
  of (claim: QuotaClaim, superseded: (lease: Lease) => void): Lease {
    const { day: { date }, eserviceId, quotas } = claim
    let name = `${date} ${eserviceId}`
    for (const { key } of quotas) name += `\n${key}`
    const known = this.#leases.get(name)
    if (known?.fits(claim)) return known
    const lease = new Lease(claim, this.#own, quotas.map(({ key }) => this.#beside(date, eserviceId, key)))
    this.#leases.set(name, lease)
    if (known) superseded(known)
    return lease
  }

  /** Those that were not used since this was last called, so many that it takes no time to end them; they are no leases of anybody any more. */
  takeIdle (): readonly Lease[] {
    const idle: Lease[] = []
    for (const [name, lease] of this.#leases) {
      if (idle.length === endedAtOnce) return idle
      if (!lease.isUsed && !lease.isAsking) {
        this.#leases.delete(name)
        idle.push(lease)
      }
      lease.isUsed = false
    }
    return idle
  }

  takeAll (): readonly Lease[] {
    const all = [...this.#leases.values()]
    this.#leases.clear()
    return all
  }

  /** Every counter from a day on with what this process took from it: calls admitted and calls leased. */
  * since (date: string): Iterable<CountedCalls> {
    for (const counter of this.#own.since(date)) {
      const beside = this.#days.get(counter.date)?.get(`${counter.eserviceId} ${counter.key}`)
      yield beside ? { ...counter, calls: counter.calls + beside.leased } : counter
    }
  }

  #beside (date: string, eserviceId: string, key: string): Beside {
    const day = this.#days.get(date) ?? this.#begin(date)
    const name = `${eserviceId} ${key}`
    const known = day.get(name) ?? { leased: 0, others: 0 }
    day.set(name, known)
    return known
  }

  #begin (date: string): Map<string, Beside> {
    if (this.#days.size >= daysKept) this.#days.delete(this.#days.keys().next().value as string)
    const day = new Map<string, Beside>()
    this.#days.set(date, day)
    return day
  }
}
