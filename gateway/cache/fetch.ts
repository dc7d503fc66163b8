import type { IncomingHttpHeaders } from 'node:http'
import type { Dispatcher, Pool } from 'undici'
import { upstreamDenial } from '../relay.ts'
import type { UpstreamError } from '../relay.ts'
import type { Denial } from '../../policies/denials.ts'

/** What an upstream answered: with a body where it was wanted and came whole; or why it did not. */
export type Fetched = { readonly status: number, readonly headers: IncomingHttpHeaders, readonly body: Buffer | undefined } | { readonly denial: Denial }

/** A request that no caller's connection hangs on: its head must come in `timeoutMs`; of the body, where it `isWanted`, `mostBytes` at most are kept. */
export interface FetchOptions {
  readonly request: Dispatcher.DispatchOptions
  readonly timeoutMs: number
  readonly mostBytes: number
  readonly isWanted: (status: number, headers: IncomingHttpHeaders) => boolean
}

/** Asks an upstream and gives what it answered, once, whatever happens. What was lost on a kept connection just as it was used is asked once more. */
export function fetchFrom (pool: Pool, options: FetchOptions, done: (fetched: Fetched) => void): void {
  pool.dispatch(options.request, new Fetch(options, (fetched, lostKept) => {
    if (!lostKept) return done(fetched)
    pool.dispatch(options.request, new Fetch(options, done))
  }))
}

class Fetch implements Dispatcher.DispatchHandler {
  readonly #options: FetchOptions
  readonly #done: (fetched: Fetched, lostKept: boolean) => void
  readonly #deadline: NodeJS.Timeout
  readonly #chunks: Buffer[] = []
  #controller: Dispatcher.DispatchController | undefined
  #head: { readonly status: number, readonly headers: IncomingHttpHeaders } | undefined
  #bytes = 0
  #over = false

  constructor (options: FetchOptions, done: (fetched: Fetched, lostKept: boolean) => void) {
    this.#options = options
    this.#done = done
    this.#deadline = setTimeout(() => {
      const late = Object.assign(new Error('no answer in time'), { code: 'VARCO_DEADLINE' })
      if (this.#controller) this.#controller.abort(late)
      else this.onResponseError(null, late)
    }, options.timeoutMs)
  }

  onRequestStart (controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#over) controller.abort(new Error('nobody waits for it any longer'))
  }

  onResponseStart (controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    if (status < 200) return
    clearTimeout(this.#deadline)
    this.#head = { status, headers }
    if (!this.#options.isWanted(status, headers)) this.#giveUp(controller)
  }

  onResponseData (controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#over) return
    this.#bytes += chunk.length
    if (this.#bytes > this.#options.mostBytes) this.#giveUp(controller)
    else this.#chunks.push(chunk)
  }

  onResponseEnd (): void {
    if (this.#head) this.#settle({ ...this.#head, body: ownCopy(this.#chunks, this.#bytes) })
  }

  onResponseError (_controller: Dispatcher.DispatchController | null, error: UpstreamError): void {
    this.#settle({ denial: upstreamDenial(error) }, !this.#head && (error.socket?.bytesRead ?? 0) > 0)
  }

  #giveUp (controller: Dispatcher.DispatchController): void {
    if (this.#head) this.#settle({ ...this.#head, body: undefined })
    controller.abort(new Error('its answer is not kept'))
  }

  #settle (fetched: Fetched, lostKept = false): void {
    if (this.#over) return
    this.#over = true
    clearTimeout(this.#deadline)
    this.#done(fetched, lostKept)
  }
}

/** Chunks as one buffer with memory of its own: what comes from a socket is a part of a much larger piece, which would be kept with it. */
export function ownCopy (chunks: readonly Buffer[], bytes: number): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes)
  let at = 0
  for (const chunk of chunks) at += chunk.copy(copy, at)
  return copy
}
