import { setTimeout as wait } from 'node:timers/promises'
import { percentile } from '../percentile.ts'

/** How long a probe took at most of a hundred, in ms, from when it was due; and how many there were. */
export interface Probed { readonly p99Ms: number, readonly probes: number }

const everyMs = 50

/** Asks for a status again and again until it is aborted, one probe after the other on a connection of its own. Throws when an answer is no 200. */
export async function probe (url: string, until: AbortSignal): Promise<Probed> {
  const times: number[] = []
  for (let dueAt = performance.now(); !until.aborted; dueAt = Math.max(dueAt + everyMs, performance.now())) {
    await wait(Math.max(0, dueAt - performance.now()))
    const answer = await fetch(url)
    await answer.arrayBuffer()
    if (answer.status !== 200) throw new Error(`${url} was answered ${answer.status}`)
    times.push(performance.now() - dueAt)
  }
  return { p99Ms: percentile(Float64Array.from(times).toSorted(), 0.99), probes: times.length }
}
