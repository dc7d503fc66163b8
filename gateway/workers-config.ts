import { availableParallelism } from 'node:os'
import type { Finding } from './adapters/checked-yaml.ts'
import { valueAt } from './document-value.ts'

/** `workers` as it is written: how many, or as many as this machine has processors for. */
export type WrittenWorkers = number | string

/** How many processes serve side by side below one that supervises them; undefined where the gateway is one process alone. */
export function workersOf (written: WrittenWorkers | undefined): number | undefined {
  return written === undefined ? undefined : written === 'auto' ? availableParallelism() : Number(written)
}

/** By how many machines limits are divided where nothing is said: who shares a Redis with no worker beside it is not alone. The same on every machine, however many processors it has. */
export function usualNodes (written: WrittenWorkers | undefined): number {
  return written === 'auto' || Number(written ?? 1) > 1 ? 1 : 2
}

/** What is wrong with `workers` beyond its form. */
export function findWorkersFaults (document: unknown): Finding[] {
  const written = valueAt(document, ['workers'])
  if (typeof written !== 'number' && typeof written !== 'string') return []
  const count = workersOf(written) as number
  if (!(count > 1) || valueAt(document, ['redis']) !== undefined) return []
  return [{ path: ['workers'], message: `${count} workers need redis, or the environment variable REDIS_URL: without it each would count limits, quotas and used proofs for itself` }]
}
