import { prepareDay } from '../../policies/day.ts'
import type { CallRecord } from '../records/call-record.ts'
import { usedOf } from './figures.ts'
import type { QuotaUse, Today } from './figures.ts'

/** So many consumers, and so many purposes, are counted by themselves in one day, and so many of them are told. */
const mostCounted = 2000
const mostTold = 100

type Use = { -readonly [Name in keyof QuotaUse]: QuotaUse[Name] }

/** Who called today (Europe/Rome), and what of their quotas is used. Organisations and purposes that proved themselves: nobody else can make one up. */
export class Usage {
  readonly #dayOf = prepareDay()
  readonly #consumers = new Map<string, { calls: number }>()
  readonly #quotas = new Map<string, Map<string, Use>>()
  #date = ''
  #others = 0
  #purposes = 0

  /** Counts a call that ended at `now` (epoch ms). */
  count ({ consumerId: consumer, purposeId: purpose, eservice = 'none', quota }: Pick<CallRecord, 'consumerId' | 'purposeId' | 'eservice' | 'quota'>, now: number): void {
    this.#begin(now)
    if (consumer === undefined) return
    this.#countConsumer(consumer)
    if (quota && purpose !== undefined) this.#see(eservice, purpose, { consumer, now, ...quota })
  }

  /** The day of `now` (epoch ms) as it went until then. */
  today (now: number): Today {
    this.#begin(now)
    const all = [...this.#consumers].map(([consumer, { calls }]) => ({ consumer, calls })).toSorted((one, other) => other.calls - one.calls)
    return { date: this.#date, consumers: all.slice(0, mostTold), others: all.slice(mostTold).reduce((sum, { calls }) => sum + calls, this.#others) }
  }

  /** The quotas of that day, those most used first. */
  quotas (now: number): readonly QuotaUse[] {
    this.#begin(now)
    return [...this.#quotas.values()].flatMap((uses) => [...uses.values()]).toSorted((one, other) => usedOf(other) - usedOf(one)).slice(0, mostTold)
  }

  #begin (now: number): void {
    const { date } = this.#dayOf(now)
    if (date === this.#date) return
    this.#date = date
    this.#others = this.#purposes = 0
    this.#consumers.clear()
    this.#quotas.clear()
  }

  #countConsumer (consumer: string): void {
    const counted = this.#consumers.get(consumer)
    if (counted) counted.calls++
    else if (this.#consumers.size < mostCounted) this.#consumers.set(consumer, { calls: 1 })
    else this.#others++
  }

  #see (eservice: string, purpose: string, { consumer, now: at, limit, remaining }: { readonly consumer: string, readonly now: number, readonly limit: number, readonly remaining: number }): void {
    let uses = this.#quotas.get(eservice)
    if (!uses) this.#quotas.set(eservice, uses = new Map())
    const use = uses.get(purpose)
    if (use) {
      use.limit = limit
      use.remaining = remaining
      use.at = at
    } else if (this.#purposes < mostCounted) {
      this.#purposes++
      uses.set(purpose, { eservice, consumer, purpose, limit, remaining, at })
    }
  }
}
