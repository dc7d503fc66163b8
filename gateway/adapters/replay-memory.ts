import { rememberedLongerMs } from '../../policies/replay.ts'
import type { ReplayFilter } from '../../policies/replay.ts'

/** How many keys are held at once; some hundred bytes each. */
const usualCapacity = 500_000

/**
 * Remembers keys in this process's memory until their time is over. When it is full nothing more can be told to be the first, so every
 * further key is `unavailable`: a flood never makes an old key look new.
 */
export function memoryReplay (capacity = usualCapacity): ReplayFilter {
  const noted = new Set<string>()
  /** Keys by the second in which they end, so that a whole second is forgotten at once and no key needs a timer. */
  const ending = new Map<number, string[]>()
  let swept = 0
  const sweep = (nowMs: number): void => {
    const second = Math.floor(nowMs / 1000)
    if (second === swept) return
    swept = second
    for (const [end, keys] of ending) {
      if (end > second) continue
      for (const key of keys) noted.delete(key)
      ending.delete(end)
    }
  }
  return {
    note (key, untilMs, nowMs) {
      sweep(nowMs)
      if (noted.has(key)) return 'seen'
      if (noted.size >= capacity) return 'unavailable'
      noted.add(key)
      const end = Math.ceil((untilMs + rememberedLongerMs) / 1000)
      const together = ending.get(end)
      if (together) together.push(key)
      else ending.set(end, [key])
      return 'first'
    }
  }
}
