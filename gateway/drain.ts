import type { Server } from 'node:http'
import { Server as NetServer } from 'node:net'

/**
 * Stops a server without failing a call: no new connections, every further answer closes its connection (the caller of this sees to
 * that), and resolved when no connection is left or after `graceMs`. http's own close would drop idle keep-alive connections at once,
 * into which a client may just be writing.
 */
export async function drainServer (server: Server, graceMs: number): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, graceMs)
    NetServer.prototype.close.call(server, () => {
      clearTimeout(timer)
      resolve()
    })
  })
  server.closeAllConnections()
}
