import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { admittedPath, figures } from '../admitted-call.ts'
import { startPlatform } from '../platform.ts'
import { Program } from '../program.ts'
import { begin } from './begin.ts'
import type { Begun, FirstCall } from './begin.ts'
import { freePort } from '../../gateway/harness/free-port.ts'

/** How a gateway starts: the source tree that it is of, its state folder, where compiled code is kept (where the tree does it itself by default), and what is done once it serves. */
export interface GatewayStart {
  readonly tree: string
  readonly state: string
  readonly cache?: string
  readonly serving?: (pid: number, call: FirstCall) => Promise<void>
}

/** What programs start in: a platform and an upstream that run already, and folders. */
export interface Installation {
  /** Makes a folder that no start has used. */
  readonly freshFolder: () => Promise<string>
  /** Starts a gateway as `npm run gateway` does, until its first admitted call. */
  readonly gateway: (start: GatewayStart) => Promise<Begun>
  readonly bareFastify: () => Promise<Begun>
  readonly bareNode: () => Promise<Begun>
}

/** Makes it; `stack` takes it away. */
export async function openInstallation (stack: AsyncDisposableStack, signal: AbortSignal): Promise<Installation> {
  const folder = await mkdtemp(join(tmpdir(), 'varco-start-'))
  stack.defer(async () => rm(folder, { recursive: true, force: true, maxRetries: 5 }))
  const platform = await startPlatform({ folder, registry: join(import.meta.dirname, '../registry.yaml') }, stack)
  const upstream = stack.use(new Program(join(import.meta.dirname, '../upstream.ts'), signal))
  const { url } = await upstream.hear<{ url: string }>()
  // What ours says of compiled code is not for those that are measured.
  const { NODE_COMPILE_CACHE: _ours, ...env } = process.env
  return {
    freshFolder: async () => mkdtemp(join(folder, 'fresh-')),
    bareNode: async () => begin({ args: ['-e', '0'], folder, env }, signal),
    async bareFastify () {
      const port = await freePort()
      const call = { url: `http://127.0.0.1:${port}/`, headers: {}, expected: { status: 200, body: '{"answered":true}' } }
      return begin({ args: [join(import.meta.dirname, 'bare-fastify.ts')], folder, env: { ...env, GATEWAY_PORT: `${port}`, NODE_COMPILE_CACHE: join(folder, 'fastify') }, call }, signal)
    },
    async gateway ({ tree, state, cache, serving }) {
      const [port, operations, voucher] = await Promise.all([freePort(), freePort(), platform.mint({ purpose: 'tickets' })])
      const call = { url: `http://127.0.0.1:${port}${admittedPath}`, headers: { authorization: `Bearer ${voucher}` }, expected: figures }
      const own = { LOADTEST_PLATFORM: platform.url, LOADTEST_UPSTREAM: url, LOADTEST_STATE: state, GATEWAY_PORT: `${port}`, OPERATIONS_PORT: `${operations}`, ...cache !== undefined && { NODE_COMPILE_CACHE: cache } }
      const args = [...await argumentsOf(tree), '--config', join(import.meta.dirname, 'gateway.yaml')]
      return begin({ args, folder: tree, env: { ...env, ...own }, call, serving: async (pid) => serving?.(pid, call) }, signal)
    }
  }
}

/** What Node is given by `npm run gateway` of a source tree. */
async function argumentsOf (tree: string): Promise<readonly string[]> {
  const { scripts } = JSON.parse(await readFile(join(tree, 'package.json'), 'utf8')) as { scripts: { gateway: string } }
  return scripts.gateway.split(' ').slice(1)
}
