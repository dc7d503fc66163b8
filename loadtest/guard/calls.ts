import { coresOf, runOn } from '../pinning.ts'
import type { Round } from '../measure.ts'
import { runLoadTest } from '../run.ts'
import type { Load, Scenario } from '../scenario.ts'
import type { Comparison, Figure } from './verdict.ts'

/**
 * Compares calls: what one of the reference costs, divided by what one of the scenario costs. The cost is CPU time of the process under test where the system tells it,
 * for then it does not matter who else uses the machine, and else the time between two answers. Of each the cheapest round counts, in interleaved rounds: what is not
 * its own can only make a round dearer.
 */
export async function compareCalls (comparisons: readonly Comparison[], all: readonly Scenario[], load: Load, { signal, tell }: { readonly signal: AbortSignal, readonly tell: (line: string) => void }): Promise<readonly Figure[]> {
  const names = new Set(comparisons.flatMap(({ scenario, to }) => [scenario, to]))
  // What they are compared with is said here.
  const chosen = all.filter(({ name }) => names.has(name)).map(({ ratioTo: _ratioTo, ...scenario }): Scenario => scenario)
  const unknown = [...names].find((name) => !chosen.some((scenario) => scenario.name === name))
  if (unknown !== undefined) throw new Error(`the budget is about "${unknown}", which no load test measures`)
  const rounds = new Map(chosen.map(({ name }) => [name, [] as Round[]]))
  const cores = coresOf()
  if (cores) runOn(cores.rest)
  await runLoadTest(chosen, load, { signal, cores, onStart: () => undefined, onRound: ({ name }, round, result) => {
    tell(`${round === 0 ? 'warm-up' : `round ${round}`}  ${name}`)
    if (round > 0) rounds.get(name)?.push(result)
  } })
  return comparisons.map(({ scenario, to }) => figureOf(rounds.get(scenario) ?? [], rounds.get(to) ?? []))
}

/** The ratio of two, by the rounds of each, and the least and most of what it is within a round. */
export function figureOf (own: readonly Round[], reference: readonly Round[]): Figure {
  const byCpu = [...own, ...reference].every(({ cpuMicros }) => cpuMicros !== undefined)
  const cost = ({ cpuMicros, requestsPerSecond }: Round): number => byCpu ? cpuMicros as number : 1e6 / requestsPerSecond
  const [costs, references] = [own.map(cost), reference.map(cost)]
  const within = costs.map((one, round) => (references[round] as number) / one)
  return { value: Math.min(...references) / Math.min(...costs), min: Math.min(...within), max: Math.max(...within) }
}
