import type { Fired } from './fire.ts'
import { percentiles } from './percentile.ts'
import type { Percentile } from './percentile.ts'

/** The middle of the rounds' values and how far they lie apart. */
export interface Spread { readonly median: number, readonly min: number, readonly max: number }

/** A value of every percentile. */
export type Latency<Value> = Readonly<Record<Percentile, Value>>

/** What is compared: its name, the heading under which tables show it, and the name of what it is compared with (without one it is its own reference). */
export interface Compared { readonly name: string, readonly group: string, readonly ratioTo?: string }

/**
 * What one round came to: what the generator saw, and what the process under test needed, where that can be known: `cpuMicros` is its user and system
 * CPU time for each call, in µs, over all its threads; `rssBytes` its resident memory when the round was over; `bytesPerReader` by how much its heap and
 * buffers grew for each connection that reads slowly, garbage not counted.
 */
export interface Round extends Fired {
  readonly cpuMicros?: number | undefined
  readonly rssBytes?: number | undefined
  readonly bytesPerReader?: number | undefined
}

/** What a scenario came to, in its rounds; a figure is undefined where a round lacks it. `ratio` is its requests per second over those of `ratioTo` in the same round. */
export interface Measured {
  readonly name: string
  readonly group: string
  /** Another scenario of the run, or its own name: then all ratios are 1. */
  readonly ratioTo: string
  readonly ratio: Spread
  readonly requestsPerSecond: Spread
  /** In ms. */
  readonly latency: Latency<Spread>
  /** The share of one core that the load generator used. */
  readonly generatorBusy: Spread
  readonly cpuMicros: Spread | undefined
  readonly rssBytes: Spread | undefined
  readonly bytesPerReader: Spread | undefined
}

/** Fires a scenario once; round 0 is the warm-up. Throws when what comes back is worth nothing. */
export type FireRound<Scenario> = (scenario: Scenario, round: number) => Promise<Round>

/**
 * Measures scenarios in interleaved rounds, so that a machine that slows down slows all of them: first a warm-up round,
 * checked like the others and not counted, then `rounds` that count. Whatever they are compared with must be among them.
 */
export async function measure<Scenario extends Compared> (scenarios: readonly Scenario[], rounds: number, fireRound: FireRound<Scenario>): Promise<readonly Measured[]> {
  const counted: Map<string, Round>[] = []
  for (let round = 0; round <= rounds; round++) {
    const results = new Map<string, Round>()
    for (const scenario of scenarios) results.set(scenario.name, await fireRound(scenario, round))
    if (round > 0) counted.push(results)
  }
  return scenarios.map((scenario) => summarise(scenario, counted))
}

function summarise ({ name, group, ratioTo = name }: Compared, rounds: readonly ReadonlyMap<string, Round>[]): Measured {
  const pairs = rounds.map((round) => ({ own: round.get(name) as Round, reference: round.get(ratioTo) as Round }))
  const own = pairs.map((pair) => pair.own)
  const over = (value: (round: Round) => number): Spread => spread(own.map(value))
  const known = (figure: 'cpuMicros' | 'rssBytes' | 'bytesPerReader'): Spread | undefined => own.every((round) => round[figure] !== undefined) ? over((round) => round[figure] as number) : undefined
  return {
    name,
    group,
    ratioTo,
    ratio: spread(pairs.map(({ own, reference }) => own.requestsPerSecond / reference.requestsPerSecond)),
    requestsPerSecond: over((round) => round.requestsPerSecond),
    latency: Object.fromEntries(percentiles.map((one) => [one, over(({ latency }) => latency[one])])) as Record<Percentile, Spread>,
    generatorBusy: over((round) => round.generatorBusy),
    cpuMicros: known('cpuMicros'),
    rssBytes: known('rssBytes'),
    bytesPerReader: known('bytesPerReader')
  }
}

/** The middle, the lowest and the highest of some values. */
export function spread (values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (index: number): number => sorted[index] ?? 0
  const middle = (sorted.length - 1) / 2
  return { median: (at(Math.floor(middle)) + at(Math.ceil(middle))) / 2, min: at(0), max: at(sorted.length - 1) }
}
