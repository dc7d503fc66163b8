import { mkdtemp, open, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'yaml'
import { freePort } from '../../gateway/harness/free-port.ts'
import { TestRedis } from '../../gateway/harness/redis-process.ts'
import { usualConfig } from '../gateway-config.ts'
import type { Written } from '../gateway-config.ts'
import { startGateway } from '../gateway.ts'
import type { Gateway } from '../gateway.ts'
import { startPlatform } from '../platform.ts'
import type { Platform } from '../platform.ts'
import { Program } from '../program.ts'

/**
 * What is measured on: so many gateways, all with one configuration, with a Redis of their own if they are to share one. What the load test's own
 * configuration and registry do not say is changed before anything starts; the configuration can be changed for each gateway by its number. `upstream` is the
 * program of another e-service, `env` more variables of the gateways.
 */
export interface SiteOptions {
  readonly gateways?: number
  readonly redis?: boolean
  readonly config?: (content: Written, gateway: number, platform: Platform) => void
  readonly registry?: (content: Written) => void
  readonly upstream?: string
  readonly env?: Readonly<Record<string, string>>
}

/** A gateway of a site, its state folder, the file of its log, and its configuration, which can be changed on the disk while it runs. */
export interface SiteGateway extends Gateway { readonly state: string, readonly log: string, readonly rewrite: (change: (content: Written) => void) => Promise<void> }

/** What was started. `served` is how many requests have reached the e-service. */
export interface Site {
  readonly gateways: readonly SiteGateway[]
  readonly platform: Platform
  readonly redis: TestRedis | undefined
  readonly served: () => Promise<number>
}

const loadtest = join(import.meta.dirname, '..')

/** Starts e-service, platform, Redis and gateways as programs on free ports of this machine; `stack` stops what was started, `signal` interrupts the start. */
export async function startSite ({ gateways = 1, redis: shares = false, config = () => undefined, registry = () => undefined, upstream: eservice = join(loadtest, 'upstream.ts'), env: more = {} }: SiteOptions, stack: AsyncDisposableStack, signal: AbortSignal): Promise<Site> {
  const folder = await mkdtemp(join(tmpdir(), 'varco-faults-'))
  stack.defer(async () => rm(folder, { recursive: true, force: true, maxRetries: 5 }))
  const known = parse(await readFile(join(loadtest, 'registry.yaml'), 'utf8')) as Written
  registry(known)
  await writeFile(join(folder, 'registry.yaml'), JSON.stringify(known))
  const platform = await startPlatform({ folder, registry: join(folder, 'registry.yaml') }, stack)
  const upstream = stack.use(new Program(eservice, signal))
  const { url } = await upstream.hear<{ url: string }>()
  const redis = shares ? await startRedis(folder, stack) : undefined
  const start = async (number: number): Promise<SiteGateway> => {
    const path = join(folder, `gateway-${number}.yaml`)
    const content = await usualConfig()
    delete content['eservices'].limited.burst
    // Nobody calls it here, and it asks for a client of the platform's API.
    delete content['eservices'].messages
    Object.assign(content, { registry: join(folder, 'registry.yaml') }, redis && { redis: { url: redis.url, expectedNodes: gateways } })
    config(content, number, platform)
    const rewrite = async (change: (content: Written) => void): Promise<void> => {
      change(content)
      await writeFile(`${path}.new`, JSON.stringify(content))
      await rename(`${path}.new`, path)
    }
    await rewrite(() => undefined)
    const state = join(folder, `state-${number}`)
    const env = { ...more, LOADTEST_PLATFORM: platform.url, LOADTEST_UPSTREAM: url, LOADTEST_STATE: state }
    const log = `${path}.log`
    const output = await open(log, 'a', 0o600)
    stack.defer(async () => output.close())
    return { state, log, ...await startGateway(path, { env, output: output.fd }, stack, signal), rewrite }
  }
  const started = await Promise.all(Array.from({ length: gateways }, async (_, number) => start(number)))
  const served = async (): Promise<number> => {
    upstream.tell({})
    return (await upstream.hear<{ served: number }>()).served
  }
  return { gateways: started, platform, redis, served }
}

async function startRedis (folder: string, stack: AsyncDisposableStack): Promise<TestRedis> {
  const redis = new TestRedis(await freePort(), ['--dir', folder])
  stack.defer(async () => redis.kill())
  return redis.start()
}
