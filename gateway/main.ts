import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { loadConfig } from './config.ts'
import { buildOperations } from './operations.ts'
import { keepOperationsPlace } from './operations-place.ts'
import { planReload } from './plan-reload.ts'
import { announce, refuseToStart, whenAskedToStop } from './program.ts'
import { Reloader } from './reload.ts'
import type { ConfigSource } from './reload.ts'
import { reportOf } from './report.ts'
import { filesOf, runGateway } from './running.ts'
import { watchFiles } from './watch.ts'

async function start (source: ConfigSource): Promise<void> {
  const config = await loadConfig(source.path, source.env)
  const { listeners: { public: open, internal, operations: closed } } = config
  const token = closed.token ?? randomBytes(24).toString('base64url')
  const running = await runGateway(config, source)
  const { gateway, startedAt } = running
  const reloader = new Reloader(async () => running.prepare(), gateway.logger)
  const reload = async () => reloader.reload()
  const operations = buildOperations({ reports: async () => [reportOf(gateway, startedAt)], reload, plan: async () => planReload(gateway.live, source) }, token)
  await operations.listen(closed)
  const place = await keepOperationsPlace(config.state, { url: `http://${closed.host}:${closed.port}`, token })
  process.on('SIGHUP', () => { void reload() })
  const stopping = new AbortController()
  if (config.watch) void watchFiles(() => filesOf(gateway.live), reload, stopping.signal)
  const printed = closed.token === undefined ? token : undefined
  announce('gateway', `${open.tls ? 'https' : 'http'}://${open.host}:${open.port}`, `${internal ? `, internal applications on ${internal.url}` : ''}, operations on http://${closed.host}:${closed.port}${printed ? ` (token ${printed})` : ''}`, { operationsToken: printed, internalUrl: internal?.url })
  whenAskedToStop(() => {
    void (async () => {
      stopping.abort()
      await running.stop()
      await place.remove()
      await operations.close()
      process.exit()
    })()
  })
}

try {
  const { values } = parseArgs({ options: { config: { type: 'string' } } })
  await start({ path: values.config ?? join(import.meta.dirname, 'gateway.yaml'), env: process.env })
} catch (error) {
  refuseToStart('the gateway', error)
}
