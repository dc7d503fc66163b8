import type { IncomingHttpHeaders } from 'node:http'
import type { Dispatcher } from 'undici'
import { essence } from '../openapi/requests/media-type.ts'
import { problemMediaType } from '../openapi/problem.ts'
import type { Denial } from '../policies/denials.ts'
import { AnswerHead } from './answer-head.ts'
import { breakOff } from './break-off.ts'
import type { Exchange } from './exchange.ts'
import { findAnswerFault, setCorrelation } from './non-blocking.ts'
import type { Outlet } from './outlet.ts'
import type { Route } from './route.ts'

/** What relaying one answer needs: its head must come in `timeoutMs`; `fail` is told whether a connection that had served before was lost unanswered; before it, or when the caller has left, `unsent` when the upstream knows nothing of the call. */
export interface RelayOptions {
  readonly exchange: Exchange
  readonly outlet: Outlet
  readonly route: Route
  readonly origin: string
  readonly timeoutMs: number
  readonly addOwnFields: (head: AnswerHead) => void
  readonly fail: (denial: Denial, lostUnanswered: boolean) => void
  readonly unsent: () => void
  /** Told when the upstream did what it was asked to. */
  readonly done: (() => void) | undefined
}

/** How much of an answer that is not passed on is read, so that its connection can be kept, in bytes. */
const worthReading = 64 * 1024

/**
 * Passes an upstream's answer on to the caller: allow-listed headers, our own framing, back-pressure both ways. An answer that breaks off
 * breaks the connection to the caller too, where some of it went there: a truncated answer never looks whole. Errors of the upstream that are no problem documents
 * are replaced by one of ours.
 */
export class AnswerRelay implements Dispatcher.DispatchHandler {
  readonly #options: RelayOptions
  readonly #sentAt = performance.now()
  readonly #deadline: NodeJS.Timeout
  #controller: Dispatcher.DispatchController | undefined
  #answered = false
  #over = false
  #unread = 0

  constructor (options: RelayOptions) {
    this.#options = options
    // undici's own timers tick twice a second and do not run for a request that waits for a connection.
    this.#deadline = setTimeout(() => { this.#giveUp(Object.assign(new Error('no answer in time'), { code: 'VARCO_DEADLINE' })) }, options.timeoutMs)
    options.exchange.relay = this
    options.exchange.marks.sent ||= this.#sentAt
    if (options.exchange.response.destroyed) this.abandon()
  }

  onRequestStart (controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#over) controller.abort(new Error('nobody waits for it any longer'))
  }

  onResponseStart (_controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    if (status < 200) return
    clearTimeout(this.#deadline)
    const { exchange, outlet, route } = this.#options
    exchange.marks.answered = performance.now()
    exchange.upstreamMs = exchange.marks.answered - this.#sentAt
    this.#answered = true
    // What the e-service failed at it has not done: whoever repeats the call finds the interaction where it was.
    if (status >= 500) exchange.call.transition?.undo()
    if (status < 400) this.#options.done?.()
    const fault = outlet.see?.(status, headers)
    const refused = replacement(status, headers) ?? findAnswerFault(route.demands.nonBlocking, status, headers) ?? fault ?? outlet.begin(status, headers, () => this.#compose(status, headers))
    if (refused) this.#refuse(refused)
  }

  onResponseData (controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#over) {
      this.#unread += chunk.length
      if (this.#unread > worthReading) controller.abort(new Error('it is not passed on'))
      return
    }
    const outcome = this.#options.outlet.write(chunk)
    if (outcome === 'wait') {
      controller.pause()
      this.#options.exchange.response.once('drain', () => { controller.resume() })
    }
    else if (outcome !== 'more') this.#refuse(outcome)
  }

  onResponseEnd (): void {
    if (!this.#settle()) return
    this.#options.exchange.leave?.()
    this.#options.outlet.end()
  }

  onResponseError (_controller: Dispatcher.DispatchController | null, error: UpstreamError): void {
    if (!this.#settle()) return
    const { exchange, outlet, fail, unsent } = this.#options
    if (!this.#controller) unsent()
    if (exchange.response.destroyed) return
    if (outlet.begun) {
      exchange.denial = { ...upstreamDenial(error), reason: `the upstream's answer broke off: ${error.code ?? error.message}` }
      breakOff(exchange.request.socket)
    } else fail(upstreamDenial(error), !this.#answered && (error.socket?.bytesRead ?? 0) > 0)
  }

  /** Nobody waits for the answer any longer. */
  abandon (): void {
    this.#giveUp(new Error('the caller went away'))
  }

  #refuse (denial: Denial): void {
    if (this.#settle()) this.#options.fail(denial, false)
  }

  #giveUp (error: Error): void {
    if (this.#controller) this.#controller.abort(error)
    // It still waits for a connection; should it get one, it is not sent.
    else this.onResponseError(null, error)
  }

  /** True once, when the outcome is known. */
  #settle (): boolean {
    if (this.#over) return false
    this.#over = true
    clearTimeout(this.#deadline)
    this.#options.exchange.relay = undefined
    return true
  }

  #compose (status: number, headers: IncomingHttpHeaders): AnswerHead {
    const { exchange, route, origin } = this.#options
    const head = new AnswerHead(passedHeaders(headers, route, origin))
    setCorrelation(head, route.demands.nonBlocking, status, exchange.correlationId)
    // RFC 9110, 8.6.
    if (status === 204) head.remove('content-length')
    if (headers['cache-control'] === undefined) head.add('Cache-Control', 'no-store')
    this.#options.addOwnFields(head)
    return head
  }
}

/** The headers of an upstream's answer that callers get, names and values in turn. */
export function passedHeaders (headers: IncomingHttpHeaders, route: Route, origin: string): string[] {
  const passed: string[] = []
  for (const name in headers) {
    const value = headers[name]
    if (value === undefined || !route.responseHeaders.has(name)) continue
    for (const one of Array.isArray(value) ? value : [value]) passed.push(name, name === 'location' ? ownLocation(one, origin) : one)
  }
  if (headers['content-length'] !== undefined) passed.push('Content-Length', headers['content-length'])
  return passed
}

// An absolute Location would show callers where the upstream is.
function ownLocation (location: string, origin: string): string {
  if (!/^(?:[a-z][a-z0-9+.-]*:|\/\/)/i.test(location)) return location
  const url = URL.parse(location, origin)
  return url?.host === new URL(origin).host ? url.pathname + url.search + url.hash : location
}

/** What the caller is told instead of an error that is no problem document, or that concerns only the gateway and its upstream. */
function replacement (status: number, headers: IncomingHttpHeaders): Denial | undefined {
  if (status < 400) return undefined
  const reason = `the upstream answered ${status}`
  if (status === 401 || status === 407) return { denial: 'upstream-invalid', check: 'upstream', reason: `${reason}: it does not accept this gateway; compare the upstream secret on both sides` }
  // One that is said twice comes as a list, and may be either.
  const type: string | readonly string[] | undefined = headers['content-type']
  if (typeof type === 'string' && essence(type) === problemMediaType) return undefined
  if (status < 500 || status === 503) return { denial: 'eservice-refused', check: 'upstream', status, retryAfter: Number(headers['retry-after']) || undefined, reason: `${reason} without a problem document` }
  return { denial: 'upstream-invalid', check: 'upstream', reason: `${reason} without a problem document` }
}

/** An error as the HTTP client reports it; `socket` says how much had been read from the connection. */
export type UpstreamError = Error & { readonly code?: string, readonly socket?: { readonly bytesRead?: number } }

const lateCodes = new Set(['VARCO_DEADLINE', 'UND_ERR_BODY_TIMEOUT', 'UND_ERR_CONNECT_TIMEOUT'])
// The client fails an assertion of its own on an answer that switches protocols.
const invalidCodes = new Set(['UND_ERR_HEADERS_OVERFLOW', 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH', 'UND_ERR_RES_EXCEEDED_MAX_SIZE', 'ERR_ASSERTION'])

/** Turns a failure to get an answer into the denial that the caller is told. */
export function upstreamDenial ({ code = '', name, message }: UpstreamError): Denial {
  const invalid = name === 'HTTPParserError' || invalidCodes.has(code)
  return { denial: lateCodes.has(code) ? 'upstream-timeout' : invalid ? 'upstream-invalid' : 'upstream-unreachable', check: 'upstream', reason: `the upstream failed: ${code || message}` }
}
