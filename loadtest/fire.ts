import autocannon from 'autocannon'
import { isLoopback } from './address.ts'
import { describeWrong, isExpected } from './expected.ts'
import type { Expected } from './expected.ts'
import type { Latency } from './measure.ts'
import { percentilesOf } from './percentile.ts'

/** The headers of a call. */
export type Headers = Readonly<Record<string, string>>

/** One round of one kind of call: where to, what is sent, for how long or how often, and what has to come back. */
export interface Order {
  readonly url: string
  /** GET by default. */
  readonly method?: 'GET' | 'POST'
  readonly headers: Headers
  readonly body?: string | undefined
  /** The headers that each call has of its own. Then each of them is sent exactly once, and the round is over when all are answered; neither `seconds` nor `calls` count. */
  readonly each?: readonly Headers[] | undefined
  readonly expected: Expected
  readonly seconds: number
  /** So many calls instead of a time. */
  readonly calls?: number | undefined
  readonly connections: number
  /** Whoever runs the load test owns the machine that it is aimed at: without it load goes to loopback addresses only. */
  readonly elsewhere?: boolean
}

/** What the generator saw of a round: how many calls were answered, how fast (latency in ms), and the share of one core that it used itself. */
export interface Fired {
  readonly calls: number
  readonly requestsPerSecond: number
  readonly latency: Latency<number>
  readonly generatorBusy: number
}

/**
 * Fires one round with autocannon: a new request on a connection as soon as the last one was answered, every answer
 * checked. Throws a sentence at the first answer that is not the expected one, at a call without an answer, and at an
 * address that load must not go to.
 */
export async function fire (order: Order): Promise<Fired> {
  const { hostname } = new URL(order.url)
  if (!order.elsewhere && !isLoopback(hostname)) throw new Error(`${hostname} is not a loopback address: a load test stays on this machine`)
  const usedBefore = process.cpuUsage()
  const { times, seconds } = await shoot(order)
  const { user, system } = process.cpuUsage(usedBefore)
  return {
    calls: times.length,
    requestsPerSecond: times.length / seconds,
    latency: percentilesOf(times),
    generatorBusy: (user + system) / 1e6 / seconds
  }
}

/** autocannon looks this often whether it is to stop. */
const stopWithinMs = 100

/** Response times in ms are autocannon's own, but not rounded to whole ones as in its histogram; `seconds` is until the last answer. */
interface Shots { readonly seconds: number, readonly times: readonly number[] }

async function shoot ({ url, method = 'GET', headers, body, each, expected, seconds, calls, connections: wanted }: Order): Promise<Shots> {
  const amount = each?.length ?? calls
  const connections = Math.min(wanted, amount ?? wanted)
  const startedAt = performance.now()
  return new Promise((resolve, reject) => {
    const times: number[] = []
    const answered = new Set<autocannon.Client>()
    let lastAt = startedAt
    let status = 0
    let fault: string | undefined
    const stopWith = (sentence: string): void => {
      fault ??= sentence
      instance.stop()
    }
    // Called right after 'response' told the status of the same answer.
    const verifyBody = (received: string | Buffer | undefined): boolean => {
      const body = String(received)
      if (isExpected(expected, status, body)) return true
      stopWith(`${describeWrong(expected, status, body)} (after ${times.length - 1} right answers)`)
      return false
    }
    const options = { url, method, headers, connections, sampleInt: stopWithinMs, verifyBody, ...body !== undefined && { body: Buffer.from(body) }, ...each && { requests: [inTurn(headers, each)] }, ...amount === undefined ? { duration: seconds } : { amount } }
    const instance = autocannon(options, (error, { requests }) => {
      fault ??= error ? String(error) : findLost(requests, amount === undefined ? connections : 0) ?? findSilent(connections - answered.size, connections)
      if (fault === undefined) resolve({ seconds: (lastAt - startedAt) / 1000, times })
      else reject(new Error(fault))
    })
    instance.on('response', (client, code, _bytes, milliseconds) => {
      status = code
      lastAt = performance.now()
      times.push(milliseconds)
      answered.add(client)
    })
    instance.on('reqError', (error: Error) => { stopWith(`a call failed: ${error.message}`) })
  })
}

/** A request that is another one each time that it is sent, on whichever connection. autocannon asks for it once for each that it sends, and sends no more than its `amount`. */
function inTurn (common: Headers, each: readonly Headers[]): autocannon.Request {
  let next = 0
  return {
    setupRequest: (request) => {
      const own = each[next++]
      if (!own) throw new Error('more calls were made than there were prepared')
      return { ...request, headers: { ...common, ...own } }
    }
  }
}

// autocannon opens a closed connection again without a word: only its counts show that a call was never answered.
function findLost ({ sent, total }: autocannon.Result['requests'], underWay: number): string | undefined {
  const lost = sent - total - underWay
  return lost > 0 ? `${lost} calls got no answer: their connections were closed` : undefined
}

function findSilent (silent: number, connections: number): string | undefined {
  return silent > 0 ? `${silent} of ${connections} connections got no answer at all` : undefined
}
