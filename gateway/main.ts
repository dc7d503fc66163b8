import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { Server as TlsServer } from 'node:tls'
import { parseArgs } from 'node:util'
import { setTimeout as wait } from 'node:timers/promises'
import { assemble } from './build.ts'
import type { Gateway } from './build.ts'
import { loadConfig } from './config.ts'
import type { Config } from './config.ts'
import { drainServer } from './drain.ts'
import { prepareRenewal } from './adapters/tls-files.ts'
import type { TlsFiles } from './adapters/tls-files.ts'
import { buildOperations } from './operations.ts'
import { announce, refuseToStart, whenAskedToStop } from './program.ts'

const certificateCheckMs = 30_000
const drainTimes = { quietMs: 2000, graceMs: 15_000 }

/** Puts renewed certificates to use. */
async function keepCertificateFresh ({ app, logger }: Gateway, files: TlsFiles, stopped: AbortSignal): Promise<void> {
  const renew = prepareRenewal(app.server as unknown as TlsServer, files, (message) => { logger.warn({ message }, 'listener') })
  while (!stopped.aborted) {
    await renew()
    await wait(certificateCheckMs, undefined, { signal: stopped, ref: false }).catch(() => undefined)
  }
}

async function start (config: Config): Promise<void> {
  const gateway = await assemble(config, { now: Date.now, log: undefined })
  const token = config.listeners.operations.token ?? randomBytes(24).toString('base64url')
  const operations = buildOperations({ ...gateway, config, token, startedAt: Date.now() })
  const stopping = new AbortController()
  void gateway.trust.follow(stopping.signal)
  void gateway.registry.follow(stopping.signal)
  await operations.listen(config.listeners.operations)
  await gateway.app.listen({ host: config.listeners.public.host, port: config.listeners.public.port })
  if (config.listeners.public.tls) void keepCertificateFresh(gateway, config.listeners.public.tls, stopping.signal)
  const { listeners: { public: open, operations: closed } } = config
  const printed = config.listeners.operations.token === undefined ? token : undefined
  announce('gateway', `${open.tls ? 'https' : 'http'}://${open.host}:${open.port}`, `, operations on http://${closed.host}:${closed.port}${printed ? ` (token ${printed})` : ''}`, { operationsToken: printed })
  whenAskedToStop(() => { void stop(gateway, operations, stopping) })
}

async function stop (gateway: Gateway, operations: ReturnType<typeof buildOperations>, stopping: AbortController): Promise<void> {
  gateway.drain()
  stopping.abort()
  await drainServer(gateway.app.server, drainTimes)
  await operations.close()
  await gateway.app.close()
  await Promise.all(gateway.eservices.map(async ({ upstream }) => upstream.pool.destroy()))
  process.exit()
}

try {
  const { values } = parseArgs({ options: { config: { type: 'string' } } })
  await start(await loadConfig(values.config ?? join(import.meta.dirname, 'gateway.yaml'), process.env))
} catch (error) {
  refuseToStart('the gateway', error)
}
