import type { Dispatcher } from 'undici'
import type { ReadParameters } from '../openapi/requests/parameters.ts'
import { writeQuery } from '../openapi/requests/query.ts'
import { rawPathReader } from '../openapi/requests/raw-path.ts'
import { isRefused } from '../openapi/requests/request-finding.ts'
import type { Findings } from '../openapi/requests/request-finding.ts'
import type { Run } from '../policies/admission.ts'
import { isDenial } from '../policies/denials.ts'
import type { Denial } from '../policies/denials.ts'
import { codingOf } from './admit.ts'
import { AnswerCheck, prepareAnswerChecks } from './answer-check.ts'
import type { AnswerHead } from './answer-head.ts'
import type { AnswerLedger } from './answer-ledger.ts'
import type { Cache } from './cache/cache.ts'
import { prepareCached } from './cache/cached-operation.ts'
import type { CachedOperation, Lead } from './cache/cached-operation.ts'
import { decodeGzip } from './content-coding.ts'
import type { Custodian } from './custody.ts'
import { EnforcedOutlet } from './enforced-answer.ts'
import { undo } from './exchange.ts'
import type { Exchange } from './exchange.ts'
import { forward, isSafe, requestOf } from './forward.ts'
import { guard } from './guard.ts'
import { valuesOfHeader } from './header-lines.ts'
import { ObservedOutlet } from './observed-answer.ts'
import { StreamingOutlet } from './outlet.ts'
import type { Outlet } from './outlet.ts'
import { pathOf, valuesOf } from './path-template.ts'
import type { Places } from './places.ts'
import { passedHeaders } from './relay.ts'
import { setDeprecation, setLimitHeaders, setNonce } from './refuse.ts'
import type { Refuse } from './refuse.ts'
import type { Route } from './route.ts'
import { SignedOutlet } from './signed-answer.ts'
import type { Traces } from './traces/traces.ts'
import { prepareVarcoCall } from './varco-call.ts'
import type { Proved } from './varco-call.ts'
import { prepareViews } from './views.ts'

/** What the router matched: path values by router key, the query string as sent, and the whole body. */
export interface Matched { readonly parameters: Readonly<Record<string, string | undefined>>, readonly query: string, readonly body: Uint8Array | undefined }

const noBytes = new Uint8Array(0)

/** What serving needs: the sizes to which a body may unfold and an answer be held, who signs and keeps evidence where a contract demands it, what counts how answers keep to it, what keeps those that are for all, and what becomes of traces. */
export interface ServeParts { readonly limits: { readonly bodyBytes: number, readonly signedAnswerBytes: number }, readonly custodian: Custodian | undefined, readonly ledger: AnswerLedger, readonly cache: Cache | undefined, readonly traces: Traces }

/**
 * Serves an admitted call: proofs over the raw body, parameters and body against the contract, evidence of it where it is kept, then the daily quota,
 * then the upstream. Nothing is forwarded that should have been kept and is not, and what is refused takes nothing from the quota. Prepared once
 * per route; every outcome, good or bad, ends with an answer.
 */
export function prepareServe (route: Route, refuse: Refuse, { limits: { bodyBytes, signedAnswerBytes }, custodian, ledger, cache, traces }: ServeParts): (exchange: Exchange, matched: Matched) => void {
  const { eservice: { admission, config, terms, basePath, upstream }, validator, operation, demands } = route
  const seal = demands.signedResponse ? custodian?.seal : undefined
  const keep = demands.nonRepudiation ? custodian?.keep : undefined
  const checks = prepareAnswerChecks(route, ledger)
  const cached = prepareCached(cache, route, checks, (said) => passedHeaders(said, route, upstream.origin))
  const streaming = (exchange: Exchange, lead: Lead | undefined): Outlet => lead ? lead.collect(new StreamingOutlet(exchange, refuse)) : new StreamingOutlet(exchange, refuse)
  const lastOutlet = (exchange: Exchange, lead: Lead | undefined): Outlet => seal ? new SignedOutlet({ exchange, seal, maxBytes: signedAnswerBytes, refuse }) : streaming(exchange, lead)
  const views = terms.grants && prepareViews(route, signedAnswerBytes, refuse)
  const narrowed = (exchange: Exchange, lead: Lead | undefined): Outlet => views ? views.narrow(exchange, lastOutlet(exchange, lead)) : lastOutlet(exchange, lead)
  // What is checked is what the upstream sent, of which fields may be taken out afterwards.
  const outletOf = (exchange: Exchange, lead?: Lead): Outlet => {
    if (!checks) return narrowed(exchange, lead)
    const check = new AnswerCheck(checks, exchange, lead?.spoil)
    return checks.mode === 'enforce' ? new EnforcedOutlet({ exchange, check, outlet: narrowed(exchange, lead), maxBytes: signedAnswerBytes, refuse }) : new ObservedOutlet(exchange, check, narrowed(exchange, lead))
  }
  const rawValues = rawPathReader(basePath + operation.path, validator.rawPath)
  const sign = prepareVarcoCall(config.upstream.secret, basePath)
  const method = operation.method as Dispatcher.HttpMethod
  const pathTo = (exchange: Exchange, matched: Matched): string => pathOf(route.pieces, matched.parameters, rawValues?.(exchange.call.path))
  const forwardedOf = (exchange: Exchange, path: string, { query, cookie }: ReadParameters, body?: Uint8Array) => {
    const target = path + writeQuery(query)
    const varcoCall = sign({ call: toVarcoCall(exchange, route), caller: exchange.call.caller, method, target, now: exchange.call.now })
    return { route, method, target, body, varcoCall, trace: traces.headersOf(exchange), cookie, viewHeaders: views?.headersOf(exchange), done: cache && !isSafe(method) ? () => { cache.invalidate(path) } : undefined }
  }
  const send = (exchange: Exchange, matched: Matched, read: ReadParameters, lead?: Lead): void => {
    const forwarded = forwardedOf(exchange, pathTo(exchange, matched), read, matched.body)
    forward(exchange, { ...forwarded, openOutlet: () => outletOf(exchange, lead) }, lead ? (one, denial) => { lead.refused(denial); refuse(one, denial) } : refuse, (head) => { addOwnFields(head, exchange) })
  }
  const serveCached = (exchange: Exchange, matched: Matched, read: ReadParameters, operation: CachedOperation): void | Promise<void> => {
    const [path, query] = [pathTo(exchange, matched), writeQuery(read.query)]
    const found = operation.find(exchange, path, query)
    if (found === 'not-cached') return refuse(exchange, notCached)
    // Before it is counted, as far as that can be known: whoever waits for another's call needs no place.
    if (upstream.places?.isFull && !(typeof found === 'object' && 'hit' in found) && !operation.isUnderWay(exchange, path, query)) return refuse(exchange, overloaded)
    const call = () => ({
      exchange, path, query, refuse, addOwnFields,
      request: () => requestOf(exchange, forwardedOf(exchange, path, read)),
      // A place is for those that go to the upstream.
      send: (lead?: Lead): void => {
        if (upstream.places && !enter(exchange, upstream.places)) {
          undo(exchange)
          lead?.refused(overloaded)
          return refuse(exchange, overloaded)
        }
        return send(exchange, matched, read, lead)
      }
    })
    const serve = (): void => {
      if (typeof found === 'object' && 'hit' in found && !found.isStale) operation.answer({ exchange, addOwnFields, refuse }, found.hit, 'hit')
      else operation.serve(call(), found)
    }
    return route.operation.isPublic ? serve() : goOn(exchange, admission.afterBody(exchange.call), serve)
  }
  const serve = (exchange: Exchange, matched: Matched): void | Promise<void> => {
    exchange.call.body = matched.body ?? noBytes
    if (operation.isPublic) return check(exchange, matched)
    return goOn(exchange, admission.overBody(exchange.call), () => check(exchange, matched))
  }
  const check = (exchange: Exchange, matched: Matched): void | Promise<void> => {
    const { request, call } = exchange
    const written = rawValues?.(call.path)
    const read = validator.parameters({ path: valuesOf(route.pieces, matched.parameters), rawPath: (name) => written?.[name], query: matched.query, header: (name) => valuesOfHeader(request, name) })
    if (isRefused(read)) return refuse(exchange, contractDenial(read))
    const bytes = call.body ?? noBytes
    if (bytes.length === 0 || codingOf(request) === undefined) return checkBody(exchange, matched, read, bytes)
    return decodeGzip(bytes, bodyBytes).then((decoded) => {
      if (exchange.response.destroyed) return undefined
      return isDenial(decoded) ? refuse(exchange, decoded) : checkBody(exchange, matched, read, decoded)
    })
  }
  const checkBody = (exchange: Exchange, matched: Matched, read: ReadParameters, bytes: Uint8Array): void | Promise<void> => {
    const body = validator.body(exchange.request.headers['content-type'], bytes)
    if (isRefused(body)) return refuse(exchange, contractDenial(body))
    if (exchange.response.destroyed) return undefined
    const unrecordable = exchange.recorder.findFault(exchange)
    if (unrecordable) return refuse(exchange, unrecordable)
    if (cached && bytes.length === 0 && read.cookie === undefined && !cached.keepsOutOf(exchange)) return serveCached(exchange, matched, read, cached)
    // Before anything is kept or counted for a call that is not made.
    if (upstream.places && !enter(exchange, upstream.places)) return refuse(exchange, overloaded)
    if (operation.isPublic) return send(exchange, matched, read)
    const last = (): void | Promise<void> => goOn(exchange, admission.afterBody(exchange.call), () => { send(exchange, matched, read) })
    // A caller without quota must not fill the disk.
    return keep ? goOn(exchange, admission.quotaLeft(exchange.call), () => goOn(exchange, keep(exchange), last)) : last()
  }
  // A caller who left while a policy waited gets nothing done for it, and an interaction goes on as if it had not called.
  const goOn = (exchange: Exchange, outcome: ReturnType<Run>, next: () => void | Promise<void>): void | Promise<void> => {
    const finish = (denial: Denial | undefined): void | Promise<void> => {
      if (denial || exchange.response.destroyed) undo(exchange)
      if (exchange.response.destroyed) return undefined
      return denial ? refuse(exchange, denial) : next()
    }
    return outcome instanceof Promise ? outcome.then(finish) : finish(outcome)
  }
  return (exchange, matched) => { guard(exchange, refuse, () => serve(exchange, matched)) }
}

const notCached: Denial = { denial: 'not-cached', check: 'Cache-Control' }
const overloaded: Denial = { denial: 'overloaded', check: 'concurrency', reason: 'as many calls are in flight to the upstream as may be', retryAfter: 1 }

/** Takes a place among the calls that are in flight for as long as somebody waits for this one. False when there is none. */
function enter (exchange: Exchange, places: Places): boolean {
  exchange.leave = places.take()
  return exchange.leave !== undefined
}

function addOwnFields (head: AnswerHead, exchange: Exchange): void {
  head.add('X-Request-ID', exchange.correlationId)
  setLimitHeaders(head, exchange.call)
  setNonce(head, exchange.call.dpop?.nonce)
  setDeprecation(head, exchange.route)
}

function toVarcoCall ({ call: { grant, interaction, replyTo }, correlationId }: Exchange, { operation }: Route): Proved['call'] {
  const later = replyTo && (interaction ? { urlCallback: replyTo } : { replyTo })
  return { operationId: operation.id, correlationId, ...(grant && { grant: { id: grant.id, version: grant.version } }), ...interaction, ...later }
}

/** What a caller is told of a request that the contract does not allow. */
export function contractDenial ({ findings }: Findings): Denial {
  const [first] = findings
  const errors = findings.map((finding) => ({ ...finding, detail: sentence(finding.detail) }))
  return { denial: first.in === 'body' ? 'invalid-body' : 'invalid-parameter', check: `${first.in}${first.pointer}`, detail: sentence(first.detail), reason: findings.map(({ detail, rule }) => `${detail} (${rule})`).join('; '), errors }
}

function sentence (text: string): string {
  return `${text[0]?.toUpperCase()}${text.slice(1)}.`
}
