import { checkCall } from './check-call.ts'
import type { Fired, Order } from './fire.ts'
import type { Outcome } from './generator.ts'
import { measure } from './measure.ts'
import type { Measured, Round } from './measure.ts'
import type { Cores } from './pinning.ts'
import { cpuMicrosOf, rssBytesOf } from './process-figures.ts'
import type { Program } from './program.ts'
import { startRange } from './range.ts'
import type { Post, Range } from './range.ts'
import type { Load, Scenario } from './scenario.ts'

/** The surroundings of a run: what may interrupt it, how the cores are shared out, and where it tells how far it is. */
export interface Surroundings {
  readonly signal: AbortSignal
  readonly cores: Cores | undefined
  readonly onStart: (range: Range) => void
  readonly onRound: (scenario: Scenario, round: number, result: Round) => void
}

/**
 * Runs a load test: starts the targets of these scenarios, fires in rounds and stops whatever it started, also when it
 * fails or is interrupted. Throws at the first answer that is not the expected one.
 */
export async function runLoadTest (scenarios: readonly Scenario[], load: Load, surroundings: Surroundings): Promise<readonly Measured[]> {
  const { signal, cores, onStart } = surroundings
  await using stack = new AsyncDisposableStack()
  const range = await startRange(scenarios.map(({ target }) => target), cores, stack, signal)
  onStart(range)
  return await fireScenarios(range, scenarios, load, surroundings)
}

/** Fires the scenarios in rounds. Throws at the first answer that is not the expected one. */
export async function fireScenarios ({ posts, platform }: Range, scenarios: readonly Scenario[], load: Load, { signal, onRound }: Pick<Surroundings, 'signal' | 'onRound'>):
Promise<readonly Measured[]> {
  const rounds = new Map<Scenario, (load: Load) => Promise<Round>>()
  for (const scenario of scenarios) rounds.set(scenario, await prepareRounds(scenario, posts.get(scenario.target) as Post, platform, signal))
  return await measure(scenarios, load.rounds, async (scenario, round) => {
    const fireRound = rounds.get(scenario) as (load: Load) => Promise<Round>
    const result = await fireRound(round === 0 ? warmUpOf(load) : load)
    signal.throwIfAborted()
    onRound(scenario, round, result)
    return result
  })
}

/** The warm-up is so many times as long as a round: until then V8 compiles beside the calls, and that counts as their CPU time. */
const warmUpTimes = 3

function warmUpOf (load: Load): Load {
  return { ...load, seconds: warmUpTimes * load.seconds, ...load.calls !== undefined && { calls: warmUpTimes * load.calls } }
}

/** So many calls that can be made once are prepared for a second of a round, and for a round at most. */
const preparedPerSecond = 4000
const mostPrepared = 20000

/** Makes what the calls of a scenario have in common and, where it has a first call of its own, that one; gives what fires a round. */
async function prepareRounds (scenario: Scenario, { target, generator }: Post, platform: Range['platform'], signal: AbortSignal): Promise<(load: Load) => Promise<Round>> {
  const { name, method = 'GET', path, headers = {}, body, proof, expected, first } = scenario
  const url = target.url + path
  const prove = await proof.prepare({ method, url, headers, body }, platform)
  if (first) await checkCall({ name: `${name}, first call`, url, method, headers: { ...headers, ...await prove() }, body, expected: first, signal })
  const common = proof.once ? headers : { ...headers, ...await prove() }
  const fireRound = async (load: Load): Promise<Round> => {
    if (scenario.fire) return scenario.fire({ target, url, headers: common, expected, load, signal })
    const each = proof.once ? await Promise.all(Array.from({ length: load.calls ?? Math.min(mostPrepared, preparedPerSecond * load.seconds) }, prove)) : undefined
    const order = { url, method, headers: common, body, each, expected, seconds: load.seconds, calls: load.calls, connections: load.connections }
    const usedBefore = cpuMicrosOf(target.pids)
    const fired = await fireFrom(generator, name, order)
    const usedAfter = cpuMicrosOf(target.pids)
    return { ...fired, cpuMicros: usedBefore === undefined || usedAfter === undefined ? undefined : (usedAfter - usedBefore) / fired.calls, rssBytes: rssBytesOf(target.pids) }
  }
  return async (load) => {
    await target.before?.()
    const round = await fireRound(load)
    await target.after?.()
    return round
  }
}

/** Has the generator fire a round; throws when that is worth nothing. `name` says of what. */
export async function fireFrom (generator: Program, name: string, order: Order): Promise<Fired> {
  generator.tell(order)
  const outcome = await generator.hear<Outcome>()
  if ('fault' in outcome) throw new Error(`${name}: ${outcome.fault}`)
  return outcome.round
}
