import { Counter, Gauge } from 'prom-client'
import type { Metric, Registry } from 'prom-client'
import { upTo } from '../figures/histogram.ts'
import type { Times } from '../figures/histogram.ts'

export type Labels = Readonly<Record<string, string>>

/** One value of a metric. */
export interface Sample { readonly labels: Labels, readonly value: number }

/** Opens a metric; its name says whether it is counted since a start (`_total`) or as it is now. */
export function open (register: Registry, name: string, help: string, ...labelNames: readonly string[]): Counter | Gauge {
  return new (name.endsWith('_total') ? Counter : Gauge)({ name, help, labelNames: [...labelNames], registers: [register] })
}

/** What a metric is called and says. */
interface Named { readonly name: string, readonly help: string }

/** Adds a metric of which the values were counted elsewhere, as they are: there may be thousands. */
export function addSamples (register: Registry, { name, help }: Named, samples: readonly Sample[]): void {
  addMetric(register, { name, help, type: name.endsWith('_total') ? 'counter' : 'gauge', values: samples })
}

/** The bounds of the buckets of histograms, in µs: two or three to each power of ten, from what a refusal takes to the longest that an upstream may. */
export const bounds = [50, 100, 250, 500, 1000, 2500, 5000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000, 10_000_000, 30_000_000] as const
const infinity = '+Inf'

/** Adds a histogram, in seconds, of what was counted elsewhere. */
export function addHistogram (register: Registry, { name, help }: Named, all: readonly { readonly labels: Labels, readonly times: Times }[]): void {
  const values = all.flatMap(({ labels, times }) => {
    const counts = upTo(times, bounds)
    return [
      // What all buckets of a series share is written once.
      ...bounds.map((bound, index) => ({ metricName: `${name}_bucket`, labels: { le: String(bound / 1e6) }, sharedLabels: labels, value: counts[index] as number })),
      { metricName: `${name}_bucket`, labels: { le: infinity }, sharedLabels: labels, value: times.count },
      { metricName: `${name}_sum`, labels, value: times.sum / 1e6 },
      { metricName: `${name}_count`, labels, value: times.count }
    ]
  })
  addMetric(register, { name, help, type: 'histogram', values })
}

interface Written extends Named { readonly type: string, readonly values: readonly (Sample & { readonly metricName?: string, readonly sharedLabels?: Labels })[] }

// A register asks its metrics for nothing but this.
function addMetric (register: Registry, written: Written): void {
  if (written.values.length > 0) register.registerMetric({ name: written.name, get: async () => written } as unknown as Metric)
}
