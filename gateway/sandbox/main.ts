import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { pino } from 'pino'
import { CheckedFileError } from '../adapters/checked-yaml.ts'
import { readRegistryFile } from '../adapters/registry-file.ts'
import { sandboxEnvironment } from '../pdnd-environments.ts'
import { listenerPorts } from '../ports.ts'
import { buildSandbox } from './app.ts'
import { KeyStoreError } from './key-store.ts'

/** `EX_CONFIG` of sysexits.h: starting again without changing something cannot help. */
const badConfiguration = 78

const usage = 'usage: node gateway/sandbox/main.ts [--state FOLDER] [--registry FILE]'

class ConfigurationError extends Error {}

function readArguments (): { state: string, registry: string } {
  try {
    const { values } = parseArgs({ options: { state: { type: 'string' }, registry: { type: 'string' } } })
    return {
      state: values.state ?? join('.varco', 'sandbox'),
      registry: values.registry ?? join(import.meta.dirname, 'registry.yaml')
    }
  } catch (error) {
    throw new ConfigurationError(`${(error as Error).message}; ${usage}`)
  }
}

function readPorts (): ReturnType<typeof listenerPorts> {
  try {
    return listenerPorts(process.env)
  } catch (error) {
    throw new ConfigurationError((error as Error).message)
  }
}

async function start (): Promise<void> {
  const { state, registry } = readArguments()
  const { gateway, sandbox: port } = readPorts()
  const environment = sandboxEnvironment(port)
  const app = await buildSandbox({
    registryFile: await readRegistryFile(registry),
    stateDir: state,
    now: Date.now,
    randomUUID,
    issuer: environment.issuer,
    assertionAudience: environment.clientAssertionAudience,
    allowedOrigins: [`http://127.0.0.1:${gateway}`, `http://localhost:${gateway}`],
    logger: pino({ name: 'sandbox', level: 'warn' })
  })
  const url = await app.listen({ host: '127.0.0.1', port })
  const stop = (): void => { void app.close() }
  process.once('SIGTERM', stop).once('SIGINT', stop)
  process.stdout.write(`sandbox PDND ready on ${url}\n`)
  process.send?.({ ready: true, name: 'sandbox', url })
}

function explain (error: unknown): string | undefined {
  const { code, message, path, port } = error as NodeJS.ErrnoException & { port?: number }
  if (code === 'EADDRINUSE') return `port ${port} is taken: stop what listens there, or set PORT (this takes PORT + 1)`
  if (code === 'EACCES' || code === 'EROFS') return `it may not use ${path ?? 'its port'}`
  const known = [ConfigurationError, CheckedFileError, KeyStoreError].some((kind) => error instanceof kind)
  return known ? message : undefined
}

try {
  await start()
} catch (error) {
  const explanation = explain(error)
  if (explanation === undefined) throw error
  process.stderr.write(`the sandbox PDND cannot start: ${explanation}\n`)
  process.exitCode = badConfiguration
}
