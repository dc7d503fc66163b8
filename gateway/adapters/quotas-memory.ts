import type { CallsLeft, QuotaClaim, QuotaCounters } from '../../policies/quota-counters.ts'

/** How many calls one counter of an e-service has taken on one day (ISO date, Europe/Rome). */
export interface CountedCalls { readonly date: string, readonly eserviceId: string, readonly key: string, readonly calls: number }

type Counter = { -readonly [Name in keyof CountedCalls]: CountedCalls[Name] }

/** A counter, and what others counted beside it. */
interface Standing { readonly counter: Counter, others: number }

/** Today, and the day to which a clock may be set back. */
const daysKept = 2

/** Counts in this process's memory. */
export class MemoryQuotas implements QuotaCounters {
  readonly #days = new Map<string, Map<string, Standing>>()
  #changed = new Set<CountedCalls>()

  take (claim: QuotaClaim, beyond: boolean): CallsLeft {
    const standings = this.#standingsOf(claim)
    const left = leftOf(claim, standings)
    if (beyond || left.every((calls) => calls > 0)) for (const { counter } of standings) this.#set(counter, counter.calls + 1)
    return left
  }

  peek (claim: QuotaClaim): CallsLeft {
    return leftOf(claim, this.#standingsOf(claim))
  }

  /** Nothing is far away. */
  foresee (): void {}

  giveBack (claim: QuotaClaim): void {
    for (const { counter } of this.#standingsOf(claim)) this.#set(counter, Math.max(0, counter.calls - 1))
  }

  /** Counts as it was counted before, whatever is counted now. */
  load ({ date, eserviceId, key, calls }: CountedCalls): void {
    this.#standing(date, eserviceId, key).counter.calls = calls
  }

  /** Takes calls from quotas that somebody else counted, and keeps: they are none of its own. */
  loadOther ({ date, eserviceId, key, calls }: CountedCalls): void {
    this.#standing(date, eserviceId, key).others += calls
  }

  /** Every counter of its own from a day on. */
  * since (date: string): Iterable<CountedCalls> {
    for (const [day, standings] of this.#days) if (day >= date) for (const { counter } of standings.values()) yield counter
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

  #standingsOf ({ eserviceId, day: { date }, quotas }: QuotaClaim): readonly Standing[] {
    return quotas.map(({ key }) => this.#standing(date, eserviceId, key))
  }

  #standing (date: string, eserviceId: string, key: string): Standing {
    const standings = this.#days.get(date) ?? this.#begin(date)
    const name = `${eserviceId} ${key}`
    const known = standings.get(name)
    if (known) return known
    const standing = { counter: { date, eserviceId, key, calls: 0 }, others: 0 }
    standings.set(name, standing)
    return standing
  }

  #begin (date: string): Map<string, Standing> {
    if (this.#days.size >= daysKept) this.#days.delete(this.#days.keys().next().value as string)
    const standings = new Map<string, Standing>()
    this.#days.set(date, standings)
    return standings
  }
}

function leftOf ({ quotas }: QuotaClaim, standings: readonly Standing[]): CallsLeft {
  return quotas.map(({ limit }, index) => {
    const { counter, others } = standings[index] as Standing
    return limit - counter.calls - others
  })
}
