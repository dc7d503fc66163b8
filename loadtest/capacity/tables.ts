import { markdown } from '../report/markdown.ts'
import { whole } from '../report/numbers.ts'
import { isKept } from './lease-simulation.ts'
import type { Simulation } from './lease-simulation.ts'
import type { Costs } from './measure-costs.ts'

/** How much of a core may be used on average, so that peaks find room. */
const utilisation = 0.6
/** Of a call, at most: far from its limit many calls share one. */
const burstQuestions = 1
const nodes = [1, 2, 4, 10, 100]
const cores = [1, 2, 4, 8]

/** What a core makes of something that takes so many µs of it, a second. */
const perSecond = (micros: number): number => utilisation * 1e6 / micros

/** What was measured, and what follows from it for so many nodes with so many cores. */
export function capacityTable (costs: Costs): string {
  const { alone, withRedis, question } = costs
  const calls = (node: number, core: number): number => node * core * perSecond(node * core === 1 ? alone : withRedis)
  const rows = nodes.map((node) => [whole(node), ...cores.map((core) => whole(calls(node, core)))])
  return [
    `measured: ${alone.toFixed(1)} µs of CPU time for an admitted call, ${withRedis.toFixed(1)} µs with Redis; ${question.toFixed(1)} µs of Redis for a question`,
    `computed, at ${utilisation * 100} % of every core: calls per second`,
    '',
    markdown([['nodes', ...cores.map((core) => `${core} core${core === 1 ? '' : 's'} each`)], ...rows], [0, 1, 2, 3, 4]),
    '',
    `computed: one Redis carries ${whole(perSecond(question))} questions per second; a burst limit asks at most one for a call, quotas as they do in simulated fleets:`
  ].join('\n')
}

/** What came of simulated nodes that share quotas, and whether it is what was promised. */
export function leaseTable (simulations: readonly Simulation[], costs?: Pick<Costs, 'question'>): string {
  const heading = ['nodes', 'quota', 'calls', 'over the quota', 'unused at the first refusal', 'unused at the end', 'of 1,000 calls wait for Redis', 'questions to Redis per 1,000 calls', ...costs ? ['calls per second that one Redis carries at least'] : [], 'verdict']
  const share = (calls: number, quota: number): string => `${whole(calls)} (${(100 * calls / quota).toFixed(2)} %)`
  const rows = simulations.map((one) => [
    whole(one.nodes), whole(one.quota), whole(one.admitted + one.refused), whole(one.over), share(one.unusedAtFirst, one.quota), share(one.unusedAtEnd, one.quota), one.waitedPerThousand.toFixed(1), one.asksPerThousand.toFixed(1),
    ...costs ? [whole(perSecond(costs.question) / (burstQuestions + one.asksPerThousand / 1000))] : [], isKept(one) ? 'kept' : 'broken'
  ])
  return markdown([heading, ...rows], heading.slice(0, -1).map((_cell, index) => index))
}
