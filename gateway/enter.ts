import type { Socket } from 'node:net'
import type { Logger } from 'pino'
import { isProven } from '../policies/admission.ts'
import { blockedAddress, certificateOf } from '../policies/caller.ts'
import type { Rate } from '../policies/burst.ts'
import type { Line } from '../policies/check.ts'
import type { Listener } from '../policies/demands.ts'
import type { Denial } from '../policies/denials.ts'
import type { Config } from './config.ts'
import { prepareOrigin } from './channel.ts'
import { openExchange } from './exchange.ts'
import type { Exchange, Visit } from './exchange.ts'
import { IncomingMessage, ServerResponse } from './node-http.ts'
import { Recorder } from './records/recorder.ts'
import type { Recording } from './records/recorder.ts'
import type { Refuse } from './refuse.ts'
import { prepareKinds } from './shed/shed.ts'
import type { Gate, Shed } from './shed/shed.ts'
import { UnprovenLimit } from './unproven.ts'
import { findLoop, viaOf } from './via.ts'
import { findWireFault } from './wire.ts'
import type { Authorities } from './wire.ts'

/** What entering needs: `proxies` are those that are believed on this listener; e-services are served at `basePaths`; `explain` gives the checks of a refused voucher. */
export interface EntranceParts {
  readonly listener: Listener
  readonly proxies: readonly string[]
  readonly config: Config
  readonly basePaths: readonly string[]
  readonly authorities: Authorities
  readonly logger: Logger
  readonly now: () => number
  readonly visits: Visits
  readonly shed: Shed
  readonly recording: Recording
  readonly explain: (exchange: Exchange) => readonly Line[]
}

/** What is known of connections and addresses whatever is live when they come: a reload forgets nothing of it. */
export class Visits {
  readonly #byConnection = new WeakMap<Socket, Visit>()
  /** In no order, without gaps: a Set would leave old tables behind, which keep what was in them alive until the next full garbage collection. */
  readonly #unanswered: Exchange[] = []
  readonly unproven: UnprovenLimit
  #stopping = false

  constructor (rate: Rate) {
    this.unproven = new UnprovenLimit(rate)
  }

  /** How many requests are unanswered. */
  get inside (): number { return this.#unanswered.length }

  /** Whether every answer closes its connection. */
  get isStopping (): boolean { return this.#stopping }

  /** From now on every answer closes its connection. */
  drain (): void {
    this.#stopping = true
    for (const { response } of this.#unanswered) setClose(response)
  }

  /** The last exchange on a connection, as long as it matters to what comes behind it. */
  latest (socket: Socket): Exchange | undefined { return this.#byConnection.get(socket)?.latest }

  /** Notes a request, until its answer is over. */
  note (exchange: Exchange): void {
    const { request, response } = exchange
    exchange.visit = this.#visitOf(request.socket)
    exchange.visit.latest = exchange
    if (this.#stopping) setClose(response)
    exchange.seat = this.#unanswered.push(exchange) - 1
  }

  /** Its answer is over. */
  forget (exchange: Exchange): void {
    const { seat, visit } = exchange
    // A connection may be silent for long: what is over is not kept for it.
    if (visit?.latest === exchange && exchange.request.complete && exchange.response.writableFinished && !closesAfter(exchange)) visit.latest = undefined
    const last = this.#unanswered.pop() as Exchange
    if (last.seat === seat) return
    last.seat = seat
    this.#unanswered[seat] = last
  }

  #visitOf (socket: Socket): Visit {
    const known = this.#byConnection.get(socket)
    if (known) return known
    const visit = { latest: undefined }
    this.#byConnection.set(socket, visit)
    return visit
  }
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
  /** Resolved once nothing that came in here is unanswered. */
  empty (): Promise<void>
}

/** Prepares the entrance: nothing gets further that could mean two things, nor from an address that keeps sending what is refused. */
export function prepareEntrance (parts: EntranceParts, refuse: Refuse): Entrance {
  const { visits: { unproven }, visits, shed } = parts
  const via = viaOf(parts.config)
  const originOf = prepareOrigin(parts.proxies, parts.listener)
  const gate: Gate = { kindOf: prepareKinds(parts.basePaths), addressOf: (request) => originOf(request).address, publicUrl: parts.config.publicUrl, isClosing: () => visits.isStopping }
  const inside = new Crowd()
  const recorder = new Recorder(parts)
  const open = (request: IncomingMessage, response: ServerResponse, expectsContinue: boolean): Exchange => {
    const now = parts.now()
    const origin = originOf(request)
    const exchange = openExchange(request, response, origin, recorder, { now, expectsContinue, blockedSeconds: unproven.blockedSeconds(origin.address, now) })
    visits.note(exchange)
    inside.enter()
    // One listener for all: each costs a closure and a wrapper on every call.
    response.on('close', () => { end(exchange) })
    return exchange
  }
  const end = (exchange: Exchange): void => {
    visits.forget(exchange)
    recorder.close(exchange)
    const proven = isProven(exchange.call)
    shed.learn(exchange.call.authorization, proven)
    if (exchange.denial && !proven) unproven.count(exchange.address, exchange.startedAt)
    inside.leave()
    exchange.leave?.()
    exchange.relay?.abandon()
  }
  const refuseAndClose = (exchange: Exchange, denial: Denial): void => {
    setClose(exchange.response)
    refuse(exchange, denial)
  }
  return {
    admits (request, response, expectsContinue) {
      const before = visits.latest(request.socket)
      if (before && closesAfter(before)) return false
      if (!shed.admits(request, response, expectsContinue, gate)) return false
      const exchange = open(request, response, expectsContinue)
      const denial = findWireFault(request, parts.authorities) ?? findLoop(request, via) ?? findBlock(exchange, gate)
      if (denial) refuse(exchange, denial)
      return denial === undefined
    },
    expectation (request, response) {
      refuseAndClose(open(request, response, true), findWireFault(request, parts.authorities) ?? { denial: 'expectation-failed', check: 'Expect' })
    },
    unreadable (socket, denial) {
      const before = visits.latest(socket)
      if (shed.reads(socket)) {
        socket.destroySoon()
        return
      }
      if (before && !before.request.complete) {
        if (before.response.writableEnded) socket.destroySoon()
        else if (before.isConcluded) before.response.once('finish', () => { socket.destroySoon() })
        else refuseAndClose(before, denial)
        return
      }
      const answer = (): void => {
        // Of all that cannot be read the first is told; and what came whole after all is served.
        if (socket.destroyed || (visits.latest(socket) ?? before) !== before || (before && closesAfter(before))) return
        const { request, response } = blankOn(socket)
        refuseAndClose(open(request, response, false), denial)
      }
      // A client may have sent this behind a good request, which is answered first.
      if (before && !before.response.destroyed && !before.response.writableFinished) before.response.once('close', answer)
      else answer()
    },
    works (socket) {
      const exchange = visits.latest(socket)
      return exchange !== undefined && !exchange.response.writableEnded && socket.writableLength === 0
    },
    empty: async () => inside.empty()
  }
}

/** Those who came in and have not left. */
class Crowd {
  #count = 0
  #waiting: (() => void)[] = []

  enter (): void {
    this.#count++
  }

  leave (): void {
    if (--this.#count > 0) return
    for (const resolve of this.#waiting.splice(0)) resolve()
  }

  async empty (): Promise<void> {
    if (this.#count > 0) await new Promise<void>((resolve) => { this.#waiting.push(resolve) })
  }
}

function setClose (response: ServerResponse): void {
  if (!response.headersSent) response.setHeader('Connection', 'close')
}

// Whoever brings a voucher, or inside a certificate, may still prove who it is; the policies see to that. A status says nothing of value, and whoever watches may share an address.
function findBlock ({ call }: Exchange, { kindOf }: Gate): Denial | undefined {
  const { blockedSeconds, authorization } = call
  return blockedSeconds > 0 && authorization.length === 0 && !certificateOf(call) && kindOf(call.path) !== 'status' ? blockedAddress(blockedSeconds) : undefined
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
