import { createServer } from 'node:http'
import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { problemMediaType } from '../openapi/problem.ts'
import { denialType } from '../policies/denials.ts'
import type { DenialCode } from '../policies/denials.ts'

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

/** What becomes of a request once its head was read; `expectsContinue` when the client waits for 100 Continue. */
export type Enter = (request: IncomingMessage, response: ServerResponse, expectsContinue: boolean) => void

/**
 * Makes the HTTP/1.1 server: time and size limits that slow or greedy clients cannot stretch, and an answer of ours (never Node's bare
 * one) for everything that is not a well-formed request.
 */
export function createListener (enter: Enter, refuseExpectation: RequestListener, connections: number, patience: Patience): Server {
  const server = createServer({
    maxHeaderSize,
    headersTimeout: patience.headersMs,
    requestTimeout: patience.requestMs,
    connectionsCheckingInterval: patience.checkEveryMs,
    keepAliveTimeout: patience.idleMs,
    requireHostHeader: false,
    insecureHTTPParser: false,
    noDelay: true
  }, (request, response) => { enter(request, response, false) })
  server.maxConnections = connections
  // The number of headers is checked by the wire checks: Node's own limit would silently drop the rest.
  server.maxHeadersCount = 0
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => { enter(request, response, true) })
  server.on('checkExpectation', refuseExpectation)
  server.on('connect', (_request: IncomingMessage, socket: Duplex) => { endWith(socket, 'method-not-implemented') })
  return server
}

/** Answers what the HTTP parser could not read, and closes the connection. */
export function answerClientError (error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy()
    return
  }
  endWith(socket, clientErrorCodes[error.code ?? ''] ?? 'malformed-request')
}

const clientErrorCodes: Readonly<Record<string, DenialCode>> = {
  HPE_HEADER_OVERFLOW: 'headers-too-large',
  HPE_INVALID_METHOD: 'method-not-implemented',
  ERR_HTTP_REQUEST_TIMEOUT: 'request-timeout'
}

function endWith (socket: Duplex, code: DenialCode): void {
  const { status, title, mend } = denialType(code)
  const body = JSON.stringify({ type: 'about:blank', title, status, detail: mend, code })
  socket.end(`HTTP/1.1 ${status} ${title}\r\nContent-Type: ${problemMediaType}\r\nContent-Length: ${Buffer.byteLength(body)}\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n${body}`)
}
