import { randomBytes } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { isLoopback } from '../address.ts'
import { percentile } from '../percentile.ts'
import { Caller } from './caller.ts'
import type { Answer } from './caller.ts'

/** Calls that come at a rate whatever becomes of those before them. */
export interface OpenOrder {
  readonly url: string
  readonly voucher: string
  readonly body: string
  /** Calls in a second. */
  readonly rate: number
  /** For so long they come: first for a while that does not count, then for what is measured. */
  readonly warmUpSeconds: number
  readonly seconds: number
  /** Connections at most: a call that finds none free is not made, as a client with a full pool makes none. */
  readonly connections: number
  /** One in so many calls has a voucher that nobody signed, another one each time; none where it is 0. */
  readonly forgedEvery: number
}

/** What became of them in the time that is measured; rates are per second, latencies (ms) from when a call was due. */
export interface OpenRound {
  readonly offered: number
  readonly goodput: number
  readonly shed: number
  /** Those with a forged voucher that were refused as such. */
  readonly refused: number
  /** Those that found no connection free. */
  readonly heldBack: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly shedP50Ms: number
  /** The share of a core that the generator itself used. */
  readonly generatorBusy: number
}

const connectedAtOnce = 100
/** For so long an answer may be waited for when no more calls come, in ms: connections rest for 3 s at most. */
const patienceMs = 10_000

/**
 * Fires in an open loop. A call is due at its time and is sent then, on the connection that is free for longest; nothing waits for the answer of another call, so that none is
 * left out because the target was slow. Throws a sentence at the first answer that is neither the right one nor a right refusal, and at a call without an answer.
 */
export async function fireOpen (order: OpenOrder): Promise<OpenRound> {
  const { hostname, port } = new URL(order.url)
  if (!isLoopback(hostname)) throw new Error(`${hostname} is not a loopback address: a load test stays on this machine`)
  const usedBefore = process.cpuUsage()
  const loop = new OpenLoop(order, Number(port))
  try {
    await loop.run()
  } finally {
    loop.end()
  }
  const { user, system } = process.cpuUsage(usedBefore)
  return { ...loop.round(), generatorBusy: (user + system) / 1e6 / (order.warmUpSeconds + order.seconds) }
}

class OpenLoop {
  readonly #order: OpenOrder
  readonly #port: number
  readonly #request: (voucher: string) => string
  readonly #callers: Caller[] = []
  /** Those that are free, the one that is for longest first. */
  readonly #free: Caller[] = []
  #good: number[] = []
  #shed: number[] = []
  #counts = { offered: 0, refused: 0, heldBack: 0 }
  #measuredFrom = 0
  #measuredUntil = 0
  #fault: string | undefined

  constructor (order: OpenOrder, port: number) {
    this.#order = order
    this.#port = port
    const { pathname, search, host } = new URL(order.url)
    this.#request = (voucher) => `GET ${pathname}${search} HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${voucher}\r\n\r\n`
  }

  async run (): Promise<void> {
    const { rate, warmUpSeconds, seconds } = this.#order
    await this.#connect()
    const start = performance.now()
    this.#measuredFrom = start + warmUpSeconds * 1000
    this.#measuredUntil = this.#measuredFrom + seconds * 1000
    const calls = Math.round(rate * (warmUpSeconds + seconds))
    for (let made = 0; made < calls;) {
      if (this.#fault !== undefined) throw new Error(this.#fault)
      for (const now = performance.now(); made < calls && start + made * 1000 / rate <= now; made++) this.#make(start + made * 1000 / rate, made)
      await wait(1)
    }
    for (const end = performance.now() + patienceMs; this.#callers.some(({ isBusy }) => isBusy);) {
      if (this.#fault !== undefined) throw new Error(this.#fault)
      if (performance.now() > end) throw new Error(`${this.#callers.filter(({ isBusy }) => isBusy).length} calls were not answered`)
      await wait(5)
    }
  }

  end (): void {
    for (const caller of this.#callers) caller.end()
  }

  round (): Omit<OpenRound, 'generatorBusy'> {
    const { seconds } = this.#order
    const [good, shed] = [this.#good, this.#shed].map((times) => Float64Array.from(times).toSorted()) as [Float64Array, Float64Array]
    const { offered, refused, heldBack } = this.#counts
    const each = (count: number): number => count / seconds
    return { offered: each(offered), goodput: each(good.length), shed: each(shed.length), refused: each(refused), heldBack: each(heldBack), p50Ms: percentile(good, 0.5), p99Ms: percentile(good, 0.99), shedP50Ms: percentile(shed, 0.5) }
  }

  #isMeasured (now: number): boolean { return now >= this.#measuredFrom && now < this.#measuredUntil }

  #make (dueAt: number, index: number): void {
    const { forgedEvery, voucher } = this.#order
    const measured = this.#isMeasured(dueAt)
    if (measured) this.#counts.offered++
    const caller = this.#free.shift()
    if (!caller) {
      if (measured) this.#counts.heldBack++
      return
    }
    const isForged = forgedEvery > 0 && index % forgedEvery === 0
    caller.call(this.#request(isForged ? forge(voucher) : voucher), { dueAt, settle: (answer, now) => {
      this.#free.push(caller)
      this.#settle(answer, isForged, dueAt, now)
    } })
  }

  /** A server is let to accept some before there are more: what does not fit into its queue would be late by seconds. */
  async #connect (): Promise<void> {
    while (this.#callers.length < this.#order.connections && this.#fault === undefined) {
      const some = Array.from({ length: Math.min(connectedAtOnce, this.#order.connections - this.#callers.length) }, () => new Caller(this.#port, (sentence) => { this.#fault ??= sentence }))
      this.#callers.push(...some)
      this.#free.push(...some)
      await Promise.race([Promise.all(some.map(async ({ connected }) => connected)), wait(patienceMs, undefined, { ref: false })])
    }
  }

  #settle (answer: Answer, isForged: boolean, dueAt: number, now: number): void {
    const measured = this.#isMeasured(now)
    if (!isForged && answer.status === 200 && answer.body === this.#order.body) {
      if (measured) this.#good.push(now - dueAt)
    } else if (isShed(answer)) {
      if (measured) this.#shed.push(now - dueAt)
    } else if (isForged && isRefusal(answer)) {
      if (measured) this.#counts.refused++
    } else this.#fault ??= `an answer that is neither right nor a right refusal: ${answer.head.slice(0, 300)} ${answer.body.slice(0, 300)}`
  }
}

function isShed ({ status, head, body }: Answer): boolean {
  return status === 503 && /\r\nretry-after: *[1-9]\d*(?:\r\n|$)/i.test(head) && body.includes('"code":"overloaded"')
}

/** A forged voucher is refused by its signature, or because its address has sent too many. */
function isRefusal ({ status, body }: Answer): boolean {
  return (status === 401 && body.includes('"code":"voucher-unverifiable"')) || (status === 429 && body.includes('"code":"address-limit-exceeded"'))
}

/** The same voucher with a signature that nobody made (RSA, 2048 bit). */
function forge (voucher: string): string {
  return `${voucher.slice(0, voucher.lastIndexOf('.'))}.${randomBytes(256).toString('base64url')}`
}
