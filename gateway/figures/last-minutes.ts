const minuteMs = 60_000
/** So many minutes are looked at, the one that runs among them. */
const kept = 5
/** So many failures in them, and this share of what was asked, are no accident. */
const [manyFailures, manyFailed] = [2, 0.02]

/** What an upstream was asked in the last five minutes, and how often that came to nothing because of it. */
export interface Lately { readonly calls: number, readonly failures: number }

interface Slot { minute: number, calls: number, failures: number }

/** Counts what one upstream was asked lately. */
export class LastMinutes {
  readonly #slots: readonly Slot[] = Array.from({ length: kept }, () => ({ minute: -1, calls: 0, failures: 0 }))

  /** Counts a call that ended at `now` (epoch ms), and whether it failed because of the upstream. */
  count (now: number, hasFailed: boolean): void {
    const minute = Math.floor(now / minuteMs)
    const slot = this.#slots[minute % kept] as Slot
    if (slot.minute !== minute) Object.assign(slot, { minute, calls: 0, failures: 0 })
    slot.calls++
    if (hasFailed) slot.failures++
  }

  /** What there was up to `now` (epoch ms). */
  until (now: number): Lately {
    const last = Math.floor(now / minuteMs)
    return addLately(this.#slots.filter(({ minute }) => minute > last - kept && minute <= last))
  }
}

/** The same over several processes. */
export function addLately (all: readonly Lately[]): Lately {
  return all.reduce((sum, { calls, failures }) => ({ calls: sum.calls + calls, failures: sum.failures + failures }), { calls: 0, failures: 0 })
}

/** Whether an upstream fails as no accident explains: what operations are alarmed by. */
export function isFailing ({ calls, failures }: Lately): boolean {
  return failures >= manyFailures && failures >= calls * manyFailed
}
