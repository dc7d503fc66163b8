import { mkdir, open, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { freePort } from '../gateway/harness/free-port.ts'
import { isRedisMissing, TestRedis } from '../gateway/harness/redis-process.ts'
import { clientKeyPath } from '../gateway/sandbox/key-store.ts'
import { usualConfig } from './gateway-config.ts'
import type { Written } from './gateway-config.ts'
import { startGateway } from './gateway.ts'
import type { Gateway } from './gateway.ts'
import { contractOf } from './operations-contract.ts'
import { preloading } from './preload.ts'
import { Program } from './program.ts'
import { Samples } from './soak/samples.ts'
import type { Ground, Target, TargetKind } from './target.ts'

/** The e-service behind everything, called as if there were no gateway. */
export const upstream: TargetKind = { name: 'bare upstream', start: async (ground) => startProgram('upstream.ts', ground) }

/** The least that a Node server can do: one prepared answer. */
export const staticAnswer: TargetKind = { name: 'node:http static answer', start: async (ground) => startProgram('peers/static.ts', ground) }

async function startProgram (file: string, { stack, signal, cores, env = {} }: Ground): Promise<Target> {
  const program = stack.use(new Program(join(import.meta.dirname, file), signal, { cores, env }))
  const { url } = await program.hear<{ url: string }>()
  return { url, pids: [program.pid] }
}

/** What makes a gateway differ from the usual one. */
interface Differs {
  readonly name: string
  readonly sharesCores?: boolean
  readonly redis?: boolean
  readonly workers?: number
  readonly watched?: boolean
  /** More variables of its processes. */
  readonly env?: Readonly<Record<string, string>>
  /** Changes its configuration; the folder is for files that it names. */
  readonly change?: (config: Written, folder: string) => Promise<void>
  /** What becomes of its Redis around a round. */
  readonly around?: (redis: TestRedis, gateway: Gateway, signal: AbortSignal) => Pick<Target, 'before' | 'after'>
}

function gatewayOf ({ name, sharesCores = false, redis: shares = false, workers = 1, watched = false, env, change, around }: Differs): TargetKind {
  return {
    name,
    sharesCores,
    ...shares && { missing: () => isRedisMissing() ? 'redis-server and redis-cli are not installed here: install the package redis-server (version 6 or later)' : undefined },
    start: async (ground) => {
      const folder = join(ground.folder, name.replaceAll(/\W+/g, '-'))
      await mkdir(folder)
      const redis = shares ? await startRedis(folder, ground.stack) : undefined
      const config = await usualConfig()
      // The keys of the client that signs messages are read from the platform.
      Object.assign(config['pdnd'], { apiBase: ground.platform.url, tokenUrl: `${ground.platform.url}/token.oauth2`, api: { version: 'v3', clientId: apiClient, privateKey: clientKeyPath(ground.platform.keys, apiClient) } })
      Object.assign(config, workers > 1 && { workers }, redis && { redis: { url: redis.url } })
      await change?.(config, folder)
      await writeFile(join(folder, 'gateway.yaml'), JSON.stringify(config))
      return serve(folder, { ...ground, env: { ...ground.env, ...env } }, watched ? await Samples.open(ground.stack) : undefined, (gateway) => redis && around ? around(redis, gateway, ground.signal) : {})
    }
  }
}

/** The gateway's own client of the platform, of registry.yaml. */
const apiClient = 'e6b0d4a8-7f13-4c52-9d8e-2a5c1b3f7e42'

/** Starts a gateway with the configuration of a folder. */
async function serve (folder: string, { stack, signal, platform, upstream, cores, env: given }: Ground, samples: Samples | undefined, around: (gateway: Gateway) => Pick<Target, 'before' | 'after'>): Promise<Target> {
  const log = await open(join(folder, 'gateway.log'), 'a')
  stack.defer(async () => log.close())
  const env = { LOADTEST_PLATFORM: platform.url, LOADTEST_UPSTREAM: upstream, LOADTEST_STATE: join(folder, 'state'), ...samples?.env, ...given }
  const gateway = await startGateway(join(folder, 'gateway.yaml'), { env, cores, output: log.fd }, stack, signal)
  const { items } = await gateway.ask<{ items: readonly { pid: number }[] }>('/-/processes')
  const { before, after } = around(gateway)
  return {
    url: gateway.url,
    pids: [...new Set([gateway.pid, ...items.map(({ pid }) => pid)])],
    ...before && { before },
    ...samples && { usedBytes: async () => usedIn(samples) },
    after: async () => {
      await after?.()
      await log.truncate()
    }
  }
}

async function usedIn (samples: Samples): Promise<number | undefined> {
  // Memory of buffers is given back some time after they were collected.
  await samples.collect()
  return (await samples.collect())?.used
}

async function startRedis (folder: string, stack: AsyncDisposableStack): Promise<TestRedis> {
  const redis = new TestRedis(await freePort(), ['--dir', folder])
  stack.defer(async () => redis.kill())
  return redis.start()
}

/** One process, with what it knows in memory. */
export const gateway = gatewayOf({ name: 'gateway' })

/** Another one, which tells how much memory is in use. */
export const watchedGateway = gatewayOf({ name: 'gateway for slow readers', watched: true })

/** The same, with a Redis of its own. */
export const withRedis = gatewayOf({ name: 'gateway with Redis', redis: true })

/** One that keeps no records of its calls, as no gateway does. */
export const withoutRecords = gatewayOf({ name: 'gateway without records', env: preloading('unrecorded.ts', {}) })

/** With a Redis that says nothing while load is fired. */
export const withFrozenRedis = gatewayOf({
  name: 'gateway with a frozen Redis',
  redis: true,
  around: (redis, gateway, signal) => ({
    before: async () => {
      redis.freeze()
      await waitForPlace(gateway, 'local', signal)
    },
    after: async () => {
      redis.thaw()
      await waitForPlace(gateway, 'redis', signal)
    }
  })
})

/** So many workers, on the same cores as everything else. */
export const withWorkers = (workers: number): TargetKind => gatewayOf({ name: `gateway with ${workers} of its workers`, redis: true, workers, sharesCores: true })

/** With no other e-service than one whose contract has so many operations. */
export const withOperations = (operations: number): TargetKind => gatewayOf({
  name: `gateway with ${operations} operations`,
  change: async (config, folder) => {
    const contract = join(folder, 'contract.json')
    await writeFile(contract, JSON.stringify(contractOf(operations)))
    config['eservices'] = { tickets: { ...config['eservices'].tickets, contract } }
  }
})

/** Waits until a gateway counts in a place. */
async function waitForPlace ({ ask }: Gateway, place: 'redis' | 'local', signal: AbortSignal): Promise<void> {
  const patience = AbortSignal.any([signal, AbortSignal.timeout(20_000)])
  while ((await ask<{ place: string }>('/-/shared-state')).place !== place) await wait(20, undefined, { signal: patience })
}
