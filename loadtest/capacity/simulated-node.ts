import { Leases } from '../../gateway/adapters/quota-leases.ts'
import { MemoryQuotas } from '../../gateway/adapters/quotas-memory.ts'
import { RedisQuotas } from '../../gateway/adapters/quotas-redis.ts'
import type { QuotaClaim } from '../../policies/quota-counters.ts'
import type { VirtualRedis } from './virtual-redis.ts'

/** `weight` is how many calls a node gets, beside the others; `startedAt` the beginning of virtual time in epoch ms. */
interface NodeOptions { readonly name: string, readonly expectedNodes: number, readonly startedAt: number, readonly weight: number }

/** What runs on a node, until it is killed. */
interface Process { readonly quotas: RedisQuotas, readonly own: MemoryQuotas, isKilled: boolean }

/** A gateway as far as quotas go: what it counts is that of the real one, journal included. */
export class SimulatedNode {
  readonly weight: number
  readonly #redis: VirtualRedis
  readonly #options: NodeOptions
  #process: Process

  constructor (redis: VirtualRedis, options: NodeOptions) {
    this.weight = options.weight
    this.#redis = redis
    this.#options = options
    this.#process = this.#start(new MemoryQuotas())
  }

  /** True when a call was admitted, false when it was refused, undefined when its process was killed before that was known. */
  take (claim: QuotaClaim): boolean | Promise<boolean | undefined> {
    const process = this.#process
    const left = process.quotas.take(claim, false)
    return left instanceof Promise ? left.then((calls) => process.isKilled ? undefined : isFree(calls)) : isFree(left)
  }

  /** What the process had leased is lost; the next one knows what it had admitted. */
  killAndRestart (): void {
    this.#process.isKilled = true
    const own = new MemoryQuotas()
    for (const counter of this.#process.own.since('')) own.load(counter)
    this.#process = this.#start(own)
  }

  #start (own: MemoryQuotas): Process {
    const { name, expectedNodes, startedAt } = this.#options
    const connection = {
      isUp: true,
      run: async <T>(ask: (store: VirtualRedis) => Promise<T>): Promise<T | undefined> => process.isKilled ? undefined : ask(this.#redis)
    }
    const process: Process = { quotas: new RedisQuotas(connection, new Leases(own), { node: name, own, expectedNodes, now: () => startedAt + Math.floor(this.#redis.now) }), own, isKilled: false }
    return process
  }
}

function isFree (left: readonly number[]): boolean {
  return left.every((calls) => calls > 0)
}
