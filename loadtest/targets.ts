import { once } from 'node:events'
import { mkdtemp, open, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
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

const readyWithinMs = 20_000

/** Starts every target on free loopback ports; `stack` stops what was started, `signal` interrupts the start. */
export async function startTargets (stack: AsyncDisposableStack, signal: AbortSignal): Promise<Targets> {
  const folder = await mkdtemp(join(tmpdir(), 'varco-loadtest-'))
  stack.defer(async () => rm(folder, { recursive: true, force: true }))
  const platform = await startPlatform(folder, stack)
  const upstream = stack.use(new Program(file('upstream.ts'), signal))
  const { url } = await upstream.hear<{ url: string }>()
  const log = join(folder, 'gateway.log')
  const handle = await open(log, 'a')
  stack.defer(async () => handle.close())
  const addresses = { LOADTEST_PLATFORM: platform.url, LOADTEST_UPSTREAM: url }
  const gateway = await startGateway(addresses, handle.fd, stack, signal)
  return { urls: { upstream: url, gateway }, platform, log, emptyLog: async () => handle.truncate() }
}

/** The gateway as an installation runs it, its addresses from the environment; gives its own when it has the keys. */
async function startGateway (addresses: Readonly<Record<string, string>>, output: number,
  stack: AsyncDisposableStack, signal: AbortSignal): Promise<string> {
  const [port, operations] = await Promise.all([freePort(), freePort()])
  const env = { ...addresses, GATEWAY_PORT: `${port}`, OPERATIONS_PORT: `${operations}` }
  const start = { args: ['--config', file('gateway.yaml')], env, output }
  await stack.use(new Program(file('../gateway/main.ts'), signal, start)).hear()
  const patience = AbortSignal.any([signal, AbortSignal.timeout(readyWithinMs)])
  const isReady = async (): Promise<boolean> => {
    return (await fetch(`http://127.0.0.1:${operations}/status`, { signal: patience })).status === 200
  }
  while (!await isReady()) await wait(50, undefined, { signal: patience })
  return `http://127.0.0.1:${port}`
}

function file (name: string): string {
  return join(import.meta.dirname, name)
}

async function freePort (): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
