import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/**
 * Holds at most as many connections as `most` says: a new one takes the place of the one that has been idle for longest, so that kept connections cannot
 * lock others out; when none is idle it is turned away. A connection is idle between the end of an answer and its next request.
 */
export function limitConnections (server: Server, most: () => number): void {
  const idle = new Set<Socket>()
  const latest = new WeakMap<Socket, ServerResponse>()
  let open = 0
  server.on('connection', (socket: Socket) => {
    open++
    socket.once('close', () => {
      open--
      idle.delete(socket)
    })
    if (open > most()) (idle.values().next().value ?? socket).destroy()
  })
  // Over TLS a request comes on another socket than the one that was opened.
  server.on('secureConnection', (socket: Socket) => { socket.once('close', () => { idle.delete(socket) }) })
  const begin = ({ socket }: IncomingMessage, response: ServerResponse): void => {
    idle.delete(socket)
    latest.set(socket, response)
    response.once('close', () => {
      if (latest.get(socket) !== response) return
      // A connection may be idle for long: the answer is not kept for it.
      latest.delete(socket)
      if (!socket.destroyed) idle.add(socket)
    })
  }
  for (const event of ['request', 'checkContinue', 'checkExpectation']) server.prependListener(event, begin)
}
