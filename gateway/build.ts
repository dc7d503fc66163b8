import { pino } from 'pino'
import type { DestinationStream, Logger } from 'pino'
import type { FastifyInstance } from 'fastify'
import type { Dispatcher } from 'undici'
import type { Certificates } from '../policies/certificates.ts'
import type { Line } from '../policies/check.ts'
import { denialType } from '../policies/denials.ts'
import { explainCall, kidOf } from '../policies/explain.ts'
import type { ClientKeys } from '../policies/keys.ts'
import { noncesOf } from '../policies/nonce.ts'
import type { Ports } from '../policies/policy.ts'
import type { Interactions } from '../policies/interactions.ts'
import type { QuotaCounters } from '../policies/quota-counters.ts'
import type { ReplayFilter } from '../policies/replay.ts'
import type { Resolver } from '../policies/resolver.ts'
import type { JwksKeys } from './adapters/jwks.ts'
import { openInteractions } from './adapters/interactions-file.ts'
import { openCertificates } from './adapters/certificates.ts'
import { keepQuotas, readOtherCounts } from './adapters/quotas-file.ts'
import { MemoryQuotas } from './adapters/quotas-memory.ts'
import { dnsResolver } from './adapters/resolver-dns.ts'
import { readTls } from './adapters/tls-files.ts'
import { buildGateway } from './app.ts'
import type { Config } from './config.ts'
import { openCustody } from './custody.ts'
import { addDocs } from './docs.ts'
import type { Exchange } from './exchange.ts'
import { usualPatience } from './listen.ts'
import type { Patience } from './listen.ts'
import { goLive } from './live.ts'
import { nonceSecretOf } from './nonce-secret.ts'
import { addProblemPages } from './problem-pages.ts'
import { openRegistry } from './registry-source.ts'
import type { RegistrySource } from './registry-source.ts'
import type { LiveEService } from './route.ts'
import { openSharedState } from './shared-state.ts'
import type { SharedState } from './shared-state.ts'
import { ownFolder } from './state-folder.ts'
import { addStatus } from './status.ts'
import { openTrustSources } from './trust-sources.ts'
import type { TrustSources } from './trust-sources.ts'

/** A gateway put together from a configuration, not listening yet. */
export interface Gateway {
  readonly app: FastifyInstance
  readonly eservices: readonly LiveEService[]
  readonly keys: JwksKeys
  /** Where keys come from: to be followed while the gateway runs, and closed after it. */
  readonly trust: TrustSources
  /** Where agreements and purposes come from: to be followed too. */
  readonly registry: RegistrySource
  /** What it has in common with gateways beside it. */
  readonly shared: SharedState
  readonly logger: Logger
  /** From now on every answer closes its connection. */
  drain (): void
}

/** What differs between a real process and a test: time (epoch ms), where log lines go, how long clients are waited for, what counts calls by the day, what remembers used proofs, what finds the addresses of hosts, where the keys and certificates of clients come from, through what certificates are fetched, who says whether the platform has a key of the producer, and the number of this process among those that share the state folder (none: it is alone). */
export interface Surroundings { readonly now: () => number, readonly log: DestinationStream | undefined, readonly patience?: Patience, readonly quota?: QuotaCounters, readonly replay?: ReplayFilter, readonly resolver?: Resolver, readonly clientKeys?: ClientKeys, readonly certificates?: Certificates, readonly certificateDispatcher?: Dispatcher, readonly isPublished?: (kid: string) => Promise<boolean>, readonly worker?: number }

/** Where no contract has asynchronous exchange there are none, and no file is made for them. */
const noInteractions: Interactions = { find: () => 'unavailable', replace: () => 'unavailable', restore: () => undefined }

/** Puts a gateway together. Throws when a contract, the registry, the state folder or Redis cannot be used; the platform's keys are fetched afterwards. */
export async function assemble (config: Config, { now, log, patience = usualPatience, quota, replay, resolver = dnsResolver(), clientKeys, isPublished, certificates, certificateDispatcher, worker }: Surroundings): Promise<Gateway> {
  const logger = pino({ base: null, timestamp: false, messageKey: 'event' }, log ?? pino.destination(1))
  // What stays open would keep a process that cannot start from ending.
  await using opened = new AsyncDisposableStack()
  const warnOfTrust = (message: string): void => { logger.warn({ message }, 'trust source') }
  const trust = await openTrustSources(config, { now, warn: warnOfTrust })
  const registry = await openRegistry(config, { now, warn: (message) => { logger.warn({ message }, 'registry') }, api: trust.api })
  const warnOfState = (message: string): void => { logger.warn({ message }, 'shared state') }
  const folder = ownFolder(config.state, worker)
  const own = new MemoryQuotas()
  const kept = opened.adopt(await keepQuotas(folder, own, { now, warn: warnOfState }), async (quotas) => quotas.close())
  const shared = opened.adopt(await openSharedState(config.redis, { now, warn: warnOfState, quotas: { node: kept.node, own, others: async (broken) => readOtherCounts(config.state, folder, broken) } }), async (state) => state.close())
  const { keys } = trust
  const nonces = noncesOf(nonceSecretOf(config.eservices))
  const ports: Ports & { interactions: Interactions } = { interactions: noInteractions, resolver, keys, registry: () => registry.registry, burst: shared.burst, quota: quota ?? shared.quota, replay: replay ?? shared.replay, nonces, clientKeys: clientKeys ?? trust.clientKeys, certificates: certificates ?? await openCertificates(config.x509, registry.clients, { now, warn: warnOfTrust, dispatcher: certificateDispatcher }) }
  const eservices = await goLive(config, ports)
  const interactions = eservices.some(({ demands }) => [...demands.values()].some(({ scope }) => scope !== undefined)) ? await openInteractions(folder, now) : undefined
  if (interactions) ports.interactions = interactions
  const custody = await openCustody(eservices, { state: config.state, folder, now, isPublished: isPublished ?? trust.isPublished, warn: (message) => { logger.warn({ message }, 'custody') } })
  const stopping = new AbortController()
  const app = buildGateway({
    config,
    eservices,
    custody,
    authorities: authoritiesOf(config),
    logger,
    now,
    stopping: stopping.signal,
    explain: prepareExplain(ports, now),
    patience,
    tls: config.listeners.public.tls && await readTls(config.listeners.public.tls)
  })
  await addDocs(app, eservices, config)
  addProblemPages(app)
  addStatus(app, eservices, { keys, registry })
  app.addHook('onClose', async () => interactions?.close())
  app.addHook('onClose', async () => trust.close())
  app.addHook('onClose', async () => registry.close())
  app.addHook('onClose', async () => custody.close())
  app.addHook('onClose', async () => shared.close())
  app.addHook('onClose', async () => kept.close())
  await app.ready()
  opened.move()
  return { app, eservices, keys, trust, registry, shared, logger, drain: () => { stopping.abort() } }
}

/** The hosts under which the public listener may be called: its public URL and its own loopback names. */
function authoritiesOf ({ publicUrl, listeners: { public: { port, host } } }: Config): ReadonlySet<string> {
  const { host: name, port: written, protocol } = new URL(publicUrl)
  // A Host may name the port that its scheme implies (RFC 9110, 4.2.3).
  const implied = written === '' ? [`${name}:${protocol === 'https:' ? 443 : 80}`] : []
  return new Set([name, ...implied, ...['127.0.0.1', 'localhost', '[::1]', host].map((one) => `${one}:${port}`)].map((one) => one.toLowerCase()))
}

/** Refusals explained in full per second; a flood of bad vouchers must not buy work with them. */
const explainedPerSecond = 50
const explained: ReadonlySet<number> = new Set([401, 403, 409])

function prepareExplain ({ keys, registry, nonces, clientKeys, certificates, interactions }: Ports, now: () => number): (exchange: Exchange) => readonly Line[] {
  let second = 0
  let count = 0
  return ({ call, route, denial }) => {
    // Only what admission refuses has to do with the voucher.
    if (!denial || !explained.has(denialType(denial.denial).status)) return []
    if (!route || call.authorization.length === 0) return []
    const current = Math.floor(now() / 1000)
    if (current !== second) [second, count] = [current, 0]
    if (++count > explainedPerSecond) return []
    const key = keys.known(kidOf(call))
    return explainCall(call, { terms: route.eservice.terms, registry: registry(), key: key ? { key } : 'not known here', now: call.now, nonces, signers: { clientKeys, certificates }, interactions, refused: { denial, proved: call } })
  }
}
