import { randomUUID } from 'node:crypto'
import { parseArgs } from 'node:util'
import { pino } from 'pino'
import { readRegistryFile } from '../adapters/registry-file.ts'
import { sandboxEnvironment } from '../pdnd-environments.ts'
import { listenerPorts } from '../ports.ts'
import { announce, refuseToStart, whenAskedToStop } from '../program.ts'
import { buildSandbox } from './app.ts'
import { makeApplicationKey } from './application-key.ts'
import { defaultRegistry, defaultState } from './defaults.ts'

async function start (): Promise<void> {
  const { values } = parseArgs({ options: { state: { type: 'string' }, registry: { type: 'string' } } })
  const { gateway, sandbox: port } = listenerPorts(process.env)
  const environment = sandboxEnvironment(port)
  const registryFile = await readRegistryFile(values.registry ?? defaultRegistry)
  const stateDir = values.state ?? defaultState
  await Promise.all((registryFile.internalClients ?? []).map(async ({ alias }) => makeApplicationKey(stateDir, alias)))
  const app = await buildSandbox({
    registryFile,
    stateDir,
    now: Date.now,
    randomUUID,
    issuer: environment.issuer,
    assertionAudience: environment.clientAssertionAudience,
    allowedOrigins: [`http://127.0.0.1:${gateway}`, `http://localhost:${gateway}`],
    logger: pino({ name: 'sandbox', level: 'warn' })
  })
  const url = await app.listen({ host: '127.0.0.1', port })
  // Whoever is told that it is ready may stop it at once.
  whenAskedToStop(() => { void app.close().then(() => process.exit()) })
  announce('sandbox PDND', url)
}

try {
  await start()
} catch (error) {
  refuseToStart('the sandbox PDND', error, 'usage: node gateway/sandbox/main.ts [--state FOLDER] [--registry FILE]')
}
