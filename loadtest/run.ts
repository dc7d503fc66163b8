import { join } from 'node:path'
import { describeWrong, isExpected } from './expected.ts'
import type { Fired, Order } from './fire.ts'
import type { Outcome } from './generator.ts'
import { measure } from './measure.ts'
import type { Measured, Round } from './measure.ts'
import { Program } from './program.ts'
import type { Scenario } from './scenarios.ts'
import { startTargets } from './targets.ts'
import type { Targets } from './targets.ts'

/** How much load: seconds of one round, rounds that count, connections kept busy. */
export interface Load { readonly seconds: number, readonly rounds: number, readonly connections: number }

/** The surroundings of a run: what may interrupt it, and where it tells how far it is. */
export interface Surroundings {
  readonly signal: AbortSignal
  readonly onStart: (targets: Targets) => void
  readonly onRound: (scenario: Scenario, round: number, result: Round) => void
}

/**
 * Runs a load test: starts every target, fires the scenarios in rounds and stops whatever it started, also when it
 * fails or is interrupted. Throws at the first answer that is not the expected one.
 */
export async function runLoadTest (scenarios: readonly Scenario[], load: Load, surroundings: Surroundings):
Promise<readonly Measured[]> {
  const { signal, onStart } = surroundings
  await using stack = new AsyncDisposableStack()
  const range = await startRange(stack, signal)
  onStart(range.targets)
  return await fireScenarios(range, scenarios, load, surroundings)
}

/** The targets and what fires at them, running. */
export interface Range { readonly targets: Targets, readonly generator: Program }

/** Starts every target and the generator; `stack` stops them. */
export async function startRange (stack: AsyncDisposableStack, signal: AbortSignal): Promise<Range> {
  const targets = await startTargets(stack, signal)
  const generator = stack.use(new Program(join(import.meta.dirname, 'generator.ts'), signal))
  await generator.hear()
  return { targets, generator }
}

/** Fires the scenarios in rounds. Throws at the first answer that is not the expected one. */
export async function fireScenarios ({ targets, generator }: Range, scenarios: readonly Scenario[], load: Load, { signal, onRound }: Omit<Surroundings, 'onStart'>):
Promise<readonly Measured[]> {
  const orders = new Map<Scenario, Order>()
  for (const scenario of scenarios) orders.set(scenario, await prepareOrder(scenario, targets, load, signal))
  return await measure(scenarios, load.rounds, async (scenario, round) => {
    const result = await fireFrom(generator, scenario.name, orders.get(scenario) as Order)
    await targets.emptyLog()
    onRound(scenario, round, result)
    return result
  })
}

/** Mints the voucher and, where the scenario has a first call of its own, makes it. */
async function prepareOrder (scenario: Scenario, { urls, platform }: Targets, load: Load, signal: AbortSignal):
Promise<Order> {
  const { name, target, path, expected, first } = scenario
  const voucher = await platform.mint(scenario.voucher)
  const order = { url: urls[target] + path, headers: { authorization: `Bearer ${voucher}` }, expected, seconds: load.seconds, connections: load.connections }
  if (!first) return order
  // A connection left open would be waited for when the gateway stops.
  const headers = { authorization: `Bearer ${voucher}`, connection: 'close' }
  const response = await fetch(order.url, { headers, signal })
  const body = await response.text()
  if (isExpected(first, response.status, body)) return order
  throw new Error(`${name}, first call: ${describeWrong(first, response.status, body)}`)
}

/** Has the generator fire a round; throws when that is worth nothing. `name` says of what. */
export async function fireFrom (generator: Program, name: string, order: Order): Promise<Fired> {
  generator.tell(order)
  const outcome = await generator.hear<Outcome>()
  if ('fault' in outcome) throw new Error(`${name}: ${outcome.fault}`)
  return outcome.round
}
