import { lengthOf } from '../circumstances.ts'
import type { Circumstances } from '../circumstances.ts'
import type { Range } from '../range.ts'

/** The circumstances of a run, a line each: a figure without them means nothing. */
export function header (circumstances: Circumstances): readonly string[] {
  const { node, cores, cpuModel, commit, connections, pinned, rounds, url, skipped } = circumstances
  return [
    `Node ${node}, ${cores} cores (${cpuModel})${commit === undefined ? '' : `, commit ${commit}`}`,
    `${connections} connections, ${pinned ? 'what is measured has a core of its own' : 'no core is set apart'}; for each scenario a warm-up three times as long and ${rounds} x ${lengthOf(circumstances)}, interleaved`,
    ...url === undefined ? [] : [`aimed at ${url}`],
    ...skipped.map(({ name, why }) => `not measured: ${name}: ${why}`)
  ]
}

/** What a run started and fires at, a line each. */
export function targetLines ({ posts, folder }: Pick<Range, 'posts' | 'folder'>): readonly string[] {
  const targets = [...posts.values()]
  const width = Math.max(...targets.map(({ kind }) => kind.name.length))
  return [...targets.map(({ kind, target }) => `${kind.name.padEnd(width)}  ${target.url}${kind.sharesCores === true ? ', on all cores' : ''}`), `what they write is in ${folder} until the end; every answer is checked`]
}
