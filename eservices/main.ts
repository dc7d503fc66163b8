import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { sandboxSecret } from '../openapi/varco-call.ts'
import { callSecrets, hostPort, settingsOf } from './environment.ts'
import { buildHost } from './host.ts'
import { eservices } from './list.ts'
import { openStores } from './stores.ts'

const usage = 'usage: node eservices/main.ts [--sandbox] [--host HOST] [--state FOLDER] [NAME…]; PORT is the gateway\'s, the host takes PORT + 10; ' +
  'VARCO_CALL_SECRET, or TICKETS_CALL_SECRET and the like, is the secret shared with the gateway; ' +
  'DATABASE_URL is the PostgreSQL that the e-services keep everything in, instead of files in the state folder'
const loopbackHosts: readonly string[] = ['127.0.0.1', 'localhost', '::1']

async function start (): Promise<void> {
  const options = { sandbox: { type: 'boolean', default: false }, host: { type: 'string', default: '127.0.0.1' }, state: { type: 'string' } } as const
  const { values, positionals } = parseArgs({ options, allowPositionals: true })
  const stranger = positionals.find((name) => !eservices.some((eservice) => eservice.name === name))
  if (stranger) throw new Error(`there is no e-service "${stranger}"; there are ${eservices.map(({ name }) => name).join(', ')}`)
  const chosen = positionals.length > 0 ? eservices.filter(({ name }) => positionals.includes(name)) : eservices
  const names = chosen.map(({ name }) => name)
  const secrets = callSecrets(names, process.env, values.sandbox)
  if (names.some((name) => secrets(name) === sandboxSecret) && !loopbackHosts.includes(values.host)) {
    throw new Error('--sandbox: with its public secret the e-services listen on this machine only; leave --host out, or set VARCO_CALL_SECRET')
  }
  const port = hostPort(process.env)
  const openDatabase = await openStores(process.env, values.state ?? join('.varco', 'eservices'))
  const host = await buildHost(chosen, { openDatabase, secrets, settings: (name) => settingsOf(name, process.env) })
  await new Promise<void>((resolve, reject) => host.server.once('error', reject).listen(port, values.host, resolve))
  const url = `http://${values.host.includes(':') ? `[${values.host}]` : values.host}:${port}`
  let stopping = false
  const stop = (): void => {
    if (stopping) return
    stopping = true
    void host.close().then(() => process.exit())
  }
  // Whoever is told that it is ready may stop it at once. It listens until its end: a second signal would kill it.
  process.on('SIGTERM', stop).on('SIGINT', stop).on('disconnect', stop)
  if (process.send) process.send({ ready: true, name: 'e-services', url })
  else process.stderr.write(`e-services ready on ${url} (${names.join(', ')})\n`)
}

try {
  await start()
} catch (error) {
  const { code, message } = error as NodeJS.ErrnoException
  const advice = code === 'EADDRINUSE' ? ': stop what listens there, or set PORT to move all listeners' : code?.startsWith('ERR_PARSE_ARGS') ? `; ${usage}` : ''
  process.stderr.write(`the e-services cannot start:\n  ${message.replaceAll('\n', '\n  ')}${advice}\n`)
  process.exitCode = 78
}
