import { createServer } from 'node:net'

/** True when somebody could listen on a port of this machine. */
export async function isFree (host: string, port: number): Promise<boolean> {
  const server = createServer()
  return new Promise((resolve) => {
    server.once('error', () => { resolve(false) })
    server.listen(port, host, () => server.close(() => { resolve(true) }))
  })
}
