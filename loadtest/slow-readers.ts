import { request } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { setTimeout as wait } from 'node:timers/promises'
import { describeWrong, isExpected } from './expected.ts'
import type { Headers } from './fire.ts'
import type { Round } from './measure.ts'
import { percentilesOf } from './percentile.ts'
import { cpuMicrosOf, rssBytesOf } from './process-figures.ts'
import type { OwnRound } from './scenario.ts'

/** For each connection of other scenarios there are so many that read slowly: what one of them costs is little beside what the memory of a process varies by. */
const readersPerConnection = 4

/**
 * A round of callers that ask for a long answer, all at once, and read nothing of it for the length of a round; then they read it all. What a connection costs
 * is by how much the memory of the target has grown at the end of the wait. Throws at a wrong answer.
 */
export async function readSlowly ({ target: { pids }, url, headers, expected, load, signal }: OwnRound): Promise<Round> {
  const readers = load.connections * readersPerConnection
  const usedBefore = process.cpuUsage()
  const [rssBefore, cpuBefore, startedAt] = [rssBytesOf(pids), cpuMicrosOf(pids), performance.now()]
  const answers = await Promise.all(Array.from({ length: readers }, async () => begin(url, headers, signal)))
  await wait(load.seconds * 1000, undefined, { signal })
  const rssAfter = rssBytesOf(pids)
  const times = await Promise.all(answers.map(async (answer) => {
    const body = await text(answer)
    if (!isExpected(expected, answer.statusCode ?? 0, body)) throw new Error(`a slow reader: ${describeWrong(expected, answer.statusCode ?? 0, body)}`)
    return performance.now() - startedAt
  }))
  const cpuAfter = cpuMicrosOf(pids)
  const seconds = (performance.now() - startedAt) / 1000
  const { user, system } = process.cpuUsage(usedBefore)
  return {
    calls: readers,
    requestsPerSecond: readers / seconds,
    latency: percentilesOf(times),
    generatorBusy: (user + system) / 1e6 / seconds,
    cpuMicros: cpuBefore === undefined || cpuAfter === undefined ? undefined : (cpuAfter - cpuBefore) / readers,
    rssBytes: rssAfter,
    bytesPerReader: rssBefore === undefined || rssAfter === undefined ? undefined : (rssAfter - rssBefore) / readers
  }
}

/** Sends a request on a connection of its own and waits for the head of the answer, of which nothing more is read until somebody does. */
async function begin (url: string, headers: Headers, signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => { request(url, { headers, agent: false, signal }, resolve).once('error', reject).end() })
}
