import type { Test } from 'tap'
import { startRedis } from '../harness/redis.ts'
import type { TestRedis } from '../harness/redis.ts'
import { proveCounting } from './limiter-redis.ts'
import { RedisConnection } from './redis-connection.ts'
import type { RedisOptions } from './redis-connection.ts'

/** What the tests of the adapters to Redis share. Used by tests only. */

/** The time by which connections live, in epoch ms; tests move it. */
export interface TestClock { now: number }

export interface OpenedRedis { readonly connection: RedisConnection, readonly warnings: string[], readonly clock: TestClock }

/** Opens a connection that ends with the test. */
export async function openConnection (t: Test, url: string, clock: TestClock = { now: Date.parse('2026-03-02T09:59:00Z') }, restore: RedisOptions['restore'] = async () => undefined): Promise<OpenedRedis> {
  const warnings: string[] = []
  const connection = await RedisConnection.open({ url, now: () => clock.now, warn: (message) => { warnings.push(message) }, prove: proveCounting, restore })
  t.teardown(async () => connection.close())
  return { connection, warnings, clock }
}

/** A Redis of its own, and a connection to it. */
export async function openRedis (t: Test, ...args: readonly string[]): Promise<OpenedRedis & { readonly redis: TestRedis }> {
  const redis = await startRedis(t, ...args)
  return { redis, ...await openConnection(t, redis.url) }
}

/** How long something takes, in ms, and what it gives. */
export async function timed<T> (work: () => Promise<T>): Promise<{ readonly ms: number, readonly given: T }> {
  const start = performance.now()
  const given = await work()
  return { ms: performance.now() - start, given }
}
