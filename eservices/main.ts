import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { sandboxSecret } from '../openapi/varco-call.ts'
import { buildHost } from './host.ts'
import { eservices } from './list.ts'

const usage = 'usage: node eservices/main.ts [--state FOLDER] [NAME…]; PORT is the gateway\'s, the host takes PORT + 10; VARCO_CALL_SECRET is the secret shared with the gateway'

/** The port of the e-services host: ten above the gateway's. */
function portOf (text = '8080'): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0
  if (port < 1 || port > 65_525) throw new Error(`PORT is "${text}": it must be a number from 1 to 65525`)
  return port + 10
}

/** Settings of an e-service: the variables that start with its name, e.g. TICKETS_PERSONAL_DATA_PURPOSES as `personalDataPurposes`. */
function settingsOf (name: string, env: NodeJS.ProcessEnv): Record<string, string | undefined> {
  const prefix = `${name.toUpperCase().replaceAll('-', '_')}_`
  return Object.fromEntries(Object.entries(env).filter(([key]) => key.startsWith(prefix))
    .map(([key, value]) => [key.slice(prefix.length).toLowerCase().replaceAll(/_([a-z0-9])/g, (_match, letter: string) => letter.toUpperCase()), value]))
}

async function start (): Promise<void> {
  const { values, positionals } = parseArgs({ options: { state: { type: 'string' } }, allowPositionals: true })
  const stranger = positionals.find((name) => !eservices.some((eservice) => eservice.name === name))
  if (stranger) throw new Error(`there is no e-service "${stranger}"; there are ${eservices.map(({ name }) => name).join(', ')}`)
  const chosen = positionals.length > 0 ? eservices.filter(({ name }) => positionals.includes(name)) : eservices
  const secret = process.env['VARCO_CALL_SECRET'] || sandboxSecret
  if (secret === sandboxSecret && process.env['NODE_ENV'] === 'production') throw new Error('VARCO_CALL_SECRET is not set: in production the e-services never accept the sandbox secret')
  const port = portOf(process.env['PORT'])
  const host = await buildHost(chosen, {
    stateDir: values.state ?? join('.varco', 'eservices'),
    secrets: () => secret,
    settings: (name) => settingsOf(name, process.env)
  })
  await new Promise<void>((resolve, reject) => host.server.once('error', reject).listen(port, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${port}`
  if (process.send) process.send({ ready: true, name: 'e-services', url })
  else process.stderr.write(`e-services ready on ${url} (${chosen.map(({ name }) => name).join(', ')})\n`)
  const stop = (): void => { void host.close().then(() => process.exit()) }
  process.once('SIGTERM', stop).once('SIGINT', stop).once('disconnect', stop)
}

try {
  await start()
} catch (error) {
  const { code, message } = error as NodeJS.ErrnoException
  const advice = code === 'EADDRINUSE' ? ': stop what listens there, or set PORT to move all listeners' : code?.startsWith('ERR_PARSE_ARGS') ? `; ${usage}` : ''
  process.stderr.write(`the e-services cannot start:\n  ${message.replaceAll('\n', '\n  ')}${advice}\n`)
  process.exitCode = 78
}
