import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { queryOf } from '../openapi/requests/query.ts'
import type { AdmittedCall } from '../policies/admission.ts'
import type { Denial } from '../policies/denials.ts'
import { headerValues } from '../policies/header-values.ts'
import { noDemands } from '../policies/demands.ts'
import type { Demands } from '../policies/demands.ts'
import type { CacheOutcome } from './cache/figures.ts'
import type { Origin } from './channel.ts'
import type { Concluding } from './records/recorder.ts'
import type { Route } from './route.ts'

/** What is known of a connection: the last exchange on it, as long as that matters to what comes behind it. */
export interface Visit { latest: Exchange | undefined }

/** One request and everything that becomes known about it on its way through the gateway; the record is made from it at the end. */
export interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly correlationId: string
  /** Epoch milliseconds at which the request line and headers were read. */
  readonly startedAt: number
  readonly address: string
  readonly call: AdmittedCall
  /** What keeps its record before the last byte of its answer goes out. */
  readonly recorder: Concluding
  /** When its steps began, by `performance.now()`: its head was read, it was admitted, sent to the upstream, answered by it; 0 for those that it has not come to. */
  readonly marks: { readonly began: number, admitted: number, sent: number, answered: number }
  /** True once its record is made: its answer is complete but for what `conclude` holds back. */
  isConcluded: boolean
  route: Route | undefined
  /** URI template of what was asked for, for logs: never the target itself. */
  label: string
  denial: Denial | undefined
  /** Milliseconds that the upstream took to its answer's head; undefined when it was not called. */
  upstreamMs: number | undefined
  bytesSent: number
  /** In how many ways its answer breaks the contract, as far as it is known. */
  contractViolations: number
  /** How it was answered from the cache; undefined when it was not. */
  cache: CacheOutcome | undefined
  /** The hash (hex) of the entry under which the request is kept as evidence; undefined when it is not. */
  kept: string | undefined
  /** Gives back the place among the calls that are in flight to the upstream; undefined where it has none. */
  leave: (() => void) | undefined
  /** What waits for the upstream's answer, to be told when nobody waits for it any longer; undefined while nothing does. */
  relay: { abandon (): void } | undefined
  /** What is known of its connection, and its index among those that are unanswered. */
  visit: Visit | undefined
  seat: number
  /** True when the client has been told to wait for 100 Continue and has not been let go on yet. */
  expectsContinue: boolean
}

/** Until it is known what the operation of a call demands, it is all there is. */
const everything: Demands = { ...noDemands, dpop: true }
const none: readonly string[] = []

/** Where a request keeps its exchange: a WeakMap would keep every exchange alive until the next full garbage collection, because its entries count as roots of the young generation. */
const exchangeKey: unique symbol = Symbol('exchange')

declare module 'node:http' {
  interface IncomingMessage { [exchangeKey]?: Exchange }
}

/** How a request came: at `now` (epoch ms), waiting for 100 Continue or not, from an address that is blocked for so many seconds. */
export interface Arrival { readonly now: number, readonly expectsContinue: boolean, readonly blockedSeconds: number }

/** Starts the exchange of a request. All fields exist from the start, so that every exchange has the same shape. */
export function openExchange (request: IncomingMessage, response: ServerResponse, origin: Origin, recorder: Concluding, { now, expectsContinue, blockedSeconds }: Arrival): Exchange {
  const exchange: Exchange = {
    request,
    response,
    correlationId: randomUUID(),
    startedAt: now,
    address: origin.address,
    recorder,
    marks: { began: performance.now(), admitted: 0, sent: 0, answered: 0 },
    isConcluded: false,
    call: {
      method: request.method ?? '',
      path: (request.url ?? '').split('?', 1)[0] as string,
      query: queryOf(request.url ?? ''),
      authorization: headerValues(request.rawHeaders, 'authorization'),
      proofs: request.headers['dpop'] === undefined ? none : headerValues(request.rawHeaders, 'dpop'),
      rawHeaders: request.rawHeaders,
      listener: origin.listener,
      connection: origin.channel,
      demands: everything,
      operationId: undefined,
      now,
      blockedSeconds,
      body: undefined,
      caller: undefined,
      dpop: undefined,
      channel: undefined,
      descriptor: undefined,
      agreement: undefined,
      purpose: undefined,
      grant: undefined,
      interaction: undefined,
      evidence: undefined,
      burst: undefined,
      replyTo: undefined,
      integrity: undefined,
      transition: undefined,
      quota: undefined
    },
    route: undefined,
    label: 'none',
    denial: undefined,
    upstreamMs: undefined,
    bytesSent: 0,
    contractViolations: 0,
    cache: undefined,
    kept: undefined,
    leave: undefined,
    relay: undefined,
    visit: undefined,
    seat: -1,
    expectsContinue
  }
  request[exchangeKey] = exchange
  return exchange
}

/** The exchange of a request that came through the wire checks. */
export function exchangeOf (request: IncomingMessage): Exchange {
  return request[exchangeKey] as Exchange
}

/** Takes back what was done for a call that is not made after all: an interaction goes on, and quotas are, as if nobody had called. */
export function undo ({ call, leave }: Exchange): void {
  call.transition?.undo()
  call.quota?.undo()
  // Where the caller stands with its quotas is told no more: what it would be told is no longer so.
  call.quota = undefined
  leave?.()
}
