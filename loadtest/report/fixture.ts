import type { Circumstances } from '../circumstances.ts'
import type { Measured, Spread } from '../measure.ts'
import { percentiles } from '../percentile.ts'
import type { Percentile } from '../percentile.ts'

/** A value with others around it. For tests only. */
export function around (median: number): Spread {
  return { median, min: median * 0.95, max: median * 1.05 }
}

/** What a scenario came to that made so many requests per second. For tests only. */
export function measuredAt (name: string, requestsPerSecond: number, rest: Partial<Measured> = {}): Measured {
  const latency = Object.fromEntries(percentiles.map((one, index) => [one, around(64_000 / requestsPerSecond * 1.7 ** index)])) as Record<Percentile, Spread>
  return {
    name,
    group: 'admitted',
    ratioTo: 'bare upstream',
    ratio: around(requestsPerSecond / 40_000),
    requestsPerSecond: around(requestsPerSecond),
    latency,
    generatorBusy: around(0.5),
    cpuMicros: around(1e6 / requestsPerSecond),
    rssBytes: undefined,
    bytesPerReader: undefined,
    ...rest
  }
}

export const circumstances: Circumstances = {
  node: '26.10.0',
  cores: 2,
  cpuModel: 'Example CPU',
  date: '2026-11-22T10:55:28.123Z',
  commit: 'be2e2c9f0a1b+',
  pinned: true,
  url: undefined,
  skipped: [{ name: 'nginx', why: 'it is not installed here' }],
  seconds: 5,
  rounds: 3,
  connections: 64
}

/** A run of two groups. */
export const measured: readonly Measured[] = [
  measuredAt('bare upstream', 40_000, { generatorBusy: around(0.97), ratio: { median: 1, min: 1, max: 1 } }),
  measuredAt('admitted', 10_000),
  measuredAt('admitted, <b>unseen</b> & "quoted"', 2500, { ratioTo: 'admitted', ratio: around(0.25) }),
  measuredAt('voucher expired', 20_000, { group: 'refused', ratioTo: 'admitted', ratio: { median: 2, min: 1.5, max: 2.5 }, rssBytes: around(150 * 1024 ** 2) })
]
