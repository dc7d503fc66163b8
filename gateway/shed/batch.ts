import type { IncomingMessage } from 'node:http'
import { problemMediaType } from '../../openapi/problem.ts'
import type { Denial } from '../../policies/denials.ts'
import { problemOf } from '../refuse.ts'

/** Why a call is shed: the event loop is too busy, or memory is short. */
export type Reason = 'busy' | 'memory'

/** What is recorded of calls that were shed shortly after each other (RAC_GEN_LOG_01): one record stands for `calls` of them, and has the id that all were given. */
export interface ShedRecord {
  readonly time: string
  readonly until: string
  readonly correlationId: string
  /** None was routed, nor is it known who called. */
  readonly operation: 'none'
  readonly status: 503
  readonly code: 'overloaded'
  readonly calls: number
  readonly reasons: Readonly<Partial<Record<Reason, number>>>
  readonly methods: Readonly<Record<string, number>>
  /** How many came from which address, of those that sent most; all others together are `others`. */
  readonly clientIps: Readonly<Record<string, number>>
  readonly others: number
}

/** So many addresses are named in one record. */
const mostAddresses = 50
/** So many are told apart. */
const mostCounted = 2000
const bodyOf: Readonly<Record<Reason, string>> = { busy: 'as many calls are being worked on as can be in time', memory: 'memory is short' }

/** What callers are told for how long to stay away, in seconds. */
export const retryAfter = 3

/** The calls that are shed within a moment: all get the same answer, which is made once. */
export class Batch {
  readonly #correlationId: string
  /** Epoch ms. */
  readonly #startedAt: number
  readonly #methods = new Map<string, number>()
  readonly #addresses = new Map<string, number>()
  readonly #reasons = new Map<Reason, number>()
  #calls = 0
  #others = 0
  /** The answer: headers as name, value, name, value, and body. */
  readonly headers: readonly string[]
  readonly body: string

  constructor (correlationId: string, startedAt: number, publicUrl: string) {
    this.#correlationId = correlationId
    this.#startedAt = startedAt
    this.body = JSON.stringify(problemOf(overloaded, correlationId, publicUrl))
    this.headers = ['Content-Type', problemMediaType, 'Content-Length', String(Buffer.byteLength(this.body)), 'Retry-After', String(retryAfter), 'Cache-Control', 'no-store', 'X-Request-ID', correlationId]
  }

  /** Counts a call. */
  add ({ method = '' }: IncomingMessage, address: string, reason: Reason): void {
    this.#calls++
    raise(this.#methods, method)
    raise(this.#reasons, reason)
    if (this.#addresses.size < mostCounted || this.#addresses.has(address)) raise(this.#addresses, address)
    else this.#others++
  }

  /** The record; `now` in epoch ms. */
  record (now: number): ShedRecord & { readonly check: string, readonly reason: string } {
    const addresses = [...this.#addresses].toSorted(([, one], [, other]) => other - one)
    return {
      time: new Date(this.#startedAt).toISOString(),
      until: new Date(now).toISOString(),
      correlationId: this.#correlationId,
      operation: 'none',
      status: 503,
      code: 'overloaded',
      calls: this.#calls,
      reasons: Object.fromEntries(this.#reasons),
      methods: Object.fromEntries(this.#methods),
      clientIps: Object.fromEntries(addresses.slice(0, mostAddresses)),
      others: addresses.slice(mostAddresses).reduce((sum, [, count]) => sum + count, this.#others),
      check: 'load',
      reason: [...this.#reasons.keys()].map((reason) => bodyOf[reason]).join('; ')
    }
  }
}

const overloaded: Denial = { denial: 'overloaded', check: 'load', retryAfter }

function raise<Key> (counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}
