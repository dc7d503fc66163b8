import { createHash } from 'node:crypto'
import type { Logger } from 'pino'
import type { Contract } from '../openapi/contract.ts'
import { certificateOf } from '../policies/caller.ts'
import type { Line } from '../policies/check.ts'
import { denialType } from '../policies/denials.ts'
import { explainCall, kidOf } from '../policies/explain.ts'
import { endingGrants } from '../policies/grants.ts'
import type { Ports } from '../policies/policy.ts'
import type { AnswerLedgers } from './answer-ledger.ts'
import { buildApp } from './app.ts'
import { Cache } from './cache/cache.ts'
import type { AllCacheFigures } from './cache/figures.ts'
import { readOpenData } from './catalogue/open-data.ts'
import type { Config } from './config.ts'
import { openCustody } from './custody.ts'
import type { Custody, CustodyParts } from './custody.ts'
import { prepareEntrance } from './enter.ts'
import type { Visits } from './enter.ts'
import type { EvidenceStores } from './evidence-stores.ts'
import type { Exchange } from './exchange.ts'
import { addLaterPages } from './later-pages.ts'
import type { Inside } from './listen.ts'
import { goLive } from './live.ts'
import { prepareProbe } from './probe.ts'
import type { Recording } from './records/recorder.ts'
import { prepareRefuse } from './refuse.ts'
import type { Shed } from './shed/shed.ts'
import type { RegistrySource } from './registry-source.ts'
import type { DescribedEService, LiveEService } from './route.ts'
import { addStatus } from './status.ts'
import type { Traces } from './traces/traces.ts'
import type { Verdicts } from './verdicts.ts'

/** What one configuration puts live as a whole: a reload puts the next one in its place, and what came in before is served to its end. */
export interface Generation extends Inside {
  /** The same behind the listener for internal applications, where there is one. */
  readonly internal: Inside | undefined
  readonly config: Config
  /** SHA-256, hex, of the configuration and of the contracts as they were read, with whatever they refer to: tells apart whatever is live. */
  readonly hash: string
  readonly eservices: readonly LiveEService[]
  readonly registry: RegistrySource
  readonly cache: Cache
  readonly custody: Custody
  /** Waits for the calls that are inside, then closes what only this configuration used. */
  retire (): Promise<void>
  /** Closes it at once. */
  close (): Promise<void>
}

/** What outlasts a configuration, and is there for each one. */
export interface Lasting {
  readonly logger: Logger
  readonly now: () => number
  /** The folder of what this process alone may write. */
  readonly folder: string
  readonly visits: Visits
  readonly shed: Shed
  /** What the contracts are held to. */
  readonly verdicts: Verdicts
  /** What counts how answers keep to contracts. */
  readonly ledgers: AnswerLedgers
  /** What keeps records of calls. */
  readonly recording: Recording
  /** What becomes of the traces that calls belong to. */
  readonly traces: Traces
  /** What counts what was answered from the cache. */
  readonly cacheFigures: AllCacheFigures
  /** Where evidence is kept. */
  readonly stores: EvidenceStores
  readonly keys: Ports['keys'] & { readonly ready: boolean }
  /** What the platform says of the keys of the producer. */
  readonly isPublished: CustodyParts['isPublished']
  /** Opens what is known of asynchronous exchanges, once there is an e-service that has some. */
  openInteractions (eservices: readonly DescribedEService[]): Promise<void>
}

/** What a configuration is put live with: its ports, the registry that they read, and the e-services before it, of which what did not change is taken over. */
export interface GenerationParts { readonly ports: Ports, readonly registry: RegistrySource, readonly before: readonly LiveEService[] }

/** Puts a configuration live, for as long as nobody calls it without effect on what is live already. Throws when a contract, a grant or a key of it cannot be used; nothing is left open then. */
export async function openGeneration (config: Config, lasting: Lasting, { ports, registry, before }: GenerationParts): Promise<Generation> {
  const { logger, now, folder, keys } = lasting
  await using opened = new AsyncDisposableStack()
  const eservices = await goLive(config, ports, before)
  opened.defer(async () => { await Promise.all(eservices.map(async ({ upstream }) => upstream.pool.destroy())) })
  await lasting.verdicts.admit(config, eservices)
  for (const { config: { name }, terms: { grants } } of eservices) for (const told of grants ? endingGrants(grants, now()) : []) logger.warn({ message: `${name}: ${told}` }, 'grants')
  for (const { config: { name }, contract } of eservices) warnOfOpenData(logger, name, contract)
  await lasting.openInteractions(eservices)
  const custody = await openCustody(eservices, { state: config.state, folder, stores: lasting.stores, now, isPublished: lasting.isPublished, warn: (message) => { logger.warn({ message }, 'custody') } })
  opened.defer(async () => custody.close())
  const refuse = prepareRefuse(config.publicUrl, custody.sealOf)
  const parts = { config, logger, now, visits: lasting.visits, shed: lasting.shed, recording: lasting.recording, basePaths: eservices.map(({ basePath }) => basePath), explain: prepareExplain(ports, now) }
  const entrance = prepareEntrance({ ...parts, listener: 'public', proxies: config.trustedProxies, authorities: authoritiesOf(config.publicUrl, config.listeners.public) }, refuse)
  const { internal } = config.listeners
  const within = internal && prepareEntrance({ ...parts, listener: 'internal', proxies: internal.trustedProxies, authorities: authoritiesOf(internal.url, internal) }, refuse)
  const cache = new Cache(config.cache, lasting.cacheFigures, now)
  const build = () => buildApp({ config, eservices, custody, ledgers: lasting.ledgers, cache: config.cache.bytes > 0 ? cache : undefined, traces: lasting.traces }, refuse)
  const app = build()
  opened.defer(async () => app.close())
  const probes = new Map(eservices.map((eservice) => [eservice, prepareProbe(eservice)]))
  addStatus(app, eservices, probes, { keys, registry })
  const pages = addLaterPages(app, async () => {
    const { addPages } = await import('./pages.ts')
    const own = build()
    await addPages(own, { config, eservices, registry, keys, probes, verdicts: lasting.verdicts, now })
    return own
  })
  opened.defer(async () => pages.close())
  await app.ready()
  const inside: Omit<Inside, 'entrance'> = { route: (request, response) => { app.routing(request, response) }, connections: config.limits.connections }
  const resources = opened.move()
  const close = async (): Promise<void> => resources.disposeAsync()
  return {
    config, hash: hashOf(config, eservices), eservices, registry, cache, custody, close, ...inside, entrance,
    internal: within && { ...inside, entrance: within },
    async retire () {
      await Promise.all([entrance.empty(), within?.empty()])
      await close()
    }
  }
}

/** Tells once of all that the catalogue leaves out of what a contract says of open data, and where the rest is told. */
function warnOfOpenData (logger: Logger, eservice: string, contract: Contract): void {
  const { leftOut: [first, ...more] } = readOpenData(contract)
  if (first) logger.warn({ eservice, message: `${first.pointer}: ${first.message}${more.length > 0 ? `; and ${more.length} more` : ''}: npx varco check ${contract.file} says where and what to put there` }, 'contract')
}

function hashOf ({ hash }: Config, eservices: readonly LiveEService[]): string {
  return createHash('sha256').update([hash, ...eservices.map(({ contract }) => contract.sha256)].join('\n')).digest('hex')
}

/** The hosts under which a listener may be called: that of the URL that it is known by, and its own loopback names. */
function authoritiesOf (url: string, { port, host }: { readonly port: number, readonly host: string }): ReadonlySet<string> {
  const { host: name, port: written, protocol } = new URL(url)
  // A Host may name the port that its scheme implies (RFC 9110, 4.2.3).
  const implied = written === '' ? [`${name}:${protocol === 'https:' ? 443 : 80}`] : []
  return new Set([name, ...implied, ...['127.0.0.1', 'localhost', '[::1]', host].map((one) => `${one}:${port}`)].map((one) => one.toLowerCase()))
}

/** Refusals explained in full per second; a flood of bad vouchers must not buy work with them. */
const explainedPerSecond = 50
const explained: ReadonlySet<number> = new Set([401, 403, 409])

function prepareExplain ({ keys, registry, nonces, clientKeys, certificates, internalClients, interactions }: Ports, now: () => number): (exchange: Exchange) => readonly Line[] {
  let second = 0
  let count = 0
  return ({ call, route, denial }) => {
    // Only what admission refuses has to do with the voucher.
    if (!denial || !explained.has(denialType(denial.denial).status)) return []
    if (!route || (call.authorization.length === 0 && !certificateOf(call))) return []
    const current = Math.floor(now() / 1000)
    if (current !== second) [second, count] = [current, 0]
    if (++count > explainedPerSecond) return []
    const key = keys.known(kidOf(call))
    return explainCall(call, { terms: route.eservice.terms, registry: registry(), key: key ? { key } : 'not known here', now: call.now, nonces, signers: { clientKeys, certificates, internalClients }, interactions, refused: { denial, proved: call } })
  }
}
