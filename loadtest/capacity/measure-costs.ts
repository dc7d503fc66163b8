import { setTimeout as wait } from 'node:timers/promises'
import { connectRedis, placeOf } from '../../gateway/adapters/redis-client.ts'
import { Leases } from '../../gateway/adapters/quota-leases.ts'
import { MemoryQuotas } from '../../gateway/adapters/quotas-memory.ts'
import { RedisQuotas } from '../../gateway/adapters/quotas-redis.ts'
import type { TestRedis } from '../../gateway/harness/redis-process.ts'
import { admittedPath, figures } from '../admitted-call.ts'
import { startSite } from '../faults/site.ts'
import { cpuMicrosOf } from '../process-figures.ts'
import { startGenerator } from '../range.ts'
import { fireFrom } from '../run.ts'
import { claimOn } from './claims.ts'

/** What was measured of one gateway of one process, and of Redis; CPU time in µs, medians of the rounds. */
export interface Costs {
  /** Of an admitted call. */
  readonly alone: number
  readonly withRedis: number
  /** Of a question that nobody else's is sent along with, to Redis. */
  readonly question: number
}

/** How many calls are measured how often. Rounds of calls, not of time: a process that is new is slow, however long that lasts on a busy machine. */
export interface Effort { readonly calls: number, readonly rounds: number }

/** Measures what calls cost, in interleaved rounds after a warm-up. Throws at a wrong answer, and where the system does not tell CPU time. */
export async function measureCosts ({ calls, rounds }: Effort, signal: AbortSignal): Promise<Costs> {
  await using stack = new AsyncDisposableStack()
  const sites = [await startSite({}, stack, signal), await startSite({ redis: true }, stack, signal)]
  const generator = stack.use(await startGenerator(signal))
  const orders = await Promise.all(sites.map(async ({ gateways: [gateway], platform }) => ({
    pid: gateway?.pid as number,
    order: { url: `${gateway?.url}${admittedPath}`, method: 'GET' as const, headers: { authorization: `Bearer ${await platform.mint({ purpose: 'tickets' })}` }, expected: figures, seconds: 0, calls, connections: 64 }
  })))
  const costs: number[][] = [[], []]
  for (let round = 0; round <= rounds; round++) {
    for (const [index, { pid, order }] of orders.entries()) {
      const before = used([pid])
      await fireFrom(generator, 'an admitted call', order)
      if (round > 0) costs[index]?.push((used([pid]) - before) / calls)
    }
  }
  return { alone: median(costs[0] ?? []), withRedis: median(costs[1] ?? []), question: await questionCost(sites[1]?.redis as TestRedis) }
}

const askers = 16
const askedEach = 1500

/** Small quotas are counted call by call: each of these calls is a question of its own, from as many connections. */
async function questionCost (redis: TestRedis): Promise<number> {
  const clients = await Promise.all(Array.from({ length: askers }, async () => connectRedis(redis.url, placeOf(redis.url), () => undefined)))
  try {
    const quotas = clients.map(({ store }, index) => new RedisQuotas({ isUp: true, run: async (ask) => ask(store) }, new Leases(new MemoryQuotas()), { node: `node ${index}`, own: new MemoryQuotas(), expectedNodes: askers, now: Date.now }))
    const ask = async (times: number): Promise<void> => {
      await Promise.all(quotas.map(async (one) => {
        for (let count = 0; count < times; count++) await one.take(claimOn('measured', 'a', 1000), true)
      }))
    }
    await ask(100)
    const before = await usedBy(redis)
    await ask(askedEach)
    const cost = (await usedBy(redis) - before) / (askers * askedEach)
    await Promise.all(quotas.map(async (one) => one.close()))
    return cost
  } finally {
    for (const client of clients) client.close()
  }
}

/** CPU time of a Redis, in µs. */
async function usedBy (redis: TestRedis): Promise<number> {
  // What it did last is counted only a moment later.
  await wait(20)
  const cpu = await redis.ask('info', 'cpu')
  return ['used_cpu_sys', 'used_cpu_user'].reduce((sum, name) => sum + Number(new RegExp(`^${name}:([\\d.]+)`, 'm').exec(cpu)?.[1]) * 1e6, 0)
}

function used (pids: readonly number[]): number {
  const micros = cpuMicrosOf(pids)
  if (micros === undefined) throw new Error('this system does not tell how much CPU time a process has used: capacity is measured on Linux')
  return micros
}

function median (values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}
