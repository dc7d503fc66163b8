import { execFile } from 'node:child_process'
import { lookup } from 'node:dns/promises'
import { once } from 'node:events'
import { connect } from 'node:net'
import { join } from 'node:path'
import { request, Agent } from 'undici'
import { varcoCallHeader } from '../../openapi/varco-call.ts'
import { placeOf } from '../adapters/redis-client.ts'
import { prepareVarcoCall } from '../varco-call.ts'
import { Broken } from './examination.ts'
import type { Finding } from './examination.ts'
import type { Patient } from './patient.ts'
import type { DescribedEService } from '../route.ts'

/** How long an upstream may take for each of its steps, in ms. */
const answerMs = 1400
/** How long the program may take that asks PostgreSQL, its start included, in ms. */
const programMs = 2700
const checkDatabase = join(import.meta.dirname, '../../eservices/check-database.ts')

/** Redis, as gateways use it: that it may be relied upon, and that what is counted lands there. */
export async function checkRedis ({ config: { redis }, now }: Patient): Promise<Finding> {
  if (!redis) return undefined
  const [{ connectRedis }, { touchGeneration }, { proveCounting }, { faultOf }] = await Promise.all([import('../adapters/redis-client.ts'), import('../adapters/redis-generation.ts'), import('../adapters/limiter-redis.ts'), import('../adapters/redis-fault.ts')])
  const place = placeOf(redis.url)
  const name = `Redis (${place.host}:${place.port})`
  try {
    const client = await connectRedis(redis.url, place, () => undefined)
    try {
      if (await touchGeneration(client.store, now()) === 'evicts') throw new Broken(`${name} throws keys away when its memory is full`, 'set maxmemory-policy to noeviction in redis.conf')
      await proveCounting(client.store)
      const version = await client.store.eval("return string.match(redis.call('info', 'server'), 'redis_version:([%w.]+)')", { keys: [], arguments: [] })
      return `${name}, version ${String(version)}: what is counted lands there`
    } finally {
      client.close()
    }
  } catch (error) {
    throw error instanceof Broken ? error : new Broken(`${name}: ${faultOf(error)}`)
  }
}

/** The PostgreSQL of the e-services, where this environment names one; asked by their own program. */
export async function checkDatabaseUrl ({ env }: Patient): Promise<Finding> {
  if (!env['DATABASE_URL']) return undefined
  const { PATH = '', DATABASE_URL } = env
  return new Promise((resolve, reject) => {
    const child = execFile(process.execPath, [checkDatabase], { env: { PATH, DATABASE_URL }, timeout: programMs, killSignal: 'SIGKILL' }, (error, stdout, stderr) => {
      if (error) reject(new Broken(stderr.trim() || `the PostgreSQL of DATABASE_URL gives no answer within ${programMs / 1000} s`))
      else resolve(stdout.trim())
    })
    child.unref()
  })
}

/** The upstreams: found by name, reached, believed over TLS, answering, and of one mind with the gateway about the secret. */
export async function checkUpstreams (patient: Patient): Promise<Finding> {
  const reached = new Map([...new Set(patient.eservices.map(({ config: { upstream } }) => upstream.url))].map((url) => [url, reach(new URL(url))]))
  const settled = await Promise.allSettled(patient.eservices.map(async (eservice) => {
    await reached.get(eservice.config.upstream.url)
    return [eservice.config.name, await askStatus(eservice, patient)] as const
  }))
  const faults = settled.flatMap((one, index) => one.status === 'rejected' ? [{ name: patient.eservices[index]?.config.name, fault: one.reason as Error }] : [])
  patient.storeless = settled.flatMap((one) => one.status === 'fulfilled' && one.value[1] === 'storeless' ? [one.value[0]] : [])
  const [first] = faults
  if (first) throw new Broken([...Map.groupBy(faults, ({ fault }) => fault.message)].map(([message, same]) => `${same.map(({ name }) => name).join(', ')}: ${message}`).join('; '), (first.fault as Broken).remedy)
  return `${patient.eservices.map(({ config: { name } }) => name).join(', ')} answer`
}

/** The stores of the e-services, as they say of them. */
export function checkStores ({ storeless }: Patient): Finding {
  if (storeless.length > 0) throw new Broken(`the store of ${storeless.join(', ')} does not answer`)
  return 'the e-services have no complaint'
}

async function reach (url: URL): Promise<void> {
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
  const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80))
  const signal = AbortSignal.timeout(answerMs)
  const { address } = await Promise.race([lookup(host), once(signal, 'abort').then(() => { throw new Broken(`nobody says within ${answerMs / 1000} s where ${host} is`, 'look at the resolver of this machine') })]).catch((error: unknown) => {
    throw error instanceof Broken ? error : new Broken(`there is no host ${host} (${codeOf(error)})`, `mend upstream.url in the configuration, or the name ${host} in the DNS`)
  })
  const socket = connect({ host: address, port, signal })
  try {
    await once(socket, 'connect')
  } catch (error) {
    throw new Broken(`nothing answers on ${host}:${port} (${codeOf(error)})`, `start the upstream, or mend upstream.url in the configuration`)
  } finally {
    socket.on('error', () => undefined).destroy()
  }
}

type Standing = 'well' | 'storeless'

async function askStatus (eservice: DescribedEService, patient: Patient): Promise<Standing> {
  const { config: { upstream: { url, secret } }, basePath, contract } = eservice
  const operation = contract.operations.find(({ path, method }) => path === '/status' && method.toUpperCase() === 'GET')
  const target = `${basePath}/status`
  const proof = prepareVarcoCall(secret, basePath)({ call: { operationId: operation?.id ?? 'readStatus', correlationId: 'doctor' }, caller: undefined, method: 'GET', target, now: patient.now() })
  const { statusCode, code } = await ask(url + target, { [varcoCallHeader]: proof })
  if (statusCode === 401 && operation) {
    // The gateway that runs may have another secret than this environment: then it is the one that counts.
    if (patient.running && !patient.running.silent && await isServed(patient, target)) return 'well'
    throw new Broken(`${url} does not accept the gateway (401)`, 'give both sides the same secret: upstream.secret here, VARCO_CALL_SECRET (or that of the e-service) there')
  }
  if (statusCode === 503 && code === 'store-unavailable') return 'storeless'
  if (operation && statusCode < 500 && statusCode !== 401 && !isDeclared(operation.responses, statusCode)) {
    throw new Broken(`${url}${target} answers ${statusCode}, which its contract does not know`, 'mend upstream.url in the configuration: what listens there is not this e-service')
  }
  if (statusCode >= 500) throw new Broken(`${url}${target} answers ${statusCode}`, 'look at the log of the upstream')
  return 'well'
}

function isDeclared (responses: ReadonlyMap<string, unknown>, status: number): boolean {
  return [String(status), `${Math.floor(status / 100)}XX`, ...status >= 400 ? ['default'] : []].some((name) => responses.has(name))
}

async function isServed ({ config: { listeners: { public: { host, port, tls } } } }: Patient, target: string): Promise<boolean> {
  const name = ['0.0.0.0', '::'].includes(host) ? 'localhost' : host
  const { statusCode } = await ask(`${tls ? 'https' : 'http'}://${name.includes(':') ? `[${name}]` : name}:${port}${target}`, {}, false)
  return statusCode < 500 || statusCode === 503
}

async function ask (url: string, headers: Readonly<Record<string, string>>, verify = true): Promise<{ readonly statusCode: number, readonly code: unknown }> {
  // This machine is asked by another name than its certificate's.
  const dispatcher = new Agent({ connect: { rejectUnauthorized: verify, timeout: answerMs } })
  try {
    const { statusCode, body } = await request(url, { dispatcher, headers, signal: AbortSignal.timeout(answerMs) })
    const text = await body.text()
    return { statusCode, code: text.startsWith('{') ? (JSON.parse(text) as { code?: unknown }).code : undefined }
  } catch (error) {
    const code = codeOf(error)
    const { origin } = new URL(url)
    if (/CERT|SIGNATURE|ERR_TLS/.test(code)) throw new Broken(`the certificate of ${origin} is not good (${code})`, 'renew it, or have its authority trusted (NODE_EXTRA_CA_CERTS)')
    if (/SSL|EPROTO/.test(code)) throw new Broken(`${origin} speaks no TLS that is known here (${code})`, 'write http: in upstream.url in the configuration, or mend TLS on the upstream')
    if (/TIMEOUT|Timeout/.test(code)) throw new Broken(`${origin} gives no answer within ${answerMs / 1000} s`, 'look at the log of the upstream: it takes connections, and says nothing')
    throw new Broken(`${origin} ends the connection, or answers what is no HTTP (${code})`, 'mend upstream.url in the configuration (http: or https: ?), or look at the log of the upstream')
  } finally {
    void dispatcher.destroy()
  }
}

function codeOf (error: unknown): string {
  const { code, name } = error as NodeJS.ErrnoException
  return typeof code === 'string' ? code : name
}
