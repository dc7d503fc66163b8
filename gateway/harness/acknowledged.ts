import type { TraceRow } from '../tracing/trace-counts.ts'

/** What differs between what clients saw and what was counted, in calls: those that a client was answered and nobody counted, and those that were counted and nobody can have made. */
export interface Difference { readonly acknowledged: number, readonly counted: number, readonly missing: number, readonly unexplained: number }

/**
 * The calls of clients as they themselves know them: what was answered, and what was sent and never answered, which may or may not have been served. To be held against what a gateway counted that was
 * killed meanwhile. Used by tests and by loadtest/ only.
 */
export class Acknowledged {
  readonly #answered = new Map<string, number>()
  readonly #unanswered = new Map<string, number>()

  /** A call got its whole answer. */
  answered (purposeId: string, voucherId: string, status: number): void {
    add(this.#answered, `${purposeId} ${voucherId} ${status}`)
  }

  /** A call got none, or a part of one. */
  unanswered (purposeId: string, voucherId: string): void {
    add(this.#unanswered, `${purposeId} ${voucherId}`)
  }

  /** Holds counts against it. Both figures are 0 where the records tell the truth. */
  compare (rows: Iterable<TraceRow>): Difference {
    const left = new Map(this.#answered)
    const beyond = new Map<string, number>()
    let counted = 0
    for (const { purposeId, voucherId, status, count } of rows) {
      counted += count
      const key = `${purposeId} ${voucherId} ${status}`
      const expected = left.get(key) ?? 0
      left.set(key, Math.max(0, expected - count))
      if (count > expected) add(beyond, `${purposeId} ${voucherId}`, count - expected)
    }
    const unexplained = sum([...beyond].map(([key, count]) => Math.max(0, count - (this.#unanswered.get(key) ?? 0))))
    return { acknowledged: sum(this.#answered.values()), counted, missing: sum(left.values()), unexplained }
  }
}

function add (counts: Map<string, number>, key: string, count = 1): void {
  counts.set(key, (counts.get(key) ?? 0) + count)
}

function sum (counts: Iterable<number>): number {
  return [...counts].reduce((total, count) => total + count, 0)
}
