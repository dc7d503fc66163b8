import type { Profiler } from 'node:inspector'
import { areaOf, placeOf } from './areas.ts'
import type { Area } from './areas.ts'

/** A function and the time (µs) that it took itself, without what it called. */
export interface SelfTime { readonly name: string, readonly place: string, readonly area: Area, readonly micros: number }

/** What profiles come to: the time that they cover and, of that, the time in which something was done (µs), and who did it, the dearest first. */
export interface Summary { readonly coveredMicros: number, readonly busyMicros: number, readonly functions: readonly SelfTime[] }

type Node = Profiler.ProfileNode

/** Sums up CPU profiles, those of all processes of what was measured. A function that works for several areas is told once for each. */
export function summarise (profiles: readonly Profiler.Profile[]): Summary {
  const functions = new Map<string, SelfTime>()
  let coveredMicros = 0
  for (const profile of profiles) {
    const times = timesOf(profile)
    for (const micros of times.values()) coveredMicros += micros
    visit(profile.nodes, ({ id, callFrame: { functionName, url, lineNumber } }, area) => {
      const own = times.get(id)
      if (own === undefined || functionName === '(idle)') return
      const place = url === '' ? '' : `${placeOf(url)}:${lineNumber + 1}`
      const key = `${functionName} ${place} ${area}`
      functions.set(key, { name: functionName || '(anonymous)', place, area, micros: own + (functions.get(key)?.micros ?? 0) })
    })
  }
  const sorted = [...functions.values()].toSorted((one, other) => other.micros - one.micros)
  return { coveredMicros, busyMicros: sorted.reduce((sum, { micros }) => sum + micros, 0), functions: sorted }
}

/** The time that nodes took themselves: a sample stands for the time until the next one. */
function timesOf ({ samples = [], timeDeltas = [] }: Profiler.Profile): ReadonlyMap<number, number> {
  const times = new Map<number, number>()
  for (const [index, id] of samples.entries()) times.set(id, (times.get(id) ?? 0) + Math.max(0, timeDeltas[index + 1] ?? 0))
  return times
}

/** Visits all nodes, each with its area; the root comes first. */
function visit (nodes: readonly Node[], see: (node: Node, area: Area) => void): void {
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const left: (readonly [Node | undefined, Area])[] = [[nodes[0], 'everything else']]
  for (let next = left.pop(); next; next = left.pop()) {
    const [node, caller] = next
    if (!node) continue
    const area = areaOf(node.callFrame, caller)
    see(node, area)
    for (const child of node.children ?? []) left.push([byId.get(child), area])
  }
}
