import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { connectRedis, placeOf } from '../gateway/adapters/redis-client.ts'
import { freePort } from '../gateway/harness/free-port.ts'
import { isRedisMissing, TestRedis } from '../gateway/harness/redis-process.ts'
import { badConfiguration } from '../gateway/program.ts'
import { isKept, simulateLeases } from './capacity/lease-simulation.ts'
import type { Simulation } from './capacity/lease-simulation.ts'
import { measureCosts } from './capacity/measure-costs.ts'
import { capacityTable, leaseTable } from './capacity/tables.ts'
import { runCommand } from './command.ts'
import { interruption } from './interruption.ts'

const usage = `usage: npm run capacity -- [options]

Measures what an admitted call costs, with and without Redis, and prints what cores, nodes and a Redis carry; then simulates
nodes that share quotas, with the gateway's own leases and a real Redis in virtual time: the same figures every time.
Everything it needs it starts itself on free loopback ports, and stops. Exit code 1 when a promise is broken.

  --leases     only the simulation
  --quick      smaller quotas, shorter rounds
  --seed N     another simulation (1)
  --help       this text`

interface Options { readonly leases: boolean, readonly quick: boolean, readonly help: boolean, readonly seed: number }

function readOptions (args: string[]): Options {
  const flag = { type: 'boolean', default: false } as const
  const { values } = parseArgs({ args, options: { leases: flag, quick: flag, help: flag, seed: { type: 'string', default: '1' } } })
  if (!/^\d{1,9}$/.test(values.seed)) throw new Error(`--seed is "${values.seed}": it must be a whole number`)
  return { ...values, seed: Number(values.seed) }
}

function tell (text: string): void {
  process.stderr.write(`${text}\n`)
}

async function main ({ leases, quick, seed }: Options): Promise<void> {
  if (isRedisMissing()) {
    tell('capacity cannot be measured:\n  redis-server and redis-cli are not installed here: install the package redis-server (version 6 or later)')
    process.exitCode = badConfiguration
    return
  }
  const signal = interruption()
  const costs = leases ? undefined : await measureCosts(quick ? { calls: 5000, rounds: 1 } : { calls: 40_000, rounds: 3 }, signal)
  if (costs) process.stdout.write(`${capacityTable(costs)}\n\n`)
  const simulations = await simulateAll(quick ? [1000, 10_000] : [1000, 10_000, 100_000, 1_000_000], seed, signal)
  process.stdout.write(`${leaseTable(simulations, costs)}\n`)
  if (!simulations.every(isKept)) process.exitCode = 1
}

async function simulateAll (quotas: readonly number[], seed: number, signal: AbortSignal): Promise<readonly Simulation[]> {
  await using stack = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'varco-capacity-'))
  stack.defer(async () => rm(folder, { recursive: true, force: true, maxRetries: 5 }))
  const redis = new TestRedis(await freePort(), ['--dir', folder])
  stack.defer(async () => redis.kill())
  await redis.start()
  const client = await connectRedis(redis.url, placeOf(redis.url), () => undefined)
  stack.defer(() => { client.close() })
  const simulations: Simulation[] = []
  for (const nodes of [2, 10, 100]) {
    for (const quota of quotas) {
      tell(`simulated: ${nodes} nodes that share ${quota.toLocaleString('en')} calls`)
      simulations.push(await simulateLeases(client.store, { nodes, quota, seed }, signal))
    }
  }
  return simulations
}

await runCommand({ usage, failed: 'capacity was not measured', read: readOptions, run: main })
