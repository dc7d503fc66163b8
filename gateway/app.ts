import Fastify from 'fastify'
import type { FastifyInstance, FastifyReply, FastifyRequest, onRequestHookHandler } from 'fastify'
import { queryOf } from '../openapi/requests/query.ts'
import { blockedAddress } from '../policies/caller.ts'
import type { Denial, DenialCode } from '../policies/denials.ts'
import { admit } from './admit.ts'
import type { AnswerLedgers } from './answer-ledger.ts'
import type { Cache } from './cache/cache.ts'
import type { Config } from './config.ts'
import type { Custody } from './custody.ts'
import { exchangeOf } from './exchange.ts'
import { guard } from './guard.ts'
import { routesOf } from './live.ts'
import type { Refuse } from './refuse.ts'
import { routing } from './route.ts'
import type { LiveEService, Route } from './route.ts'
import { prepareServe } from './serve.ts'
import type { ServeParts } from './serve.ts'
import type { Traces } from './traces/traces.ts'
import { findMatrixFault } from './wire.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The operation that a route stands for; other routes have none. */
    route?: Route
  }
}

/** What the routes of one configuration are made of. */
export interface AppParts {
  readonly config: Config
  readonly eservices: readonly LiveEService[]
  readonly custody: Custody
  readonly ledgers: AnswerLedgers
  /** Undefined where nothing is cached. */
  readonly cache: Cache | undefined
  readonly traces: Traces
}

/**
 * Builds the routes, behind no listener of their own. The life of a request, in order: wire (listen.ts, enter.ts, wire.ts), route (Fastify's router), admit (admit.ts),
 * body and quota (serve.ts), forward (forward.ts), answer (relay.ts, refuse.ts), record (records/recorder.ts).
 */
export function buildApp ({ config, eservices, custody, ledgers, cache, traces }: AppParts, refuse: Refuse): FastifyInstance {
  const app = Fastify({
    logger: false,
    bodyLimit: config.limits.bodyBytes,
    ...routing,
    return503OnClosing: false,
    frameworkErrors: (error, request, reply) => { hijack(refuse, request, reply, { denial: error.statusCode === 414 ? 'uri-too-long' : 'malformed-request', check: 'target' }) }
  })
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => { done(null, body) })
  app.addHook('onRequest', (request, reply, done) => {
    const exchange = exchangeOf(request.raw)
    exchange.label = request.routeOptions.url ?? 'none'
    const fault = findMatrixFault(exchange.call.path, request.routeOptions.config.route?.takesMatrix ?? false)
    if (fault) hijack(refuse, request, reply, fault)
    else done()
  })
  app.setNotFoundHandler((request, reply) => {
    const { blockedSeconds } = exchangeOf(request.raw).call
    hijack(refuse, request, reply, blockedSeconds > 0 ? blockedAddress(blockedSeconds) : noRoute)
  })
  app.setErrorHandler((error: Error & { statusCode?: number }, request, reply) => { hijack(refuse, request, reply, faultDenial(error)) })
  for (const eservice of eservices) addRoutes(app, routesOf(eservice), refuse, { limits: config.limits, custodian: custody.of(eservice), ledger: ledgers.of(eservice.config.name), cache, traces })
  return app
}

/** Step 2: one route per operation, and a 405 with Allow for every other method on the same path. */
function addRoutes (app: FastifyInstance, routes: readonly Route[], refuse: Refuse, parts: ServeParts): void {
  for (const route of routes) {
    const serve = prepareServe(route, refuse, parts)
    app.route({
      method: route.operation.method,
      url: route.pattern,
      config: { route },
      onRequest: prepareAdmit(route, refuse),
      handler: (request, reply) => {
        reply.hijack()
        serve(exchangeOf(request.raw), {
          parameters: request.params as Record<string, string>,
          query: queryOf(request.raw.url ?? ''),
          body: request.body as Uint8Array | undefined
        })
      }
    })
  }
  for (const [pattern, allowed] of Map.groupBy(routes, (route) => route.pattern)) {
    const methods = allowed.map((route) => route.operation.method)
    const others = app.supportedMethods.filter((method) => !methods.includes(method as never))
    app.route({ method: others, url: pattern, onRequest: (request, reply) => {
      if (lacksParameter(request)) return hijack(refuse, request, reply, noRoute)
      reply.raw.setHeader('Allow', methods.join(', '))
      hijack(refuse, request, reply, { denial: 'method-not-allowed', check: 'method' })
    }, handler: () => undefined })
  }
}

/** Step 3: admission, before a byte of the body is read. */
function prepareAdmit (route: Route, refuse: Refuse): onRequestHookHandler {
  return (request, reply, done) => {
    const exchange = exchangeOf(request.raw)
    if (lacksParameter(request)) return hijack(refuse, request, reply, noRoute)
    exchange.route = route
    exchange.call.demands = route.demands
    exchange.call.operationId = route.operation.id
    const finish = (denial: Denial | undefined): void => {
      // The caller may have left while a policy waited; its call is not made for it then.
      if (reply.raw.destroyed) return
      if (denial) return hijack(refuse, request, reply, denial)
      exchange.marks.admitted = performance.now()
      if (exchange.expectsContinue) {
        if (Number(request.headers['content-length'] ?? 0) > request.routeOptions.bodyLimit) return hijack(refuse, request, reply, { denial: 'content-too-large', check: 'Content-Length' })
        exchange.expectsContinue = false
        reply.raw.writeContinue()
      }
      done()
    }
    guard(exchange, refuse, () => {
      const outcome = admit(exchange, route)
      return outcome instanceof Promise ? outcome.then(finish) : finish(outcome)
    })
  }
}

const noRoute: Denial = { denial: 'route-not-found', check: 'route' }

// The router lets a path match that ends where a parameter should stand.
function lacksParameter ({ params }: FastifyRequest): boolean {
  return Object.values(params as Record<string, string>).includes('')
}

function hijack (refuse: Refuse, request: FastifyRequest, reply: FastifyReply, denial: Denial): void {
  reply.hijack()
  refuse(exchangeOf(request.raw), denial)
}

const statusCodes: Readonly<Record<number, DenialCode>> = { 400: 'malformed-request', 413: 'content-too-large', 415: 'unsupported-media-type' }

/** What the caller is told of an error inside Fastify or a handler; the full reason goes to the log only. */
function faultDenial (error: Error & { statusCode?: number }): Denial {
  return { denial: statusCodes[error.statusCode ?? 500] ?? 'internal-error', check: 'request', reason: error.message }
}
