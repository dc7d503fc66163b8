import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { loadConfig } from './config.ts'
import type { Config } from './config.ts'
import { keepOperationsPlace } from './operations-place.ts'
import { announce, refuseToStart, whenAskedToStop } from './program.ts'
import type { ConfigSource } from './reload.ts'
import type { Served } from './served.ts'
import { watchFiles } from './watch.ts'

async function start (source: ConfigSource): Promise<void> {
  const config = await loadConfig(source.path, source.env)
  const served = await serve(config, source)
  try {
    await operate(config, served, source)
  } catch (error) {
    await served.stop()
    throw error
  }
}

/** Only what is needed is loaded: a supervisor does not serve. */
async function serve (config: Config, source: ConfigSource): Promise<Served> {
  const { workers } = config
  if (workers === undefined) return (await import('./alone.ts')).serveAlone(config, source)
  return (await import('./fleet/supervisor.ts')).supervise({ ...config, workers }, source)
}

async function operate (config: Config, served: Served, { path }: ConfigSource): Promise<void> {
  const { listeners: { public: open, internal, operations: closed }, state, watch, tracing } = config
  const token = closed.token ?? randomBytes(24).toString('base64url')
  // Loaded while calls are served already.
  const operations = (await import('./operations.ts')).buildOperations(served, token)
  await operations.listen(closed)
  const place = await keepOperationsPlace(state, { url: `http://${closed.host}:${closed.port}`, token })
  process.on('SIGHUP', () => { void served.reload() })
  process.on('SIGUSR2', () => { void served.restart() })
  const stopping = new AbortController()
  const schedule = tracing && (await import('./tracing/schedule.ts')).scheduleTracing(config, path, (facts) => { served.logger.info(facts, 'tracing') })
  if (watch) void watchFiles(served.files, served.reload, stopping.signal)
  // Whoever is told that it is ready may stop it at once.
  whenAskedToStop(() => {
    void (async () => {
      stopping.abort()
      await Promise.all([served.stop(), schedule?.stop()])
      await place.remove()
      await operations.close()
      process.exit()
    })()
  })
  const printed = closed.token === undefined ? token : undefined
  announce('gateway', `${open.tls ? 'https' : 'http'}://${open.host}:${open.port}`, `${internal ? `, internal applications on ${internal.url}` : ''}, operations on http://${closed.host}:${closed.port}${printed ? ` (token ${printed})` : ''}`, { operationsToken: printed, internalUrl: internal?.url })
}

try {
  const { values } = parseArgs({ options: { config: { type: 'string' } } })
  await start({ path: values.config ?? join(import.meta.dirname, 'gateway.yaml'), env: process.env })
} catch (error) {
  refuseToStart('the gateway', error)
}
