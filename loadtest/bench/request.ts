import { once } from 'node:events'
import { createServer, ServerResponse } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import type { AddressInfo } from 'node:net'
import { openExchange } from '../../gateway/exchange.ts'
import type { Exchange } from '../../gateway/exchange.ts'
import { unrecorded } from '../../gateway/records/recorder.ts'

/** Requests as Node's parser gives them, of a GET with these names and values of headers in turn; how it reads them is not timed. */
export async function receive (calls: readonly { readonly target: string, readonly headers: readonly string[] }[]): Promise<readonly IncomingMessage[]> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const received: IncomingMessage[] = []
  for (const { target, headers } of calls) {
    const lines = [`GET ${target} HTTP/1.1`]
    for (let index = 0; index < headers.length; index += 2) lines.push(`${headers[index]}: ${headers[index + 1]}`)
    const client = connect((server.address() as AddressInfo).port, '127.0.0.1')
    client.write([...lines, '', ''].join('\r\n'))
    const [request] = await once(server, 'request') as [IncomingMessage]
    received.push(request)
    client.destroy()
  }
  server.closeAllConnections()
  server.close()
  return received
}

/** The exchange of a request that came straight from its caller, in the clear; `now` in epoch ms. */
export function exchangeWith (request: IncomingMessage, now: number): Exchange {
  return openExchange(request, new ServerResponse(request), { address: '127.0.0.1', listener: 'public', channel: { secure: false, certificate: undefined } }, unrecorded, { now, expectsContinue: false, blockedSeconds: 0 })
}
