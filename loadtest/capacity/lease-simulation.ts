import { mock } from 'node:test'
import type { RedisStore } from '../../gateway/adapters/redis-client.ts'
import type { QuotaClaim } from '../../policies/quota-counters.ts'
import { claimOn, startedAt } from './claims.ts'
import { SimulatedNode } from './simulated-node.ts'
import { VirtualRedis } from './virtual-redis.ts'

/** How many nodes share how large a quota, and the number from which everything that is left to chance follows. */
export interface Simulated { readonly nodes: number, readonly quota: number, readonly seed: number }

/** What came of it, in calls. */
export interface Simulation extends Simulated {
  readonly admitted: number
  readonly refused: number
  /** How many were admitted beyond the quota. */
  readonly over: number
  /** Of the quota, what nobody had got who had called when the first call was refused, and what nobody ever got. */
  readonly unusedAtFirst: number
  readonly unusedAtEnd: number
  /** Questions to Redis, and calls that waited for an answer of it, for each 1000 calls until the first was refused. */
  readonly asksPerThousand: number
  readonly waitedPerThousand: number
}

/** The share of a quota that leases may leave unused, once somebody was refused. */
const mostUnused = 0.01

/** True when what is promised of leases held. */
export function isKept ({ quota, over, refused, unusedAtFirst, unusedAtEnd }: Simulation): boolean {
  return over === 0 && refused > 0 && Math.max(unusedAtFirst, unusedAtEnd) <= quota * mostUnused
}

/** The time, in ms, in which all calls come, and how many they are for each call of the quota: enough that some are refused everywhere. */
const lengthMs = 120_000
const callsPerQuota = 1.1
const tickMs = 100
const pauseMs = 5000
const answerMs = 1

/**
 * Has nodes share a quota through the gateway's own leases and a real Redis, in virtual time: purposes that have the quota each and share it as their
 * consumer's; nodes that get very different numbers of calls, pause now and then, and of which a quarter is killed and started again. The same
 * numbers come of it every time, on any machine. `signal` interrupts it.
 */
export async function simulateLeases (store: RedisStore, simulated: Simulated, signal?: AbortSignal): Promise<Simulation> {
  const { nodes: count, quota, seed } = simulated
  const random = randomFrom(seed)
  const redis = new VirtualRedis(store, answerMs)
  mock.timers.enable({ apis: ['setInterval'] })
  try {
    const nodes = Array.from({ length: count }, (_, index) => new SimulatedNode(redis, { name: `node ${index}`, expectedNodes: count, startedAt, weight: pauseBefore(random) }))
    const claims = ['a', 'b', 'c'].map((purpose) => claimOn(`${count} nodes, ${quota}, ${seed}`, purpose, quota))
    const calls = Math.round(quota * callsPerQuota)
    const deaths = new Map(nodes.slice(0, Math.ceil(count / 4)).map((node) => [Math.floor(random() * quota), node]))
    const tally = new Tally()
    let awake = new Awake(nodes)
    for (let [call, at, tickAt] = [0, 0, tickMs]; call < calls; call++) {
      at += pauseBefore(random) * lengthMs / calls
      for (; tickAt <= at; tickAt += tickMs) {
        await redis.pass(tickAt)
        mock.timers.tick(tickMs)
        signal?.throwIfAborted()
        if (tickAt % pauseMs === 0) awake = new Awake(nodes.filter(() => random() < 0.7), nodes)
      }
      await redis.pass(at)
      deaths.get(call)?.killAndRestart()
      tally.note(awake.pick(random()).take(claims[Math.floor(random() * claims.length)] as QuotaClaim), redis)
    }
    await redis.pass(redis.now + pauseMs)
    return { ...simulated, ...tally.result(quota) }
  } finally {
    mock.timers.reset()
  }
}

/** Counts what became of calls; those of a process that was killed meanwhile became nothing. */
class Tally {
  #calls = 0
  #waited = 0
  /** The numbers of the calls that were admitted, in the order in which that was known. */
  readonly #admitted: number[] = []
  #refused = 0
  #first: { readonly calls: number, readonly asked: number, readonly waited: number } | undefined

  note (outcome: boolean | Promise<boolean | undefined>, redis: VirtualRedis): void {
    const number = this.#calls++
    const settle = (admitted: boolean | undefined): void => {
      if (admitted === true) this.#admitted.push(number)
      if (admitted !== false) return
      this.#refused++
      this.#first ??= { calls: this.#calls, asked: redis.asked, waited: this.#waited }
    }
    if (!(outcome instanceof Promise)) return settle(outcome)
    this.#waited++
    void outcome.then(settle)
  }

  result (quota: number): Omit<Simulation, keyof Simulated> {
    const { calls, asked, waited } = this.#first ?? { calls: 0, asked: 0, waited: 0 }
    const admitted = this.#admitted.length
    return {
      admitted,
      refused: this.#refused,
      over: Math.max(0, admitted - quota),
      unusedAtFirst: Math.max(0, quota - this.#admitted.filter((number) => number < calls).length),
      unusedAtEnd: Math.max(0, quota - admitted),
      asksPerThousand: asked / calls * 1000,
      waitedPerThousand: waited / calls * 1000
    }
  }
}

/** The nodes that get calls for a while, each as many as its weight says; all where none are chosen. */
class Awake {
  readonly #nodes: readonly SimulatedNode[]
  readonly #sum: number

  constructor (chosen: readonly SimulatedNode[], all = chosen) {
    this.#nodes = chosen.length > 0 ? chosen : all
    this.#sum = this.#nodes.reduce((sum, { weight }) => sum + weight, 0)
  }

  pick (random: number): SimulatedNode {
    let rest = random * this.#sum
    return this.#nodes.find(({ weight }) => (rest -= weight) <= 0) ?? this.#nodes[0] as SimulatedNode
  }
}

/** A pause between calls that come independently of each other, 1 on average. */
function pauseBefore (random: () => number): number {
  return -Math.log(1 - random())
}

/** Numbers from 0 to 1 that look random and are the same for the same seed (mulberry32). */
function randomFrom (seed: number): () => number {
  let state = seed
  return () => {
    state = state + 0x6d2b79f5 | 0
    let mixed = Math.imul(state ^ state >>> 15, state | 1)
    mixed = mixed + Math.imul(mixed ^ mixed >>> 7, mixed | 61) ^ mixed
    return ((mixed ^ mixed >>> 14) >>> 0) / 2 ** 32
  }
}
