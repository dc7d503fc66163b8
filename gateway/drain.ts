import type { Server } from 'node:http'
import { Server as NetServer } from 'node:net'

/** How long a stopping server waits, in ms: for the next call on a connection that is idle, and for everything. */
export interface DrainTimes { readonly quietMs: number, readonly graceMs: number }

/**
 * Stops a server without failing a call: no new connections, every further answer closes its connection (the caller of this sees to
 * that), and resolved when no connection is left or after `graceMs`. http's own close would drop idle keep-alive connections at once,
 * into which a client may just be writing: here they are dropped after `quietMs` without a call.
 */
export async function drainServer (server: Server, { quietMs, graceMs }: DrainTimes): Promise<void> {
  // What becomes idle from now on, because its answer had begun before, is kept no longer either.
  server.keepAliveTimeout = quietMs
  await new Promise<void>((resolve) => {
    const timers = [setTimeout(() => { server.closeIdleConnections() }, quietMs), setTimeout(resolve, graceMs)]
    NetServer.prototype.close.call(server, () => {
      timers.forEach(clearTimeout)
      resolve()
    })
  })
  server.closeAllConnections()
}
