import autocannon from 'autocannon'
import { describeWrong, isExpected } from './expected.ts'
import type { Expected } from './expected.ts'
import type { Latency } from './measure.ts'
import { percentilesOf } from './percentile.ts'

/** One round of one kind of GET: where to, with which voucher, for how long and what has to come back. */
export interface Order {
  readonly url: string
  readonly voucher: string
  readonly expected: Expected
  readonly seconds: number
  readonly connections: number
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
 * address outside this machine.
 */
export async function fire (order: Order): Promise<Fired> {
  refuseElsewhere(order.url)
  const usedBefore = process.cpuUsage()
  const { result, times } = await shoot(order)
  const { user, system } = process.cpuUsage(usedBefore)
  return {
    calls: times.length,
    requestsPerSecond: times.length / result.duration,
    latency: percentilesOf(times),
    generatorBusy: (user + system) / 1e6 / result.duration
  }
}

// Load goes to this machine only; a name such as localhost could be made to mean another one.
function refuseElsewhere (url: string): void {
  const { hostname } = new URL(url)
  if (/^127(?:\.\d{1,3}){3}$/.test(hostname) || hostname === '[::1]') return
  throw new Error(`${hostname} is not a loopback address: a load test stays on this machine`)
}

/** autocannon looks this often whether it is to stop. */
const stopWithinMs = 100

/** Response times in ms are autocannon's own, but not rounded to whole ones as in its histogram. */
interface Shots { readonly result: autocannon.Result, readonly times: readonly number[] }

async function shoot ({ url, voucher, expected, seconds, connections }: Order): Promise<Shots> {
  return new Promise((resolve, reject) => {
    const times: number[] = []
    const answered = new Set<autocannon.Client>()
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
    const headers = { authorization: `Bearer ${voucher}` }
    const options = { url, connections, duration: seconds, sampleInt: stopWithinMs, headers, verifyBody }
    const instance = autocannon(options, (error, result) => {
      fault ??= error ? String(error) : findLost(result, answered.size, connections)
      if (fault === undefined) resolve({ result, times })
      else reject(new Error(fault))
    })
    instance.on('response', (client, code, _bytes, milliseconds) => {
      status = code
      times.push(milliseconds)
      answered.add(client)
    })
    instance.on('reqError', (error: Error) => { stopWith(`a call failed: ${error.message}`) })
  })
}

// autocannon opens a closed connection again without a word: only its counts show that a call was never answered.
function findLost ({ requests }: autocannon.Result, answered: number, connections: number): string | undefined {
  const lost = requests.sent - requests.total - connections
  if (lost > 0) return `${lost} calls got no answer: their connections were closed`
  if (answered < connections) return `${connections - answered} of ${connections} connections got no answer at all`
  return undefined
}
