import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startGateway } from './gateway.ts'
import { startPlatform } from './platform.ts'
import type { Platform } from './platform.ts'
import { Program } from './program.ts'
import type { Scenario } from './scenarios.ts'

/** What is fired at, running: addresses by target, the platform that mints the vouchers, and the gateway's log. */
export interface Targets {
  readonly urls: Readonly<Record<Scenario['target'], string>>
  readonly platform: Platform
  readonly log: string
  readonly emptyLog: () => Promise<void>
}

/** Starts every target on free loopback ports; `stack` stops what was started, `signal` interrupts the start. */
export async function startTargets (stack: AsyncDisposableStack, signal: AbortSignal): Promise<Targets> {
  const folder = await mkdtemp(join(tmpdir(), 'varco-loadtest-'))
  stack.defer(async () => rm(folder, { recursive: true, force: true }))
  const platform = await startPlatform({ folder, registry: file('registry.yaml') }, stack)
  const upstream = stack.use(new Program(file('upstream.ts'), signal))
  const { url } = await upstream.hear<{ url: string }>()
  const log = join(folder, 'gateway.log')
  const handle = await open(log, 'a')
  stack.defer(async () => handle.close())
  const env = { LOADTEST_PLATFORM: platform.url, LOADTEST_UPSTREAM: url, LOADTEST_STATE: join(folder, 'state') }
  const gateway = await startGateway(file('gateway.yaml'), { env, output: handle.fd }, stack, signal)
  return { urls: { upstream: url, gateway: gateway.url }, platform, log, emptyLog: async () => handle.truncate() }
}

function file (name: string): string {
  return join(import.meta.dirname, name)
}
