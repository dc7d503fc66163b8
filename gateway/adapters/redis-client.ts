import { createClient, createCluster } from 'redis'
import { inTime } from './deadline.ts'

/** What is used of Redis, whether it is one server or a cluster. */
export interface RedisStore {
  eval (script: string, options: { keys: string[], arguments: string[] }): Promise<unknown>
  get (key: string): Promise<unknown>
}

export interface RedisPlace { readonly host: string, readonly port: number }

/** A client that is connected. It is never mended: whoever holds it closes it when it fails, and connects anew. */
export interface RedisClient {
  readonly store: RedisStore
  /** The nodes of a cluster, by which it can be reached when the one of the URL is gone; none of a server that stands alone. */
  readonly nodes: readonly RedisPlace[]
  close (): void
}

/** How long connecting, TLS and greeting included, may take, in ms. */
const connectMs = 1000

/** Where the URL of a server says that it is. */
export function placeOf (url: string): RedisPlace {
  const { hostname, port } = new URL(url)
  return { host: hostname.replace(/^\[(.*)\]$/, '$1'), port: Number(port || 6379) }
}

/**
 * Connects to a server, or to the cluster that it belongs to, as its URL says (redis: or rediss:, user and password percent-encoded, the path is the
 * number of the database). Throws when that does not succeed in a second. `failed` is told of every error of its connections, also before it throws.
 */
export async function connectRedis (url: string, place: RedisPlace, failed: (error: Error) => void): Promise<RedisClient> {
  const options = optionsOf(new URL(url), place)
  const server = createClient(options)
  const isCluster = await open(server, failed, async () => {
    const { mode } = await server.sendCommand(['HELLO']) as unknown as { mode?: string }
    return mode === 'cluster'
  })
  if (!isCluster) return { store: server, nodes: [], close: () => { server.destroy() } }
  server.destroy()
  // The address is that of the one server; nodes bring their own.
  const { socket: { host: _host, port: _port, ...socket }, ...defaults } = options
  const cluster = createCluster({ rootNodes: [{ socket: place }], defaults: { ...defaults, socket } })
  cluster.on('node-error', failed)
  await open(cluster, failed, async () => undefined)
  return { store: cluster, nodes: cluster.masters.map(({ host, port }) => ({ host, port })), close: () => { cluster.destroy() } }
}

interface Openable {
  on (event: 'error', told: (error: Error) => void): unknown
  connect (): Promise<unknown>
  destroy (): void
}

/** Connects and asks a first question; when either fails or takes too long nothing stays open. */
async function open<T> (client: Openable, failed: (error: Error) => void, ask: () => Promise<T>): Promise<T> {
  client.on('error', failed)
  try {
    return await inTime(client.connect().then(ask), connectMs)
  } catch (error) {
    client.destroy()
    throw error
  }
}

function optionsOf ({ protocol, username, password, pathname }: URL, place: RedisPlace) {
  return {
    socket: { ...place, connectTimeout: connectMs, reconnectStrategy: false as const, ...protocol === 'rediss:' && { tls: true as const } },
    ...username !== '' && { username: decodeURIComponent(username) },
    ...password !== '' && { password: decodeURIComponent(password) },
    ...pathname.length > 1 && { database: Number(pathname.slice(1)) },
    disableOfflineQueue: true,
    maintNotifications: 'disabled' as const,
    // None: the library's own deadline does not hold while the server is silent, and costs a timer per command.
    commandOptions: { timeout: 0 }
  }
}
