import type { Measured, Spread } from '../measure.ts'
import { percentiles } from '../percentile.ts'
import type { Run } from './json.ts'
import { significant, whole } from './numbers.ts'

/** Names of the percentiles as people write them. */
export const percentileNames = { p50: 'p50', p90: 'p90', p99: 'p99', p999: 'p99.9', max: 'max' } as const

interface Named { readonly name: string }
/** A bar for each scenario with how far its rounds lie apart; `reference` is a value that is marked. */
export interface Bars { readonly kind: 'bars', readonly reference?: number, readonly rows: readonly (Named & Spread & { readonly text: string })[] }
/** A line for each scenario over the percentiles, in ms. */
export interface Curves { readonly kind: 'curves', readonly labels: readonly string[], readonly series: readonly (Named & { readonly values: readonly (number | null)[] })[] }
/** A line for each scenario over the runs, at their times in epoch seconds; null where a run lacks it. */
export interface Times { readonly kind: 'times', readonly dates: readonly number[], readonly series: readonly (Named & { readonly values: readonly (number | null)[] })[] }

/** What is drawn, as the page's own script reads it. */
export type Chart = Bars | Curves | Times

/** Requests per second. */
export function throughputChart (measured: readonly Measured[]): Bars {
  return { kind: 'bars', rows: measured.map(({ name, requestsPerSecond }) => ({ name, ...requestsPerSecond, text: whole(requestsPerSecond.median) })) }
}

/** The ratios of those that are compared with another one. */
export function ratioChart (measured: readonly Measured[]): Bars {
  return { kind: 'bars', reference: 1, rows: measured.filter(isCompared).map(({ name, ratioTo, ratio }) => ({ name: `${name} to ${ratioTo}`, ...ratio, text: significant(ratio.median) })) }
}

/** How long calls took. */
export function latencyChart (measured: readonly Measured[]): Curves {
  const values = ({ latency }: Measured): readonly (number | null)[] => percentiles.map((one) => latency[one].median > 0 ? latency[one].median : null)
  return { kind: 'curves', labels: percentiles.map((one) => percentileNames[one]), series: measured.map((one) => ({ name: one.name, values: values(one) })) }
}

/** The ratios of scenarios, run by run. */
export function historyChart (measured: readonly Measured[], runs: readonly Run[]): Times {
  const series = measured.filter(isCompared).map((one) => ({ name: `${one.name} to ${one.ratioTo}`, values: runs.map((run) => ratioIn(run, one)?.median ?? null) }))
  return { kind: 'times', dates: runs.map(({ date }) => Date.parse(date) / 1000), series }
}

/** True of a scenario that is not its own reference. */
export function isCompared ({ name, ratioTo }: Measured): boolean {
  return name !== ratioTo
}

/** The ratio of a scenario in another run, if it was compared with the same one there. */
export function ratioIn ({ scenarios }: Run, { name, ratioTo }: Measured): Spread | undefined {
  return scenarios.find((one) => one.name === name && one.ratioTo === ratioTo)?.ratio
}
