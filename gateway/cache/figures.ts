/** How a call came to its answer, where a cache had to do with it: of what was stored and fresh; of what was stored and not fresh any more, as its upstream allows; of what was stored, once the upstream confirmed or replaced it; of the answer to a call that was made at the same time. */
export const cacheOutcomes = ['hit', 'stale', 'validated', 'shared'] as const
export type CacheOutcome = (typeof cacheOutcomes)[number]

/** What the cache did for an e-service since this process was started. */
export interface CacheFigures { readonly answered: Record<CacheOutcome, number>, misses: number, stores: number, validations: number }

/** The same as it is told, with what the cache holds now. */
export type CacheReport = Readonly<Record<CacheOutcome | 'misses' | 'stores' | 'validations' | 'bytes' | 'entries', number>>

/** The same over several processes. */
export function addCacheReports (reports: readonly CacheReport[]): CacheReport {
  const sum = { hit: 0, stale: 0, validated: 0, shared: 0, misses: 0, stores: 0, validations: 0, bytes: 0, entries: 0 }
  for (const report of reports) for (const name of Object.keys(sum) as (keyof CacheReport)[]) sum[name] += report[name]
  return sum
}

/** The figures of all e-services of a process, by name, whatever is reloaded. */
export class AllCacheFigures {
  readonly #figures = new Map<string, CacheFigures>()

  of (eservice: string): CacheFigures {
    const figures = this.#figures.get(eservice) ?? { answered: { hit: 0, stale: 0, validated: 0, shared: 0 }, misses: 0, stores: 0, validations: 0 }
    this.#figures.set(eservice, figures)
    return figures
  }
}
