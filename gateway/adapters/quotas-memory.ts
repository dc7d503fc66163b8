import type { CallsLeft, QuotaClaim, QuotaCounters } from '../../policies/quota-counters.ts'

/** How many calls one counter of an e-service has taken on one day (ISO date, Europe/Rome). */
export interface CountedCalls { readonly date: string, readonly eserviceId: string, readonly key: string, readonly calls: number }

type Counter = { -readonly [Name in keyof CountedCalls]: CountedCalls[Name] }

/** Today, and the day to which a clock may be set back. */
const daysKept = 2

/** Counts in this process's memory. */
export class MemoryQuotas implements QuotaCounters {
  readonly #days = new Map<string, Map<string, Counter>>()
  #changed = new Set<CountedCalls>()

  take (claim: QuotaClaim, beyond: boolean): CallsLeft {
    const counters = this.#countersOf(claim)
    const left = claim.quotas.map(({ limit }, index) => limit - (counters[index] as Counter).calls)
    if (beyond || left.every((calls) => calls > 0)) for (const counter of counters) this.#set(counter, counter.calls + 1)
    return left
  }

  peek (claim: QuotaClaim): CallsLeft {
    const counters = this.#countersOf(claim)
    return claim.quotas.map(({ limit }, index) => limit - (counters[index] as Counter).calls)
  }

  giveBack (claim: QuotaClaim): void {
    for (const counter of this.#countersOf(claim)) this.#set(counter, Math.max(0, counter.calls - 1))
  }

  /** Counts as it was counted before, whatever is counted now. */
  load ({ date, eserviceId, key, calls }: CountedCalls): void {
    this.#counter(date, eserviceId, key).calls = calls
  }

  /** Every counter from a day on. */
  * since (date: string): Iterable<CountedCalls> {
    for (const [day, counters] of this.#days) if (day >= date) yield* counters.values()
  }

  /** The counters that changed since this was last called. */
  takeChanged (): readonly CountedCalls[] {
    const changed = [...this.#changed]
    this.#changed.clear()
    return changed
  }

  #set (counter: Counter, calls: number): void {
    counter.calls = calls
    this.#changed.add(counter)
  }

  #countersOf ({ eserviceId, day: { date }, quotas }: QuotaClaim): readonly Counter[] {
    return quotas.map(({ key }) => this.#counter(date, eserviceId, key))
  }

  #counter (date: string, eserviceId: string, key: string): Counter {
    const counters = this.#days.get(date) ?? this.#begin(date)
    const name = `${eserviceId} ${key}`
    const known = counters.get(name)
    if (known) return known
    const counter = { date, eserviceId, key, calls: 0 }
    counters.set(name, counter)
    return counter
  }

  #begin (date: string): Map<string, Counter> {
    if (this.#days.size >= daysKept) this.#days.delete(this.#days.keys().next().value as string)
    const counters = new Map<string, Counter>()
    this.#days.set(date, counters)
    return counters
  }
}
