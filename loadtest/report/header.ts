import type { Circumstances } from '../circumstances.ts'
import type { Targets } from '../targets.ts'

/** The circumstances of a run, a line each: a figure without them means nothing. */
export function header (circumstances: Circumstances): readonly string[] {
  const { node, cores, cpuModel, commit, connections, pinned, rounds, seconds, url, skipped } = circumstances
  return [
    `Node ${node}, ${cores} cores (${cpuModel})${commit === undefined ? '' : `, commit ${commit}`}`,
    `${connections} connections, ${pinned ? 'what is measured has a core of its own' : 'no core is set apart'}; for each scenario a warm-up and ${rounds} x ${seconds} s, interleaved`,
    ...url === undefined ? [] : [`aimed at ${url}`],
    ...skipped.map(({ name, why }) => `not measured: ${name}: ${why}`)
  ]
}

/** What a run started and fires at, a line each. */
export function targetLines ({ urls, log }: Pick<Targets, 'urls' | 'log'>): readonly string[] {
  return [
    `gateway        ${urls.gateway}, one process; its log, emptied after each round: ${log}`,
    `bare upstream  ${urls.upstream}, one process, a static answer`,
    'generator      autocannon, one process; every answer is checked'
  ]
}
