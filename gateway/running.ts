import type { Server as TlsServer } from 'node:tls'
import { prepareRenewal } from './adapters/tls-files.ts'
import type { TlsFiles } from './adapters/tls-files.ts'
import { assemble } from './build.ts'
import type { Gateway, Listeners, Prepared } from './build.ts'
import type { Config } from './config.ts'
import { settleContracts } from './contracts.ts'
import { drainServer } from './drain.ts'
import { Feeds } from './feeds.ts'
import { prepareReload } from './reload.ts'
import type { ConfigSource } from './reload.ts'
import { repeat } from './repeat.ts'
import { ownFolder } from './state-folder.ts'
import { destinationsOf } from './telemetry/destination.ts'
import { leftoversOf } from './telemetry/leftovers.ts'
import { runTelemetry } from './telemetry/open-telemetry.ts'

/** A process's gateway. */
export interface RunningGateway {
  readonly gateway: Gateway
  /** The feeds of the platform, which one of the processes that share a state folder owns. */
  readonly feeds: Feeds
  /** Lets callers in. Rejects when it cannot. */
  readonly listen: () => Promise<void>
  /** Epoch ms. */
  readonly startedAt: number
  /** Puts the configuration together as its files are now; see `prepareReload`. */
  readonly prepare: () => Promise<Prepared>
  /** Serves what came in to its end, takes nothing new, and keeps what must outlive the process. */
  readonly stop: () => Promise<void>
}

const certificateCheckMs = 30_000
const drainTimes = { quietMs: 2000, graceMs: 15_000 }

/** What one of several processes is among them: its number, whether it owns the feeds to begin with, and what it waits for before it opens anything that it may not use beside another. */
export interface Place { readonly worker: number, readonly ownsFeeds: boolean, readonly standBy?: (listeners: Listeners) => Promise<void> }

/** Puts a gateway together with a configuration that was read from `source`; it is alone unless told its place, and does not listen yet. Throws when it cannot start. */
export async function runGateway (config: Config, source: ConfigSource, place?: Place): Promise<RunningGateway> {
  const gateway = await assemble(config, { now: Date.now, log: undefined, ...place })
  const stopping = new AbortController()
  const warnOfTelemetry = (message: string): void => { gateway.logger.warn({ message }, 'telemetry') }
  const leftovers = leftoversOf({ state: config.state, folder: ownFolder(config.state, place?.worker), destinations: () => destinationsOf(gateway.live.eservices, Date.now), now: Date.now, warn: warnOfTelemetry })
  const feeds = new Feeds([gateway.trust, gateway.live.registry, leftovers], stopping.signal)
  feeds.owned = place?.ownsFeeds ?? true
  const renew = prepareCertificates(gateway)
  const settle = (): void => { void settleContracts(gateway.live.eservices, config.state, stopping.signal) }
  settle()
  void repeat(async () => renew().then(() => true), certificateCheckMs, certificateCheckMs, stopping.signal)
  runTelemetry(gateway.telemetry, stopping.signal, warnOfTelemetry)
  return {
    gateway,
    feeds,
    listen: gateway.listen,
    startedAt: Date.now(),
    async prepare () {
      const { commit, ...prepared } = await prepareReload(gateway, source)
      return {
        ...prepared,
        commit () {
          commit()
          settle()
          void renew()
        }
      }
    },
    async stop () {
      gateway.drain()
      stopping.abort()
      await Promise.all([gateway.server, ...gateway.internal ? [gateway.internal] : []].map(async (server) => drainServer(server, drainTimes)))
      await gateway.close()
    }
  }
}

/** Every file (absolute path) that what is live was read from, but for those of which it is known otherwise when they change. */
export function filesOf ({ config, eservices }: Gateway['live']): readonly string[] {
  return [...config.files, ...eservices.flatMap(({ contract }) => contract.files)]
}

/** Prepares putting renewed certificates to use, those that the configuration names by then. */
function prepareCertificates (gateway: Gateway): () => Promise<void> {
  const warn = (message: string): void => { gateway.logger.warn({ message }, 'listener') }
  const renewals = ([['public', gateway.server], ['internal', gateway.internal]] as const).flatMap(([name, server]) => {
    const filesNow = (): TlsFiles | undefined => gateway.live.config.listeners[name]?.tls
    return server && filesNow() ? [prepareRenewal(server as unknown as TlsServer, () => filesNow() as TlsFiles, warn)] : []
  })
  return async () => { await Promise.all(renewals.map(async (renew) => renew())) }
}
