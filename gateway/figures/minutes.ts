import type { DenialCode } from '../../policies/denials.ts'
import type { Minute } from './figures.ts'
import { Histogram } from './histogram.ts'

const minuteMs = 60_000
/** So many minutes are kept. */
const kept = 60

interface Slot { minute: number, calls: number, readonly refused: Map<DenialCode, number>, readonly times: Histogram }

/** Counts by the minute, for the last sixty of them. */
export class Minutes {
  readonly #slots: readonly Slot[] = Array.from({ length: kept }, () => ({ minute: -1, calls: 0, refused: new Map(), times: new Histogram() }))

  /** Counts a call that ended at `now` (epoch ms), refused with a code or not, and how long it took (µs) where that says something of how calls are served. */
  count (now: number, code: DenialCode | undefined, us: number | undefined): void {
    const slot = this.#slotOf(Math.floor(now / minuteMs))
    slot.calls++
    if (code !== undefined) slot.refused.set(code, (slot.refused.get(code) ?? 0) + 1)
    if (us !== undefined) slot.times.add(us)
  }

  /** The minutes up to that of `now` (epoch ms) in which there were calls, the oldest first. */
  until (now: number): readonly Minute[] {
    const last = Math.floor(now / minuteMs)
    return this.#slots.filter(({ minute }) => minute > last - kept && minute <= last).toSorted((one, other) => one.minute - other.minute)
      .map(({ minute, calls, refused, times }) => ({ at: minute * minuteMs, calls, refused: Object.fromEntries(refused), times: times.times }))
  }

  #slotOf (minute: number): Slot {
    const slot = this.#slots[minute % kept] as Slot
    if (slot.minute === minute) return slot
    slot.minute = minute
    slot.calls = 0
    slot.refused.clear()
    slot.times.clear()
    return slot
  }
}
