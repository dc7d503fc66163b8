import { once } from 'node:events'
import type { Server } from 'node:http'
import { join } from 'node:path'
import type { DestinationStream, Logger } from 'pino'
import type { Dispatcher } from 'undici'
import type { Certificates } from '../policies/certificates.ts'
import type { ClientKeys } from '../policies/keys.ts'
import { noncesOf } from '../policies/nonce.ts'
import type { Interactions } from '../policies/interactions.ts'
import type { QuotaCounters } from '../policies/quota-counters.ts'
import type { ReplayFilter } from '../policies/replay.ts'
import type { Resolver } from '../policies/resolver.ts'
import type { JwksKeys } from './adapters/jwks.ts'
import { openCertificates } from './adapters/certificates.ts'
import { keepQuotas, readOtherCounts } from './adapters/quotas-file.ts'
import { MemoryQuotas } from './adapters/quotas-memory.ts'
import { dnsResolver } from './adapters/resolver-dns.ts'
import { readTls } from './adapters/tls-files.ts'
import { AnswerLedgers } from './answer-ledger.ts'
import { openAudit } from './audit/audit.ts'
import { AllCacheFigures } from './cache/figures.ts'
import type { Config } from './config.ts'
import { Visits } from './enter.ts'
import { EvidenceStores } from './evidence-stores.ts'
import { CallFigures } from './figures/call-figures.ts'
import { openGeneration } from './generation.ts'
import type { Generation, Lasting } from './generation.ts'
import { KeptVerdicts } from './kept-verdicts.ts'
import { createListener, usualPatience } from './listen.ts'
import type { Inside, Patience } from './listen.ts'
import { openLog } from './log.ts'
import { nonceSecretOf } from './nonce-secret.ts'
import { redisForOne } from './redis-config.ts'
import type { Recording } from './records/recorder.ts'
import type { Trail } from './records/trail.ts'
import { openRegistry } from './registry-source.ts'
import type { RegistrySource } from './registry-source.ts'
import type { DescribedEService, LiveEService } from './route.ts'
import { prepareReadings } from './shed/readings.ts'
import { Shed } from './shed/shed.ts'
import type { Reading } from './shed/turn-limit.ts'
import { openSharedState } from './shared-state.ts'
import type { SharedState } from './shared-state.ts'
import { ownFolder } from './state-folder.ts'
import { openTraces } from './traces/traces.ts'
import { openTelemetry } from './telemetry/open-telemetry.ts'
import type { Telemetry } from './telemetry/telemetry.ts'
import { openTrustSources } from './trust-sources.ts'
import type { TrustSources } from './trust-sources.ts'
import { Verdicts } from './verdicts.ts'
import type { Judge } from './verdicts.ts'

/** The listeners of a gateway, not listening yet. */
export interface Listeners {
  /** The public listener. */
  readonly server: Server
  /** The listener for internal applications, where there is one. */
  readonly internal: Server | undefined
  /** Opens the listeners. Rejects when it cannot. */
  readonly listen: () => Promise<void>
}

/** A gateway put together from a configuration. What is live changes with a reload; everything else outlasts it. */
export interface Gateway extends Listeners {
  readonly live: Generation
  readonly keys: JwksKeys
  /** Where keys come from: to be followed while the gateway runs. */
  readonly trust: TrustSources
  /** What it has in common with gateways beside it. */
  readonly shared: SharedState
  /** What was found in the contracts that are live. */
  readonly verdicts: Verdicts
  /** How answers kept to contracts since it was started. */
  readonly ledgers: AnswerLedgers
  /** What sheds load. */
  readonly shed: Shed
  /** What keeps records of calls. */
  readonly recording: Recording
  /** What counts calls. */
  readonly figures: CallFigures
  /** What sends counts of calls to the e-services that want them, while somebody keeps it going. */
  readonly telemetry: Telemetry
  readonly logger: Logger
  /** Puts another configuration together beside what is live. Throws when it cannot go live; then nothing has changed. */
  readonly prepare: (config: Config) => Promise<Prepared>
  /** From now on every answer closes its connection. */
  readonly drain: () => void
  /** Ends everything at once, and keeps what must outlive it. */
  readonly close: () => Promise<void>
}

/** A configuration that can go live. */
export interface Prepared {
  /** Tells it apart from what is live; see Generation. */
  readonly hash: string
  /** Puts it live: every request that comes from now on is served by it, those before to their end by what was live then. */
  readonly commit: () => void
  readonly discard: () => Promise<void>
}

/** What differs between a real process and a test: time (epoch ms), where log lines go, how long clients are waited for, what counts calls by the day, what remembers used proofs, what finds the addresses of hosts, where the keys and certificates of clients come from, through what certificates are fetched, who says whether the platform has a key of the producer, who judges contracts, the number of this process among those that share the state folder (none: it is alone), where records of calls are kept instead of files, by which readings it is told whether it is overloaded, and what is waited for before anything is opened that one process alone may use: it may open the listeners by then. */
export interface Surroundings { readonly now: () => number, readonly log: DestinationStream | undefined, readonly patience?: Patience, readonly quota?: QuotaCounters, readonly replay?: ReplayFilter, readonly resolver?: Resolver, readonly clientKeys?: ClientKeys, readonly certificates?: Certificates, readonly certificateDispatcher?: Dispatcher, readonly isPublished?: (kid: string) => Promise<boolean>, readonly judge?: Judge, readonly worker?: number, readonly trail?: Trail, readonly readings?: () => Omit<Reading, 'inside'>, readonly standBy?: (listeners: Listeners) => Promise<void> }

/** Where no contract has asynchronous exchange there are none, and no file is made for them. */
const noInteractions: Interactions = { find: () => 'unavailable', replace: () => 'unavailable', restore: () => undefined }

/** Puts a gateway together. Throws when a contract, the registry, the state folder or Redis cannot be used; the platform's keys are fetched afterwards. */
export async function assemble (config: Config, { now, log, patience = usualPatience, quota, replay, resolver = dnsResolver(), clientKeys, isPublished, certificates, certificateDispatcher, judge, worker, trail, readings = prepareReadings(), standBy }: Surroundings): Promise<Gateway> {
  const logger = openLog(log)
  const warnOf = (event: string) => (message: string): void => { logger.warn({ message }, event) }
  let live: Generation
  const listeners = await prepareListeners(config, () => live, patience)
  await standBy?.(listeners)
  // What stays open would keep a process that cannot start from ending.
  await using opened = new AsyncDisposableStack()
  let resources = opened
  const trust = opened.adopt(await openTrustSources(config, { now, warn: warnOf('trust source') }), async (sources) => sources.close())
  const registry = opened.adopt(await openRegistry(config, { now, warn: warnOf('registry'), api: trust.api }), async (source) => source.close())
  const folder = ownFolder(config.state, worker)
  const own = new MemoryQuotas()
  const kept = opened.adopt(await keepQuotas(folder, own, { now, warn: warnOf('shared state') }), async (quotas) => quotas.close())
  const shared = opened.adopt(await openSharedState(redisForOne(config), { now, warn: warnOf('shared state'), quotas: { node: kept.node, own, others: async (broken) => readOtherCounts(config.state, folder, broken) } }), async (state) => state.close())
  let interactions: Interactions | undefined
  const openInteractionsOf = async (eservices: readonly DescribedEService[]): Promise<void> => {
    if (interactions || !eservices.some(hasInteractions)) return
    interactions = resources.adopt(await shared.openInteractions({ state: config.state, folder }), async (some) => some.close())
  }
  const visits = new Visits(config.limits.unproven)
  const shed = opened.adopt(new Shed({ overload: config.limits.overload, read: readings, inside: () => visits.inside, now, record: (record) => { logger.info(record, 'calls shed') } }), (some) => { some.stop() })
  const verdicts = opened.adopt(new Verdicts(logger, judge, judge ? undefined : new KeptVerdicts(join(config.state, 'contracts', 'verdicts.json'))), (some) => { some.close() })
  const figures = new CallFigures(now)
  const traces = await openTraces(config.traces, warnOf('traces'))
  const audit = opened.adopt(await openAudit({ state: config.state, folder, node: kept.node, now, warn: warnOf('records'), head: (head) => { logger.info(head, 'records signed') }, retentionDays: () => (live ?? { config }).config.audit.retentionDays }), async (some) => some.close())
  let telemetry: Telemetry | undefined
  const recording: Recording = { trail: trail ?? audit.trail, userOf: audit.userOf, sinks: [figures.count, (record) => { telemetry?.count(record) }], node: kept.node, traced: traces.end, lost: 0 }
  const ledgers = new AnswerLedgers({ now, warn: ({ event, ...facts }) => { logger.warn(facts, event) } })
  const lasting: Lasting = { logger, now, folder, visits, shed, recording, traces, verdicts, ledgers, cacheFigures: new AllCacheFigures(), stores: new EvidenceStores(), keys: trust.keys, isPublished: isPublished ?? trust.isPublished, openInteractions: openInteractionsOf }
  const open = async (next: Config, source: RegistrySource, before: readonly LiveEService[]): Promise<Generation> => openGeneration(next, lasting, {
    registry: source,
    before,
    ports: {
      get interactions () { return interactions ?? noInteractions },
      resolver,
      keys: trust.keys,
      registry: () => source.registry,
      burst: shared.burst,
      quota: quota ?? shared.quota,
      replay: replay ?? shared.replay,
      nonces: noncesOf(nonceSecretOf(next.eservices)),
      clientKeys: clientKeys ?? trust.clientKeys,
      internalClients: source.internalClients,
      certificates: certificates ?? await openCertificates(next.x509, source.clients, { now, warn: warnOf('trust source'), dispatcher: certificateDispatcher })
    }
  })
  live = await open(config, registry, [])
  opened.defer(async () => live.close())
  telemetry = opened.adopt(await openTelemetry({ folder, node: kept.node, now, warn: warnOf('telemetry'), live: () => live.eservices }), async (some) => some.close())
  verdicts.attend(config, live.eservices)
  resources = opened.move()
  return {
    ...listeners,
    keys: trust.keys,
    trust,
    shared,
    verdicts,
    ledgers,
    shed,
    recording,
    figures,
    telemetry,
    logger,
    get live () { return live },
    async prepare (next) {
      // Renewed by itself once the configuration is live: here it is only judged.
      for (const { tls: renewed } of [next.listeners.public, ...next.listeners.internal ? [next.listeners.internal] : []]) if (renewed) await readTls(renewed)
      const source = await live.registry.reload(next)
      const generation = await open(next, source, live.eservices)
      return {
        hash: generation.hash,
        commit () {
          const before = live
          live = generation
          visits.unproven.rate = next.limits.unproven
          shed.overload = next.limits.overload
          source.adopt()
          verdicts.attend(next, generation.eservices)
          void before.retire()
        },
        discard: async () => generation.close()
      }
    },
    drain: () => { visits.drain() },
    async close () {
      listeners.server.close()
      listeners.internal?.close()
      await resources.disposeAsync()
    }
  }
}

async function prepareListeners ({ listeners: { public: open, internal: within } }: Config, live: () => Generation, patience: Patience): Promise<Listeners> {
  const server = createListener(live, patience, open.tls && await readTls(open.tls))
  const internal = within && createListener(() => live().internal as Inside, patience, within.tls && await readTls(within.tls, 'pinned'))
  return {
    server,
    internal,
    async listen () {
      await listenAt(server, open)
      if (internal && within) await listenAt(internal, within)
    }
  }
}

async function listenAt (server: Server, { host, port }: { readonly host: string, readonly port: number }): Promise<void> {
  server.listen({ host, port })
  await once(server, 'listening')
}

function hasInteractions ({ demands }: DescribedEService): boolean {
  return [...demands.values()].some(({ scope }) => scope !== undefined)
}
