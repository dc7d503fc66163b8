import { request } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { setTimeout as wait } from 'node:timers/promises'
import { describeWrong, isExpected } from './expected.ts'
import type { Round } from './measure.ts'
import { percentilesOf } from './percentile.ts'
import { cpuMicrosOf, rssBytesOf } from './process-figures.ts'
import type { OwnRound } from './scenario.ts'

/**
 * A round of callers that ask for a long answer, all at once, and read nothing of it for the length of a round; then they read it all. What a connection costs
 * is by how much more memory is in use at the end of the wait. The answer must be longer than what the system takes of it into the buffers of its sockets, a few MiB:
 * else nobody waits for the reader. Throws at a wrong answer.
 */
export async function readSlowly (round: OwnRound): Promise<Round> {
  const { target: { pids, usedBytes }, expected, load, signal } = round
  const readers = load.connections
  const used = process.cpuUsage()
  const usedBefore = await usedBytes?.()
  const [cpuBefore, startedAt] = [cpuMicrosOf(pids), performance.now()]
  const answers = await Promise.all(Array.from({ length: readers }, async () => begin(round)))
  await wait(load.seconds * 1000, undefined, { signal })
  const [usedAfter, rssBytes] = [await usedBytes?.(), rssBytesOf(pids)]
  const times = await Promise.all(answers.map(async (answer) => {
    const body = await text(answer)
    if (!isExpected(expected, answer.statusCode ?? 0, body)) throw new Error(`a slow reader: ${describeWrong(expected, answer.statusCode ?? 0, body)}`)
    return performance.now() - startedAt
  }))
  const cpuAfter = cpuMicrosOf(pids)
  const seconds = (performance.now() - startedAt) / 1000
  const { user, system } = process.cpuUsage(used)
  return {
    calls: readers,
    requestsPerSecond: readers / seconds,
    latency: percentilesOf(times),
    generatorBusy: (user + system) / 1e6 / seconds,
    cpuMicros: cpuBefore === undefined || cpuAfter === undefined ? undefined : (cpuAfter - cpuBefore) / readers,
    rssBytes,
    bytesPerReader: usedBefore === undefined || usedAfter === undefined ? undefined : (usedAfter - usedBefore) / readers
  }
}

/** Sends a request on a connection of its own and waits for the head of the answer, of which nothing more is read until somebody does. */
async function begin ({ url, headers, signal }: OwnRound): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => { request(url, { headers, agent: false, signal }, resolve).once('error', reject).end() })
}
