import type { ServerResponse } from 'node:http'
import { Pool } from 'undici'
import type { Dispatcher } from 'undici'
import { AnswerRelay } from './relay.ts'
import type { Exchange } from './exchange.ts'
import type { Refuse } from './refuse.ts'
import type { Route } from './route.ts'

/** The connections to one upstream. `timeoutMs` is the time in which the head of an answer must come, and each later part of it. */
export interface Upstream { readonly pool: Pool, readonly origin: string, readonly timeoutMs: number }

/** Largest answer of an upstream, in bytes. */
const maxAnswerBytes = 1024 ** 3

/** Opens a pool for an upstream origin; nothing is connected before the first call. */
export function openUpstream (origin: string, timeoutMs: number): Upstream {
  const pool = new Pool(origin, {
    connections: 128,
    pipelining: 1,
    connect: { timeout: Math.min(timeoutMs, 3000) },
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    maxResponseSize: maxAnswerBytes,
    strictContentLength: true
  })
  return { pool, origin, timeoutMs }
}

/** A request as it goes to the upstream: everything in it was matched, checked or made by the gateway. */
export interface Forwarded {
  readonly route: Route
  readonly method: Dispatcher.HttpMethod
  readonly target: string
  readonly body: Uint8Array | undefined
  readonly varcoCall: string
}

/** Sends a call to its upstream and streams the answer back; every failure before the first byte is answered as a problem. */
export function forward (exchange: Exchange, forwarded: Forwarded, refuse: Refuse, setHeaders: (response: ServerResponse) => void): void {
  const { pool, timeoutMs, origin } = forwarded.route.eservice.upstream
  const options: Dispatcher.DispatchOptions = {
    path: forwarded.target,
    method: forwarded.method,
    headers: requestHeaders(exchange, forwarded),
    body: forwarded.body === undefined || forwarded.body.length === 0 ? null : forwarded.body
  }
  const send = (retry: boolean): void => {
    pool.dispatch(options, new AnswerRelay({ exchange, route: forwarded.route, origin, timeoutMs, setHeaders, fail: (denial, lostUnanswered) => {
      if (retry && lostUnanswered && isSafe(forwarded.method)) send(false)
      else refuse(exchange, denial)
    } }))
  }
  send(true)
}

function isSafe (method: string): boolean {
  return method === 'GET' || method === 'HEAD' || method === 'OPTIONS'
}

/** Only what the route lets through, in one pass over the raw headers; framing and identity are always our own. */
function requestHeaders (exchange: Exchange, { route, varcoCall }: Forwarded): string[] {
  const raw = exchange.request.rawHeaders
  const headers = ['varco-call', varcoCall, 'x-request-id', exchange.correlationId]
  for (let index = 0; index < raw.length; index += 2) {
    const name = (raw[index] as string).toLowerCase()
    if (route.requestHeaders.has(name)) headers.push(name, raw[index + 1] as string)
  }
  return headers
}
