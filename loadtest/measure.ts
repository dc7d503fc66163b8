import type { Round } from './fire.ts'

/** The middle of the rounds' values and how far they lie apart. */
export interface Spread { readonly median: number, readonly min: number, readonly max: number }

/** What a scenario came to. `ratio` is its requests per second over those of the first scenario in the same round. */
export interface Measured {
  readonly name: string
  readonly requestsPerSecond: Spread
  readonly p50Ms: Spread
  readonly p99Ms: Spread
  readonly ratio: Spread
  readonly generatorBusy: Spread
}

/** Fires a scenario once; round 0 is the warm-up. Throws when what comes back is worth nothing. */
export type FireRound<Scenario> = (scenario: Scenario, round: number) => Promise<Round>

/**
 * Measures scenarios in interleaved rounds, so that a machine that slows down slows all of them: first a warm-up round,
 * checked like the others and not counted, then `rounds` that count.
 */
export async function measure<Scenario extends { readonly name: string }> (scenarios: readonly Scenario[], rounds: number, fireRound: FireRound<Scenario>):
Promise<readonly Measured[]> {
  const counted: Round[][] = []
  for (let round = 0; round <= rounds; round++) {
    const results: Round[] = []
    for (const scenario of scenarios) results.push(await fireRound(scenario, round))
    if (round > 0) counted.push(results)
  }
  return scenarios.map(({ name }, index) => {
    const pairs = counted.map((results) => ({ own: results[index] as Round, reference: results[0] as Round }))
    return summarise(name, pairs)
  })
}

/** A scenario's result of a round and the reference's of the same round. */
interface Pair { readonly own: Round, readonly reference: Round }

function summarise (name: string, pairs: readonly Pair[]): Measured {
  const over = (value: (pair: Pair) => number): Spread => spread(pairs.map(value))
  return {
    name,
    requestsPerSecond: over(({ own }) => own.requestsPerSecond),
    p50Ms: over(({ own }) => own.p50Ms),
    p99Ms: over(({ own }) => own.p99Ms),
    ratio: over(({ own, reference }) => own.requestsPerSecond / reference.requestsPerSecond),
    generatorBusy: over(({ own }) => own.generatorBusy)
  }
}

function spread (values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (index: number): number => sorted[index] ?? 0
  const middle = (sorted.length - 1) / 2
  return { median: (at(Math.floor(middle)) + at(Math.ceil(middle))) / 2, min: at(0), max: at(sorted.length - 1) }
}
