import type { InternalClients } from '../policies/internal-clients.ts'
import type { Purpose, Registry } from '../policies/registry.ts'
import type { CertifiedClient } from './adapters/certificates-registered.ts'
import { internalClientsOf } from './adapters/internal-clients.ts'
import { readLocalRegistry, readRegistryFile, registryOf } from './adapters/registry-file.ts'
import type { RegistryFile } from './adapters/registry-file.ts'
import { snapshotFile } from './adapters/snapshot-file.ts'
import type { SnapshotFile } from './adapters/snapshot-file.ts'
import type { Config } from './config.ts'
import { attendTo } from './feeds.ts'
import type { InteropApi } from './pdnd/interop-api.ts'
import { PlatformRegistry } from './pdnd/platform-registry.ts'
import { RegistryFeed } from './pdnd/registry-feed.ts'
import { repeat } from './repeat.ts'

/** How it stands with the registry. `failing`: the last reading of the platform did not go well, and what is known serves on; `unavailable`: nothing can be concluded from it, and calls are answered 503. */
export interface RegistryHealth {
  readonly source: 'file' | 'platform'
  readonly state: 'current' | 'failing' | 'unavailable'
  /** How long ago it was last in step with its source, in ms; Infinity when it never was. */
  readonly ageMs: number
  /** Why the last reading did not go well. */
  readonly lastError: string | undefined
  /** How often somebody came of whom nothing could be concluded, and how much a list of the platform did not have any more that no event had told of. */
  readonly undecided: number
  readonly missing: number
}

/** Where the gateway knows agreements, purposes and the like from. */
export interface RegistrySource {
  readonly registry: Registry
  /** The clients that a file registers, with their certificates. */
  readonly clients: readonly CertifiedClient[]
  /** The applications that a file registers; none where no listener lets them in. */
  readonly internalClients: InternalClients
  readonly health: RegistryHealth
  /** What the registry file says; undefined where the platform is asked. */
  readonly file: RegistryFile | undefined
  /** The purposes that are known here. */
  purposes (): readonly Purpose[]
  /** Takes in what has changed. Throws when it cannot be read; what is known serves on. */
  read (stopped?: AbortSignal): Promise<void>
  /** Keeps it in step until `stopped`. Never throws: what goes wrong is warned about. */
  follow (stopped: AbortSignal, pauses?: { readonly eventsMs: number, readonly retryMs: number }): Promise<void>
  /** Keeps it in step by what the process keeps that follows, looked for every so many ms; the platform is asked for nothing but for what callers come with. */
  attend (stopped: AbortSignal, everyMs?: number): Promise<void>
  /** The registry of another configuration over the same source, with what its files say now. Throws when they, or what it serves in addition, cannot be read. */
  reload (config: Config): Promise<RegistrySource>
  /** Called when the configuration that it was made for goes live. */
  adopt (): void
  /** Keeps what is known by now. */
  close (): Promise<void>
}

/** What opening it needs: time in epoch ms, and a client of the interop API where the configuration names one. */
interface Surroundings { readonly now: () => number, readonly warn: (message: string) => void, readonly api: InteropApi | undefined }

const usualPauses = { eventsMs: 30_000, retryMs: 5000 }

/**
 * Opens the registry that a configuration names: its file, which is read now, or that of the platform, of which what an earlier process kept in the state
 * folder is taken and nobody is asked yet. Throws when a file cannot be used.
 */
export async function openRegistry (config: Config, surroundings: Surroundings): Promise<RegistrySource> {
  if (config.registry !== 'platform') return openFile(config)
  const { warn } = surroundings
  const snapshot = snapshotOf(config, surroundings)
  const { registry, local, feed, take } = await openPlatform(config, snapshot, surroundings)
  const sourceOf = (file: RegistryFile | undefined): RegistrySource => ({
    registry,
    file: undefined,
    purposes: () => registry.purposes(file?.purposes ?? []),
    clients: file?.clients ?? [],
    internalClients: internalClientsOf(file?.internalClients ?? []),
    reload: async (next) => {
      const another = await readLocal(next)
      await take(next)
      return sourceOf(another)
    },
    adopt: () => { local.set(file) },
    get health (): RegistryHealth {
      const { ageMs, ready } = registry
      const { lastError } = feed
      return { source: 'platform', state: !ready ? 'unavailable' : lastError === undefined ? 'current' : 'failing', ageMs, lastError, undecided: registry.undecided, missing: feed.missing }
    },
    read: async (stopped) => feed.read(stopped),
    follow: async (stopped, { eventsMs, retryMs } = usualPauses) => {
      snapshot.isOwn = true
      await feed.takeOver()
      await repeat(async () => {
        try {
          await feed.read(stopped)
          return true
        } catch (error) {
          if (!stopped.aborted) warn(`the platform could not be read: ${(error as Error).message}`)
          return false
        }
      }, eventsMs, retryMs, stopped)
    },
    attend: async (stopped, everyMs) => attendTo(snapshot, async () => feed.restore(), { warn, stopped, everyMs }),
    close: async () => {
      feed.save()
      await snapshot.idle()
    }
  })
  return sourceOf(local.file)
}

/**
 * The registry as a command sees it, once: read from the platform now, or as the gateway kept it last where the platform does not answer. Throws a
 * sentence when there is neither. Nothing of it is kept.
 */
export async function readRegistry (config: Config, { now, api }: Omit<Surroundings, 'warn'>): Promise<Pick<RegistrySource, 'registry' | 'clients' | 'internalClients'>> {
  if (config.registry !== 'platform') return openFile(config)
  const surroundings = { now, api, warn: () => undefined }
  const { registry, local, feed } = await openPlatform(config, { ...snapshotOf(config, surroundings), write: async () => undefined }, surroundings)
  await feed.read().catch(() => undefined)
  if (registry.ready) return { registry, clients: local.file?.clients ?? [], internalClients: internalClientsOf(local.file?.internalClients ?? []) }
  throw new Error(`agreements and purposes cannot be read from the platform now (${feed.lastError}), and the gateway has kept none in ${config.state}`)
}

async function openFile ({ registry: path, environment, listeners }: Config): Promise<RegistrySource> {
  const file = await readRegistryFile(path, environment, listeners.internal?.publicKeys)
  const nothing = async (): Promise<void> => undefined
  return { registry: registryOf(file), file, purposes: () => file.purposes, clients: file.clients, internalClients: internalClientsOf(file.internalClients ?? []), health: { source: 'file', state: 'current', ageMs: 0, lastError: undefined, undecided: 0, missing: 0 }, read: nothing, follow: nothing, attend: nothing, reload: openFile, adopt: () => undefined, close: nothing }
}

const hourMs = 60 * 60 * 1000

function snapshotOf ({ environment, pdnd: { apiBase }, state: folder, registryStaleHours }: Config, { now, warn }: Pick<Surroundings, 'now' | 'warn'>): SnapshotFile {
  // The number is that of its form.
  return snapshotFile({ folder, name: 'registry.json', source: `${environment} ${apiBase} 1`, lifeMs: registryStaleHours * hourMs, now, warn })
}

async function openPlatform (config: Config, snapshot: SnapshotFile, { now, warn, api }: Surroundings) {
  if (!api) throw new Error('registry: platform needs a client of the interop API: configure pdnd.api')
  const served = new Map(servedBy(config))
  const local = new LocalRegistry(await readLocal(config))
  const registry = new PlatformRegistry({ api, served, get local () { return local.registry }, staleMs: config.registryStaleHours * hourMs, now, warn })
  const feed = new RegistryFeed({ api, served, registry, snapshot, now })
  await feed.restore()
  /** Takes in what another configuration serves in addition. What one serves no more does no harm. */
  const take = async (next: Config): Promise<void> => {
    const more = servedBy(next).filter(([id, descriptors]) => !descriptors.every((one) => served.get(id)?.includes(one)))
    if (more.length === 0) return
    const before = [...served]
    for (const [id, descriptors] of more) served.set(id, [...new Set([...served.get(id) ?? [], ...descriptors])])
    await feed.readAnew(AbortSignal.timeout(patienceMs)).catch((error: Error) => {
      served.clear()
      for (const [id, descriptors] of before) served.set(id, descriptors)
      throw new Error(`what the platform knows of the e-services that are new could not be read: ${error.message}`)
    })
  }
  return { registry, feed, local, take }
}

/** How long the platform may take to tell everything of e-services that are new, in ms. */
const patienceMs = 60_000

/** What a file says of those that the platform does not know; it changes when another configuration goes live. */
class LocalRegistry {
  file: RegistryFile | undefined
  registry: Registry | undefined

  constructor (file: RegistryFile | undefined) {
    this.set(file)
  }

  set (file: RegistryFile | undefined): void {
    this.file = file
    this.registry = file && registryOf(file)
  }
}

async function readLocal ({ localRegistry, environment, listeners, eservices }: Config): Promise<RegistryFile | undefined> {
  return localRegistry === undefined ? undefined : readLocalRegistry(localRegistry, environment, new Map(eservices.map(({ eserviceId, producer }) => [eserviceId, producer])), listeners.internal?.publicKeys)
}

function servedBy ({ eservices }: Config): readonly (readonly [string, readonly string[]])[] {
  return eservices.map(({ eserviceId, descriptorIds }) => [eserviceId, descriptorIds])
}
