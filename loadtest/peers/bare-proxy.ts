import type { AddressInfo } from 'node:net'
import Fastify from 'fastify'
import { noDemands } from '../../policies/demands.ts'
import type { Entrance } from '../../gateway/enter.ts'
import { exchangeOf, openExchange } from '../../gateway/exchange.ts'
import { forward, openUpstream } from '../../gateway/forward.ts'
import { createListener, usualPatience } from '../../gateway/listen.ts'
import { StreamingOutlet } from '../../gateway/outlet.ts'
import { unrecorded } from '../../gateway/records/recorder.ts'
import type { Refuse } from '../../gateway/refuse.ts'
import { routing } from '../../gateway/route.ts'
import type { Route } from '../../gateway/route.ts'
import { tellPort } from './tell-port.ts'
import { givenWork } from './work.ts'

// What the gateway would be if it only passed calls on: its own listener, router and forwarding, without a policy, without the contract, without a record. The
// difference is what the checks cost.
const route = {
  eservice: { upstream: openUpstream(givenWork().upstream, { timeoutMs: 30_000, via: '1.1 bare', concurrency: undefined }) },
  demands: noDemands,
  requestHeaders: new Set(['accept', 'accept-encoding', 'content-type']),
  responseHeaders: new Set(['content-type', 'cache-control', 'etag'])
} as unknown as Route

const entrance = {
  admits (request, response) {
    openExchange(request, response, { address: '127.0.0.1', listener: 'public', channel: { secure: false, certificate: undefined } }, unrecorded, { now: Date.now(), expectsContinue: false, blockedSeconds: 0 })
    return true
  }
} as Partial<Entrance> as Entrance

const refuse: Refuse = ({ response }) => { response.writeHead(502).end() }

const app = Fastify({ logger: false, ...routing })
app.get('/rest/tickets/v1/channels', (request, reply) => {
  reply.hijack()
  const exchange = exchangeOf(request.raw)
  const forwarded = { route, method: 'GET', target: request.raw.url ?? '', body: undefined, varcoCall: 'none', trace: [], cookie: undefined, viewHeaders: undefined, openOutlet: () => new StreamingOutlet(exchange, refuse) } as const
  forward(exchange, forwarded, refuse, (head) => { head.add('X-Request-ID', exchange.correlationId) })
})
await app.ready()
const server = createListener(() => ({ entrance, route: (request, response) => { app.routing(request, response) }, connections: 10_000 }), usualPatience)
server.listen(0, '127.0.0.1', () => { tellPort((server.address() as AddressInfo).port) })
