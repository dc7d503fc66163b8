import type { Profiler } from 'node:inspector'
import type { Round } from '../measure.ts'
import { coresOf, runOn } from '../pinning.ts'
import { runLoadTest } from '../run.ts'
import type { Scenario } from '../scenario.ts'
import { scenarios } from '../scenarios.ts'
import { peerScenarios } from '../scenarios/peers.ts'
import { expressStack, fastifyStack, ownProxy } from '../scenarios/peer-names.ts'
import { summarise } from './cpu-profile.ts'
import type { Profiled } from './report.ts'
import { profiled } from './recording.ts'

const nodePeers = [ownProxy, fastifyStack, expressStack]

/** What can be profiled: whatever is a Node program and is fired at as usual. */
export function profilable (): readonly Scenario[] {
  return [...scenarios.filter(({ fire }) => fire === undefined), ...peerScenarios(false).filter(({ name }) => nodePeers.includes(name))]
}

/** What the rounds are for. A process is warm only after two. */
const rounds = ['warm-up', 'warm-up', 'without the profiler', 'profiled'] as const

/** Profiles one scenario, with a warm-up and a round without the profiler before. Throws at the first answer that is not the expected one. */
export async function profile ({ ratioTo: _ratioTo, ...scenario }: Scenario, seconds: number, signal: AbortSignal, tell: (line: string) => void): Promise<Profiled> {
  let profiles: readonly Profiler.Profile[] = []
  const results: Round[] = []
  const cores = coresOf()
  if (cores) runOn(cores.rest)
  const target = profiled(scenario.target, rounds.indexOf('profiled'), (kept) => { profiles = kept })
  await runLoadTest([{ ...scenario, target }], { seconds, rounds: rounds.length - 1, connections: 64 }, { signal, cores, onStart: () => undefined, onRound: (_scenario, round, result) => {
    tell(`${rounds[round]}  ${scenario.name}`)
    results.push(result)
  } })
  const [plain, round] = results.slice(-2) as [Round, Round]
  return { scenario: scenario.name, round, plain, summary: summarise(profiles) }
}
