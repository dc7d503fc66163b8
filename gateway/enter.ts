import { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Logger } from 'pino'
import { isProven } from '../policies/admission.ts'
import { blockedAddress } from '../policies/caller.ts'
import type { Line } from '../policies/check.ts'
import type { Denial } from '../policies/denials.ts'
import type { Config } from './config.ts'
import { prepareOrigin } from './channel.ts'
import { openExchange } from './exchange.ts'
import type { Exchange } from './exchange.ts'
import { recordWhenDone } from './record.ts'
import type { Refuse } from './refuse.ts'
import { UnprovenLimit } from './unproven.ts'
import { findLoop, viaOf } from './via.ts'
import { findWireFault } from './wire.ts'
import type { Authorities } from './wire.ts'

/** What entering needs. `stopping` is aborted when the process begins to stop; `explain` gives the checks of a refused voucher. */
export interface EntranceParts {
  readonly config: Config
  readonly authorities: Authorities
  readonly logger: Logger
  readonly now: () => number
  readonly stopping: AbortSignal
  readonly explain: (exchange: Exchange) => readonly Line[]
}

/** Step 1, for whatever comes in on a connection: what is not let through ends with exactly one answer and one record. */
export interface Entrance {
  /** True when a request whose head was read may go on; `expectsContinue` when the client waits for 100 Continue. */
  admits (request: IncomingMessage, response: ServerResponse, expectsContinue: boolean): boolean
  /** A request with an expectation that is not met. */
  expectation (request: IncomingMessage, response: ServerResponse): void
  /** Bytes that are no request, or a request that did not come in whole. The connection is closed. */
  unreadable (socket: Socket, denial: Denial): void
  /** True while the answer to a request is being worked on and nothing of it waits to be taken. */
  works (socket: Socket): boolean
}

/** Prepares the entrance: nothing gets further that could mean two things, nor from an address that keeps sending what is refused. */
export function prepareEntrance (parts: EntranceParts, refuse: Refuse): Entrance {
  const unproven = new UnprovenLimit(parts.config.limits.unproven)
  const via = viaOf(parts.config)
  const originOf = prepareOrigin(parts.config.trustedProxies)
  const latest = new WeakMap<Socket, Exchange>()
  const unanswered = new Set<ServerResponse>()
  const open = (request: IncomingMessage, response: ServerResponse, expectsContinue: boolean): Exchange => {
    const now = parts.now()
    const origin = originOf(request)
    const exchange = openExchange(request, response, origin, now, expectsContinue, unproven.blockedSeconds(origin.address, now))
    latest.set(request.socket, exchange)
    recordWhenDone(exchange, parts.logger, parts.now, parts.explain)
    response.once('close', () => { if (exchange.denial && !isProven(exchange.call)) unproven.count(exchange.address, exchange.startedAt) })
    if (parts.stopping.aborted) setClose(response)
    unanswered.add(response)
    response.once('close', () => { unanswered.delete(response) })
    return exchange
  }
  parts.stopping.addEventListener('abort', () => { for (const response of unanswered) setClose(response) })
  const refuseAndClose = (exchange: Exchange, denial: Denial): void => {
    setClose(exchange.response)
    refuse(exchange, denial)
  }
  return {
    admits (request, response, expectsContinue) {
      const before = latest.get(request.socket)
      if (before && closesAfter(before)) return false
      const exchange = open(request, response, expectsContinue)
      const denial = findWireFault(request, parts.authorities) ?? findLoop(request, via) ?? findBlock(exchange)
      if (denial) refuse(exchange, denial)
      return denial === undefined
    },
    expectation (request, response) {
      refuseAndClose(open(request, response, true), findWireFault(request, parts.authorities) ?? { denial: 'expectation-failed', check: 'Expect' })
    },
    unreadable (socket, denial) {
      const before = latest.get(socket)
      if (before && !before.request.complete) {
        if (before.response.writableEnded) socket.destroySoon()
        else refuseAndClose(before, denial)
        return
      }
      const answer = (): void => {
        if (socket.destroyed || (before && closesAfter(before))) return
        const { request, response } = blankOn(socket)
        refuseAndClose(open(request, response, false), denial)
      }
      // A client may have sent this behind a good request, which is answered first.
      if (before && !before.response.destroyed && !before.response.writableFinished) before.response.once('close', answer)
      else answer()
    },
    works (socket) {
      const exchange = latest.get(socket)
      return exchange !== undefined && !exchange.response.writableEnded && socket.writableLength === 0
    }
  }
}

function setClose (response: ServerResponse): void {
  if (!response.headersSent) response.setHeader('Connection', 'close')
}

// Whoever brings a voucher may still prove who it is; the policies see to that.
function findBlock ({ call: { blockedSeconds, authorization } }: Exchange): Denial | undefined {
  return blockedSeconds > 0 && authorization.length === 0 ? blockedAddress(blockedSeconds) : undefined
}

// RFC 9112, 9.6: nothing that comes behind the last request of a connection is processed, whether the client or an answer said that it is the last.
function closesAfter ({ response }: Exchange): boolean {
  return !response.shouldKeepAlive || response.getHeader('connection') === 'close'
}

// What cannot be read is answered and recorded by the same means as any request: as one of which nothing is known.
function blankOn (socket: Socket): { request: IncomingMessage, response: ServerResponse } {
  const request = new IncomingMessage(socket)
  request.complete = true
  const response = new ServerResponse(request)
  response.assignSocket(socket)
  response.once('finish', () => { socket.destroySoon() })
  return { request, response }
}
