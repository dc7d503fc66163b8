import { randomUUID } from 'node:crypto'
import type { ClientKeys } from '../policies/keys.ts'
import { PlatformClientKeys } from './adapters/client-keys.ts'
import { JwksKeys } from './adapters/jwks.ts'
import { snapshotFile } from './adapters/snapshot-file.ts'
import type { SnapshotFile } from './adapters/snapshot-file.ts'
import type { Config } from './config.ts'
import { attendTo } from './feeds.ts'
import { ClientKeyFeed } from './pdnd/client-key-feed.ts'
import { InteropApi } from './pdnd/interop-api.ts'
import { openPlatformConnection } from './pdnd/platform-connection.ts'
import { repeat } from './repeat.ts'
import { openStateFolder } from './state-folder.ts'

/** Where the gateway knows keys from. */
export interface TrustSources {
  /** The platform's signing keys. */
  readonly keys: JwksKeys
  /** Those that consumers deposited; `unavailable` without a client of the interop API (`pdnd.api`). */
  readonly clientKeys: ClientKeys
  /** Asks the platform whether it has a key of the producer's keychain; throws while it does not say. Undefined without a client of the interop API. */
  readonly isPublished: ((kid: string) => Promise<boolean>) | undefined
  /** The platform's key events; undefined without a client of the interop API. */
  readonly feed: ClientKeyFeed | undefined
  /** The interop API for everything that is no key, over the same connections but with pauses of its own: what fails there holds up no key. Undefined without a client of it. */
  readonly api: InteropApi | undefined
  /** Keeps all of it fresh until `stopped`. Never throws: what goes wrong is warned about. */
  follow (stopped: AbortSignal, pauses?: FollowPauses): Promise<void>
  /** The same by what the process keeps that follows, looked for every so many ms; the platform is asked for nothing but for what callers come with. */
  attend (stopped: AbortSignal, everyMs?: number): Promise<void>
  /** Ends what is under way and keeps what is known by now. */
  close (): Promise<void>
}

/** Pauses in ms: between two fetches of the platform's keys, between two readings of its events, and how long they grow after failures. */
export interface FollowPauses { readonly keysMs: number, readonly eventsMs: number, readonly retryMs: number }

const usualPauses: FollowPauses = { keysMs: 5 * 60_000, eventsMs: 30_000, retryMs: 5000 }

interface Surroundings { readonly now: () => number, readonly warn: (message: string) => void }

/**
 * Opens the gateway's key sources and takes what an earlier process kept in the state folder; asks nobody yet. Throws a sentence when the
 * state folder cannot be used.
 */
export async function openTrustSources (config: Config, { now, warn }: Surroundings): Promise<TrustSources> {
  const { environment, pdnd: { api: client, ...addresses }, state: folder } = config
  await openStateFolder(folder)
  const connection = openPlatformConnection()
  const keep = (name: string, address: string): SnapshotFile => snapshotFile({ folder, name, source: `${environment} ${address}`, now, warn })
  const platformKeys = keep('platform-keys.json', addresses.jwksUri)
  const keys = new JwksKeys({ uri: addresses.jwksUri, connection, now, warn, snapshot: platformKeys })
  await keys.restore()
  if (!client) {
    return {
      keys,
      clientKeys: { find: () => 'unavailable' },
      isPublished: undefined,
      feed: undefined,
      api: undefined,
      follow: async (stopped, pauses = usualPauses) => followKeys(keys, platformKeys, pauses, stopped),
      attend: async (stopped, everyMs) => attendTo(platformKeys, async () => keys.restore(), { warn, stopped, everyMs }),
      close: async () => closeAll(connection, [platformKeys])
    }
  }

  const openApi = (): InteropApi => new InteropApi({ environment: addresses, client, keys, connection, now, randomUUID })
  const api = openApi()
  const clientKeys = new PlatformClientKeys({ api, now, warn })
  const snapshot = keep('client-keys.json', addresses.apiBase)
  const feed = new ClientKeyFeed({ api, keys: clientKeys, snapshot, now })
  await feed.restore()
  return {
    keys,
    clientKeys,
    api: openApi(),
    isPublished: async (kid) => await api.get(['producerKeys', kid]) !== undefined,
    feed,
    follow: async (stopped, pauses = usualPauses) => {
      await Promise.all([followKeys(keys, platformKeys, pauses, stopped), followEvents(feed, snapshot, pauses, warn, stopped)])
    },
    attend: async (stopped, everyMs) => {
      const [onKeys, onClientKeys] = [async () => keys.restore(), async () => feed.restore()]
      await Promise.all([attendTo(platformKeys, onKeys, { warn, stopped, everyMs }), attendTo(snapshot, onClientKeys, { warn, stopped, everyMs })])
    },
    close: async () => {
      feed.save()
      await closeAll(connection, [platformKeys, snapshot])
    }
  }
}

async function closeAll (connection: { close (): Promise<void> }, snapshots: readonly SnapshotFile[]): Promise<void> {
  await connection.close()
  await Promise.all(snapshots.map(async (snapshot) => snapshot.idle()))
}

async function followKeys (keys: JwksKeys, snapshot: SnapshotFile, { keysMs, retryMs }: FollowPauses, stopped: AbortSignal): Promise<void> {
  snapshot.isOwn = true
  await repeat(async () => {
    await keys.refresh()
    return keys.current
  }, keysMs, retryMs, stopped)
}

async function followEvents (feed: ClientKeyFeed, snapshot: SnapshotFile, { eventsMs, retryMs }: FollowPauses, warn: Surroundings['warn'], stopped: AbortSignal): Promise<void> {
  snapshot.isOwn = true
  if (await snapshot.hasChanged()) await feed.restore()
  await repeat(async () => {
    try {
      await feed.read()
      return true
    } catch (error) {
      if (!stopped.aborted) warn(`the platform's key events could not be read: ${(error as Error).message}`)
      return false
    }
  }, eventsMs, retryMs, stopped)
}
