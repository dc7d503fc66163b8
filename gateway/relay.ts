import type { IncomingHttpHeaders, ServerResponse } from 'node:http'
import type { Dispatcher } from 'undici'
import { essence } from '../openapi/contract.ts'
import { problemMediaType } from '../openapi/problem.ts'
import type { Denial } from '../policies/denials.ts'
import type { Exchange } from './exchange.ts'
import type { Route } from './route.ts'

/** What relaying one answer needs; `fail` is told whether the connection was lost before any answer came. */
export interface RelayOptions {
  readonly exchange: Exchange
  readonly route: Route
  readonly origin: string
  readonly timeoutMs: number
  readonly setHeaders: (response: ServerResponse) => void
  readonly fail: (denial: Denial, lostUnanswered: boolean) => void
}

/**
 * Streams an upstream's answer to the caller: allow-listed headers, our own framing, back-pressure both ways. An answer that breaks off
 * breaks the connection to the caller too: a truncated answer never looks whole. Errors of the upstream that are no problem documents
 * are replaced by one of ours.
 */
export class AnswerRelay implements Dispatcher.DispatchHandler {
  readonly #options: RelayOptions
  readonly #sentAt = performance.now()
  #controller: Dispatcher.DispatchController | undefined
  #deadline: NodeJS.Timeout | undefined
  #started = false
  #replaced: Denial | undefined
  readonly #onClose = (): void => {
    if (!this.#options.exchange.response.writableFinished) this.#controller?.abort(new Error('the caller went away'))
  }

  constructor (options: RelayOptions) {
    this.#options = options
  }

  onRequestStart (controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    const { exchange, timeoutMs } = this.#options
    if (exchange.response.destroyed) {
      controller.abort(new Error('the caller went away'))
      return
    }
    // undici's own timers tick about once a second; a promise in milliseconds needs a timer of its own.
    this.#deadline = setTimeout(() => { controller.abort(Object.assign(new Error('no answer in time'), { code: 'VARCO_DEADLINE' })) }, timeoutMs)
    exchange.response.once('close', this.#onClose)
  }

  onResponseStart (controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    if (status < 200) return
    clearTimeout(this.#deadline)
    const { exchange, route } = this.#options
    exchange.upstreamMs = performance.now() - this.#sentAt
    this.#started = true
    this.#replaced = replacement(status, headers)
    if (this.#replaced) return
    const { response } = exchange
    this.#copyHeaders(response, headers, route)
    if (!response.hasHeader('cache-control')) response.setHeader('Cache-Control', 'no-store')
    this.#options.setHeaders(response)
    response.writeHead(status)
    response.on('drain', () => { controller.resume() })
  }

  onResponseData (controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#replaced) return
    this.#options.exchange.bytesSent += chunk.length
    if (!this.#options.exchange.response.write(chunk)) controller.pause()
  }

  onResponseEnd (): void {
    this.#settle()
    if (this.#replaced) this.#options.fail(this.#replaced, false)
    else this.#options.exchange.response.end()
  }

  onResponseError (_controller: Dispatcher.DispatchController, error: Error & { code?: string }): void {
    this.#settle()
    const { exchange, fail } = this.#options
    if (exchange.response.destroyed) return
    if (this.#started && !this.#replaced) {
      exchange.denial = { ...upstreamDenial(error), reason: `the upstream's answer broke off: ${error.code ?? error.message}` }
      exchange.response.destroy()
    } else fail(this.#replaced ?? upstreamDenial(error), error.code === 'UND_ERR_SOCKET' || error.code === 'ECONNRESET')
  }

  #settle (): void {
    clearTimeout(this.#deadline)
    this.#options.exchange.response.off('close', this.#onClose)
  }

  #copyHeaders (response: ServerResponse, headers: IncomingHttpHeaders, route: Route): void {
    for (const name in headers) {
      const value = headers[name]
      if (value === undefined || !route.responseHeaders.has(name)) continue
      response.setHeader(name, name === 'location' ? ownLocation(String(value), this.#options.origin) : value)
    }
    if (headers['content-length'] !== undefined) response.setHeader('Content-Length', headers['content-length'])
  }
}

// An absolute Location would show callers where the upstream is.
function ownLocation (location: string, origin: string): string {
  return location.startsWith(`${origin}/`) ? location.slice(origin.length) : location
}

/** What the caller is told instead of an error that is no problem document, or that concerns only the gateway and its upstream. */
function replacement (status: number, headers: IncomingHttpHeaders): Denial | undefined {
  if (status < 400) return undefined
  const reason = `the upstream answered ${status}`
  if (status === 401 || status === 407) return { denial: 'upstream-invalid', check: 'upstream', reason: `${reason}: it does not accept this gateway; compare the upstream secret on both sides` }
  if (essence(headers['content-type'] ?? '') === problemMediaType) return undefined
  if (status < 500 || status === 503) return { denial: 'eservice-refused', check: 'upstream', status, retryAfter: Number(headers['retry-after']) || undefined, reason: `${reason} without a problem document` }
  return { denial: 'upstream-invalid', check: 'upstream', reason: `${reason} without a problem document` }
}

/** Turns a failure to get an answer into the denial that the caller is told. */
function upstreamDenial (error: Error & { code?: string }): Denial {
  const late = error.code === 'UND_ERR_HEADERS_TIMEOUT' || error.code === 'UND_ERR_BODY_TIMEOUT' || error.code === 'VARCO_DEADLINE'
  const invalid = error.code?.startsWith('HPE_') || error.code === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH' || error.code === 'UND_ERR_RES_EXCEEDED_MAX_SIZE'
  return { denial: late ? 'upstream-timeout' : invalid ? 'upstream-invalid' : 'upstream-unreachable', check: 'upstream', reason: `the upstream failed: ${error.code ?? error.message}` }
}
