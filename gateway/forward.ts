import { buildConnector, Pool } from 'undici'
import type { Dispatcher } from 'undici'
import type { AnswerHead } from './answer-head.ts'
import { AnswerRelay } from './relay.ts'
import { undo } from './exchange.ts'
import type { Exchange } from './exchange.ts'
import { correlationHeader } from './non-blocking.ts'
import type { Outlet } from './outlet.ts'
import { Places } from './places.ts'
import type { Refuse } from './refuse.ts'
import type { Route } from './route.ts'
import { replacedInViews } from './views.ts'

/** How an upstream is called: `timeoutMs` is the time in which the head of an answer must come, and each later part of it; `via` names this gateway. */
interface UpstreamTerms { readonly timeoutMs: number, readonly via: string }

/** The connections to one upstream, and the places of the calls to it, where they are bounded. */
export interface Upstream extends UpstreamTerms { readonly pool: Pool, readonly origin: string, readonly places: Places | undefined }

/** Largest answer of an upstream, in bytes. */
const maxAnswerBytes = 1024 ** 3

/** Opens a pool for an upstream origin; nothing is connected before the first call. `concurrency` is how many calls may be in flight, if that is bounded, with those that are in flight by what was opened `before`. */
export function openUpstream (origin: string, { timeoutMs, via, concurrency }: UpstreamTerms & { readonly concurrency: number | undefined }, before?: Upstream): Upstream {
  const pool = new Pool(origin, {
    connections: 128,
    pipelining: 1,
    connect: prepareConnect(Math.min(timeoutMs, 3000)),
    // The head of an answer has a deadline of ours (relay.ts).
    headersTimeout: 0,
    bodyTimeout: timeoutMs,
    maxResponseSize: maxAnswerBytes,
    strictContentLength: true
  })
  return { pool, origin, timeoutMs, via, places: concurrency === undefined ? undefined : new Places(concurrency, before?.places) }
}

// Whether a lost connection had served before decides if a call may be repeated; only the client's own errors say so by themselves.
function prepareConnect (timeout: number): buildConnector.connector {
  const connect = buildConnector({ timeout, allowH2: false })
  return (options, done) => {
    connect(options, (...[error, socket]: buildConnector.CallbackArgs) => {
      socket?.once('error', (lost: Error & { socket?: object }) => { lost.socket ??= { bytesRead: socket.bytesRead } })
      if (error) done(error, null)
      else done(null, socket)
    })
  }
}

/** A request as it goes to the upstream: everything in it was matched, checked or made by the gateway. */
export interface Forwarded {
  readonly route: Route
  readonly method: Dispatcher.HttpMethod
  readonly target: string
  readonly body: Uint8Array | undefined
  readonly varcoCall: string
  /** What it is told of the trace of the call: names and values of headers in turn. */
  readonly trace: readonly string[]
  /** The cookies that the contract declares, if any came: no other reaches the upstream. */
  readonly cookie: string | undefined
  /** Headers that are sent instead of the caller's, where it may see only a part of the answer: names and values in turn. */
  readonly viewHeaders: readonly string[] | undefined
  /** Told when the upstream did what it was asked to. */
  readonly done?: (() => void) | undefined
  /** Opens the way by which an answer goes to the caller. */
  readonly openOutlet: () => Outlet
}

/**
 * Sends a call to its upstream and passes the answer back; every failure before the first byte is answered as a problem. A safe call is
 * repeated once when the upstream closed a kept connection just as it was used.
 */
export function forward (exchange: Exchange, forwarded: Forwarded, refuse: Refuse, addOwnFields: (head: AnswerHead) => void): void {
  const { pool, timeoutMs, origin } = forwarded.route.eservice.upstream
  const options = requestOf(exchange, forwarded)
  const sentAt = performance.now()
  const send = (retry: boolean): void => {
    const remainingMs = Math.max(0, timeoutMs - (performance.now() - sentAt))
    pool.dispatch(options, new AnswerRelay({ exchange, outlet: forwarded.openOutlet(), route: forwarded.route, origin, timeoutMs: remainingMs, addOwnFields, done: forwarded.done, unsent: () => {
      // Of a call that is repeated that is not certain.
      if (retry) undo(exchange)
    }, fail: (denial, lostKept) => {
      if (retry && lostKept && isSafe(forwarded.method)) send(false)
      else {
        exchange.leave?.()
        refuse(exchange, denial)
      }
    } }))
  }
  send(true)
}

/** What is asked of the upstream. */
export function requestOf (exchange: Exchange, forwarded: Omit<Forwarded, 'openOutlet'>): Dispatcher.DispatchOptions & { readonly headers: string[] } {
  return {
    path: forwarded.target,
    method: forwarded.method,
    headers: requestHeaders(exchange, forwarded),
    body: forwarded.body === undefined || forwarded.body.length === 0 ? null : forwarded.body
  }
}

export function isSafe (method: string): boolean {
  return method === 'GET' || method === 'HEAD' || method === 'OPTIONS'
}

/** Only what the route lets through, in one pass over the raw headers; framing and identity are always our own. */
function requestHeaders (exchange: Exchange, { route, varcoCall, trace, cookie, viewHeaders }: Omit<Forwarded, 'openOutlet'>): string[] {
  const raw = exchange.request.rawHeaders
  const headers = ['varco-call', varcoCall, 'x-request-id', exchange.correlationId, 'via', route.eservice.upstream.via]
  if (route.demands.nonBlocking === 'push') headers.push(correlationHeader, exchange.correlationId)
  for (let index = 0; index < raw.length; index += 2) {
    const name = (raw[index] as string).toLowerCase()
    if (route.requestHeaders.has(name) && !(viewHeaders && replacedInViews.has(name))) headers.push(name, raw[index + 1] as string)
  }
  if (trace.length > 0) headers.push(...trace)
  if (cookie !== undefined) headers.push('cookie', cookie)
  if (viewHeaders) headers.push(...viewHeaders)
  return headers
}
