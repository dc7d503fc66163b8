import { createServer as createSecureServer } from 'node:https'
import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { TlsOptions } from 'node:tls'
import type { DenialCode } from '../policies/denials.ts'
import { limitConnections } from './crowd.ts'
import type { Entrance } from './enter.ts'
import { createServer } from './node-http.ts'

/** Largest head of a request, in bytes. */
const maxHeaderSize = 16 * 1024

/**
 * How long a client is waited for, in ms: for the head of a request, for the whole of it, for the next one on the same connection, and
 * for it to take more of an answer. `checkEveryMs` is how often the first two are looked at.
 */
export interface Patience {
  readonly headersMs: number
  readonly requestMs: number
  readonly idleMs: number
  readonly stalledMs: number
  readonly checkEveryMs: number
}

export const usualPatience: Patience = { headersMs: 5000, requestMs: 10_000, idleMs: 55_000, stalledMs: 30_000, checkEveryMs: 1000 }

/** What is behind a listener: the way in, the router, and how many connections there may be. */
export interface Inside { readonly entrance: Entrance, readonly route: RequestListener, readonly connections: number }

/**
 * Makes the HTTP/1.1 server, over TLS where that is given: time and size limits that slow or greedy clients cannot stretch, and an answer of ours (never Node's bare
 * one) for everything that is not a well-formed request. Each request goes to what `inside` gives when it comes; connections outlast that.
 */
export function createListener (inside: () => Inside, patience: Patience, tls?: TlsOptions): Server {
  const enter = (request: IncomingMessage, response: ServerResponse, expectsContinue: boolean): void => {
    const { entrance, route } = inside()
    if (entrance.admits(request, response, expectsContinue)) route(request, response)
  }
  const options = {
    maxHeaderSize,
    headersTimeout: patience.headersMs,
    requestTimeout: patience.requestMs,
    connectionsCheckingInterval: patience.checkEveryMs,
    keepAliveTimeout: patience.idleMs,
    requireHostHeader: false,
    insecureHTTPParser: false,
    noDelay: true
  }
  const serve: RequestListener = (request, response) => { enter(request, response, false) }
  const server = tls ? createSecureServer({ ...options, ...tls, ALPNProtocols: ['http/1.1'], handshakeTimeout: patience.headersMs }, serve) : createServer(options, serve)
  limitConnections(server, () => inside().connections)
  server.timeout = patience.stalledMs
  // Nothing moved for that long: the caller does not take the answer, unless there is none yet.
  server.on('timeout', (socket: Socket) => { if (!inside().entrance.works(socket)) socket.destroy() })
  // The number of headers is checked by the wire checks: Node's own limit would silently drop the rest.
  server.maxHeadersCount = 0
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => { enter(request, response, true) })
  server.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) => { inside().entrance.expectation(request, response) })
  server.on('connect', (_request: IncomingMessage, socket: Socket) => { inside().entrance.unreadable(socket, { denial: 'method-not-implemented', check: 'method' }) })
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => { refuseUnreadable(inside().entrance, error, socket) })
  return server
}

/** Refuses what the HTTP parser could not read or did not get in time, and closes the connection. */
function refuseUnreadable (entrance: Entrance, error: NodeJS.ErrnoException, socket: Socket): void {
  const { code = '' } = error
  if (!socket.writable || code === 'ECONNRESET' || shakesHands(socket)) socket.destroy()
  else entrance.unreadable(socket, { denial: denialCodes[code] ?? 'malformed-request', check: 'parser', reason: `the parser stopped: ${code}` })
}

// Before the handshake is over there is nothing to answer on.
function shakesHands (socket: Socket): boolean {
  return socket instanceof TLSSocket && socket.getPeerFinished() === undefined
}

const denialCodes: Readonly<Record<string, DenialCode>> = {
  HPE_HEADER_OVERFLOW: 'headers-too-large',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 'content-too-large',
  HPE_INVALID_METHOD: 'method-not-implemented',
  ERR_HTTP_REQUEST_TIMEOUT: 'request-timeout'
}
