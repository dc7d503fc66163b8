import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'

/** Breaks off an answer of which something went out, so that nobody takes it for a whole one. */
export function breakOff (socket: Socket): void {
  // Not just closed: to a caller in HTTP/1.0 that would be the end of a whole answer. Over TLS it is told by the missing close_notify.
  if (socket instanceof TLSSocket) socket.destroy()
  else socket.resetAndDestroy()
}
