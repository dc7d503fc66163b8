import type { Server, Socket } from 'node:net'

/** Has every new connection wait, with nothing of it read by what is behind the server, until the function that it gives is called. */
export function holdConnections (server: Server): () => void {
  const behind = server.rawListeners('connection') as ((socket: Socket) => void)[]
  const waiting: Socket[] = []
  const hold = (socket: Socket): void => { waiting.push(socket) }
  server.removeAllListeners('connection').on('connection', hold)
  return () => {
    server.off('connection', hold)
    for (const listener of behind) server.on('connection', listener)
    for (const socket of waiting) server.emit('connection', socket)
  }
}
