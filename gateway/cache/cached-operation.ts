import type { IncomingHttpHeaders } from 'node:http'
import type { Dispatcher } from 'undici'
import type { Denial } from '../../policies/denials.ts'
import type { AnswerChecks } from '../answer-check.ts'
import { undo } from '../exchange.ts'
import type { Exchange } from '../exchange.ts'
import type { Outlet } from '../outlet.ts'
import type { Refuse } from '../refuse.ts'
import type { Route } from '../route.ts'
import { answerFrom } from './answer-from.ts'
import type { AddOwnFields } from './answer-from.ts'
import type { Cache } from './cache.ts'
import { mayBeCached, prepareIsOwn } from './cacheable.ts'
import { CollectingOutlet } from './collecting-outlet.ts'
import type { CacheFigures, CacheOutcome } from './figures.ts'
import { patience } from './flight.ts'
import type { Flight, Landing } from './flight.ts'
import { findStored } from './found.ts'
import type { Found } from './found.ts'
import { freshnessOf } from './freshness.ts'
import { toStored } from './stored-answer.ts'
import type { StoredAnswer, WholeAnswer } from './stored-answer.ts'
import { prepareValidation } from './validation.ts'
import type { Validate } from './validation.ts'
import { asksFor } from './variant.ts'

/** A call to an operation whose answers may be stored, and what serving it can do: send it to the upstream, its answer collected by `lead` where there is one; refuse it; and what a request of its own would be. */
export interface CachedCall {
  readonly exchange: Exchange
  /** As they are forwarded; the query with its question mark. */
  readonly path: string
  readonly query: string
  readonly send: (lead?: Lead) => void
  readonly refuse: Refuse
  readonly request: () => Dispatcher.DispatchOptions & { readonly headers: string[] }
  readonly addOwnFields: AddOwnFields
}

/** The call whose answer others wait for, or that is stored when it has gone out. */
export interface Lead {
  /** Puts itself in the way of an answer. */
  readonly collect: (outlet: Outlet) => Outlet
  /** To be told what is wrong with the answer, however late. */
  readonly spoil: () => void
  /** To be told that the call is refused after all. */
  readonly refused: (denial: Denial) => void
}

/** The calls to one operation of which answers may be stored, all after their admission and their quota. */
export class CachedOperation {
  readonly #cache: Cache
  readonly #route: Route
  readonly #figures: CacheFigures
  readonly #isOwn: (headers: IncomingHttpHeaders) => boolean
  readonly #answerParts: Pick<WholeAnswer, 'passed' | 'alsoBy'>
  readonly #validate: Validate
  /** Whether its answers are for all, as the last one showed, and how many in a row were not. */
  #isShared: boolean | undefined
  #own = 0
  /** Until when something may be there of it that can be used, in epoch ms. */
  #storedUntil = 0

  constructor (cache: Cache, route: Route, checks: AnswerChecks | undefined, passed: WholeAnswer['passed']) {
    this.#cache = cache
    this.#route = route
    this.#figures = cache.figuresOf(route.eservice.config.name)
    this.#isOwn = prepareIsOwn(route)
    // Unless there is only one, media types are told apart by Accept, whether Vary says so or not.
    this.#answerParts = { passed, alsoBy: route.produces.length === 1 ? [] : ['accept'] }
    this.#validate = prepareValidation(cache, route, checks, this.#answerParts)
  }

  /** Whether it keeps out of a call, because its answers were one caller's own for long; it looks at one of many of them. */
  keepsOutOf ({ request: { headers }, call: { now } }: Exchange): boolean {
    return this.#own >= patience.own && now > this.#storedUntil && headers['cache-control'] === undefined && ++this.#own % patience.own !== 0
  }

  /** What there is for a call: it need not be sent where it is a hit, and must not where it is not cached. */
  find ({ request }: Exchange, path: string, query: string): Found {
    const { headers } = request
    if (this.#isOwn(headers)) return 'bypass'
    const found = findStored(this.#cache.store, { path, query, headers, now: this.#cache.now() })
    return typeof found === 'string' || 'hit' in found || request.method === 'GET' ? found : 'bypass'
  }

  /** Whether there is a call already whose answer may be that of this one too. */
  isUnderWay (exchange: Exchange, path: string, query: string): boolean {
    return this.#cache.flights.find(keyOf({ exchange, path, query })) !== undefined
  }

  /** Answers a call with what was `found` for it, or sends it. */
  serve (call: CachedCall, found: Found): void {
    if (found === 'bypass' || found === 'not-cached') call.send()
    else if (typeof found === 'object' && 'hit' in found) this.#hit(call, found)
    else this.#fetch(call, found === 'miss' ? undefined : found.validate)
  }

  #hit (call: CachedCall, { hit, isStale }: { readonly hit: StoredAnswer, readonly isStale: boolean }): void {
    this.answer(call, hit, isStale ? 'stale' : 'hit')
    if (!isStale || call.exchange.request.method !== 'GET') return
    const key = keyOf(call)
    if (this.#cache.flights.find(key)) return
    const leave = this.#takePlace()
    // Where there is no place the next one tries again.
    if (leave) this.#validate(call, hit, this.#cache.flights.open(key), leave)
  }

  #fetch (call: CachedCall, stored: StoredAnswer | undefined): void {
    const key = keyOf(call)
    const flying = this.#cache.flights.find(key)
    if (flying) return this.#wait(call, flying)
    this.#figures.misses++
    const { 'if-none-match': ifNoneMatch, 'if-modified-since': since } = call.exchange.request.headers
    // An answer to a caller's condition cannot be stored; without it, one that is not for all would be held for nothing.
    const isConditional = ifNoneMatch !== undefined || since !== undefined
    if (!stored && !(isConditional && this.#isShared)) return this.#lead(call, key)
    const leave = this.#takePlace()
    if (!leave) return call.send()
    const flight = this.#cache.flights.open(key)
    this.#validate(call, stored, flight, leave)
    this.#wait(call, flight)
  }

  /** Sends a call whose answer is stored as it goes out, and which others wait for as long as it may be for all. */
  #lead (call: CachedCall, key: string): void {
    const { flights, changes, store, now } = this.#cache
    const { exchange: { request, response }, path, query } = call
    const change = changes.now
    const sentAt = now()
    let answer: { readonly status: number, readonly said: IncomingHttpHeaders, readonly sentAt: number, readonly cameAt: number } | undefined
    let kept: StoredAnswer | undefined
    let isSpoiled = false
    const flight = flights.open(key)
    this.#limit(flight)
    const head = (status: number, said: IncomingHttpHeaders): boolean => {
      const times = { sentAt, cameAt: now() }
      // A 304 says what the answer would have said (RFC 9110, 15.4.5).
      if (status === 200 || status === 304) this.#learn(freshnessOf(200, said, times) !== undefined)
      if (isSpoiled || !freshnessOf(status, said, times)) {
        flight.settle('alone')
        return false
      }
      flight.limit(patience.body)
      answer = { ...times, status, said }
      return true
    }
    const whole = (body: Buffer): void => {
      kept = isSpoiled || !answer ? undefined : toStored({ eservice: this.#route.eservice.config.name, path, query, headers: request.headers }, { ...this.#answerParts, ...answer, body })
      if (!kept || !changes.isSameSince(path, change) || !store.put(kept)) return flight.settle('alone')
      this.#figures.stores++
      this.#storedUntil = Math.max(this.#storedUntil, kept.staleUntil, kept.errorUntil)
      flight.settle({ stored: kept, outcome: 'shared' })
    }
    // Whoever left says nothing of what the answer would have been.
    response.once('close', () => { flight.settle(call.exchange.denial || response.writableFinished ? 'alone' : 'again') })
    call.send({
      collect: (outlet) => new CollectingOutlet(outlet, { mostBytes: store.limits.entryBytes, head, tooLong: () => { flight.settle('alone') }, whole }),
      spoil: () => {
        isSpoiled = true
        if (kept) store.drop(kept)
      },
      refused: (denial) => { flight.settle(shared.has(denial.denial) ? { denial } : 'alone') }
    })
  }

  #wait (call: CachedCall, flight: Flight): void {
    flight.wait((landing) => {
      // Nothing was done for whoever left meanwhile.
      if (call.exchange.response.destroyed) undo(call.exchange)
      else this.#land(call, landing)
    })
  }

  #land (call: CachedCall, landing: Landing): void {
    if (landing === 'alone') return call.send()
    if (landing === 'again') return this.serve(call, this.find(call.exchange, call.path, call.query))
    if ('stored' in landing) return asksFor(landing.stored.variant, call.exchange.request.headers) ? this.answer(call, landing.stored, landing.outcome) : call.send()
    undo(call.exchange)
    call.refuse(call.exchange, landing.denial)
  }

  /** Answers a call with what is stored. */
  answer ({ exchange, addOwnFields, refuse }: Pick<CachedCall, 'exchange' | 'addOwnFields' | 'refuse'>, stored: StoredAnswer, outcome: CacheOutcome): void {
    this.#figures.answered[outcome]++
    this.#storedUntil = Math.max(this.#storedUntil, stored.staleUntil, stored.errorUntil)
    answerFrom(exchange, stored, outcome, { now: this.#cache.now(), addOwnFields, refuse })
  }

  #learn (isShared: boolean): void {
    this.#isShared = isShared
    this.#own = isShared ? 0 : this.#own + 1
  }

  /** While it is not known whether answers are for all nobody waits long for one. */
  #limit (flight: Flight): void {
    if (this.#isShared === false) flight.settle('alone')
    else if (this.#isShared === undefined) flight.limit(patience.head)
  }

  #takePlace (): (() => void) | undefined {
    const { places } = this.#route.eservice.upstream
    return places ? places.take() : () => undefined
  }
}

/** What says nothing of the answer but that there was none. */
const shared: ReadonlySet<string> = new Set(['upstream-unreachable', 'upstream-timeout'])

/** Requests with the same key get the same answer, whatever it varies by among the headers that choose a representation. */
function keyOf ({ exchange: { request: { headers } }, path, query }: Pick<CachedCall, 'exchange' | 'path' | 'query'>): string {
  return [path + query, headers.accept, headers['accept-language'], headers['accept-encoding']].join('\n')
}

/** The cached operation of a route; undefined where nothing of it may be stored, or where there is no cache. `passed` gives the headers of an answer of the upstream that callers get, names and values in turn. */
export function prepareCached (cache: Cache | undefined, route: Route, checks: AnswerChecks | undefined, passed: WholeAnswer['passed']): CachedOperation | undefined {
  return cache && mayBeCached(route) ? new CachedOperation(cache, route, checks, passed) : undefined
}
