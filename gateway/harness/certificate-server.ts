import { createServer } from 'node:https'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer as createPlainServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { Agent } from 'undici'
import { makeAuthority } from './certificates.ts'

/** Servers from which certificates are fetched, and must not be. Used by tests only. */

interface Teardown { teardown (work: () => unknown): void }

/** An https server whose answers a test sets; `requests` holds the path of each, `dispatcher` trusts it and nobody else. */
export interface CertificateServer {
  readonly origin: string
  readonly requests: string[]
  readonly dispatcher: Agent
  answer: (request: IncomingMessage, response: ServerResponse) => void
}

export async function startCertificateServer (t: Teardown): Promise<CertificateServer> {
  const authority = await makeAuthority('web')
  const own = await authority.issue('localhost', { subject: [['CN', 'localhost']] })
  const server = createServer({ cert: own.pem, key: own.keyPem }, (request, response) => {
    running.requests.push(request.url ?? '')
    running.answer(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const dispatcher = new Agent({ connect: { ca: authority.pem, servername: 'localhost' } })
  const running: CertificateServer = {
    origin: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: [],
    dispatcher,
    answer: (_request, response) => { response.writeHead(404).end() }
  }
  t.teardown(async () => {
    await dispatcher.destroy()
    server.closeAllConnections()
    server.close()
  })
  return running
}

/** Listens for whoever should not come: `connections` counts them. */
export async function startCanary (t: Teardown): Promise<{ readonly port: number, connections: number }> {
  const server = createPlainServer((socket) => {
    canary.connections++
    socket.destroy()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const canary = { port: (server.address() as AddressInfo).port, connections: 0 }
  t.teardown(() => { server.close() })
  return canary
}

/** Addresses at a canary's port, and others of nobody, that hostile tokens name. `origin` is one that is allowed. */
export function hostileAddresses (port: number, origin: string): readonly unknown[] {
  const { host } = new URL(origin)
  return [
    `http://127.0.0.1:${port}/c.pem`, `https://127.0.0.1:${port}/c.pem`, `https://localhost:${port}/c.pem`, `https://[::1]:${port}/c.pem`, `https://2130706433:${port}/c.pem`, `https://0x7f.1:${port}/`, `//127.0.0.1:${port}/c.pem`,
    `https://${host}@127.0.0.1:${port}/c.pem`, `https://user:secret@${host}/c.pem`, `https://${host}.evil.example/c.pem`, `https://${host}\\@127.0.0.1:${port}/`, `https://evil.example\\.${host}/`,
    `http://${host}/c.pem`, `HTTPS://${host}/c.pem`, `https://${host}`, `https://${host}/a/../c.pem`, `https://${host}/c.pem?x=1`, `https://${host}/c.pem#x`, ` https://${host}/c.pem`, `https://${host}/c.pem\n`, `https://${host}/c d.pem`,
    'https://169.254.169.254/latest/meta-data/', 'file:///etc/passwd', 'gopher://127.0.0.1/', 'ftp://127.0.0.1/', 'data:application/x-pem-file;base64,AAAA', 'javascript:1', '', '/', 'c.pem', `https://${host}/${'x'.repeat(2000)}`,
    7, null, true, [`${origin}/c.pem`], { href: `${origin}/c.pem` }
  ]
}
