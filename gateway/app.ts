import Fastify from 'fastify'
import type { FastifyInstance, FastifyReply, FastifyRequest, onRequestHookHandler } from 'fastify'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Logger } from 'pino'
import type { Line } from '../policies/check.ts'
import type { Denial, DenialCode } from '../policies/denials.ts'
import { admit } from './admit.ts'
import type { Config } from './config.ts'
import { exchangeOf, openExchange } from './exchange.ts'
import type { Exchange } from './exchange.ts'
import { answerClientError, createListener } from './listen.ts'
import type { Enter, Patience } from './listen.ts'
import { routesOf } from './live.ts'
import { recordWhenDone } from './record.ts'
import { prepareRefuse } from './refuse.ts'
import type { Refuse } from './refuse.ts'
import type { LiveEService, Route } from './route.ts'
import { prepareServe } from './serve.ts'
import { UnprovenLimit } from './unproven.ts'
import { findWireFault } from './wire.ts'
import type { Authorities } from './wire.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The operation that a route stands for; other routes have none. */
    route?: Route
  }
}

/** What the public listener is made of. `isDraining` tells whether the process is stopping; `explain` gives the checks of a refused voucher. */
export interface GatewayParts {
  readonly config: Config
  readonly eservices: readonly LiveEService[]
  readonly authorities: Authorities
  readonly logger: Logger
  readonly now: () => number
  readonly isDraining: () => boolean
  readonly explain: (exchange: Exchange) => readonly Line[]
  readonly patience: Patience
}

/**
 * Builds the public listener. The life of a request, in order: wire (listen.ts, wire.ts), route (Fastify's router), admit (admit.ts),
 * body and quota (serve.ts), forward (forward.ts), answer (relay.ts, refuse.ts), record (record.ts).
 */
export function buildGateway (parts: GatewayParts): FastifyInstance {
  const { config } = parts
  const refuse = prepareRefuse(config.publicUrl)
  const app = Fastify({
    logger: false,
    bodyLimit: config.limits.bodyBytes,
    routerOptions: { maxParamLength: 500 },
    exposeHeadRoutes: false,
    return503OnClosing: false,
    clientErrorHandler: answerClientError,
    frameworkErrors: (_error, request, reply) => { hijack(refuse, request, reply, { denial: 'malformed-request', check: 'target' }) },
    serverFactory: (handler) => createListener(
      prepareEnter(parts, refuse, handler),
      (request, response) => { refuse(openExchange(request, response, parts.now(), false), { denial: 'expectation-failed', check: 'Expect' }) },
      config.limits.connections,
      parts.patience
    )
  })
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => { done(null, body) })
  app.addHook('onRequest', (request, _reply, done) => {
    exchangeOf(request.raw).label = request.routeOptions.url ?? 'none'
    done()
  })
  app.setNotFoundHandler((request, reply) => { hijack(refuse, request, reply, { denial: 'route-not-found', check: 'route' }) })
  app.setErrorHandler((error: Error & { statusCode?: number }, request, reply) => { hijack(refuse, request, reply, faultDenial(error)) })
  for (const eservice of parts.eservices) addRoutes(app, routesOf(eservice), refuse)
  return app
}

/** Step 1: nothing gets further that could mean two things, nor from an address that keeps sending what is refused. */
function prepareEnter (parts: GatewayParts, refuse: Refuse, handler: (request: IncomingMessage, response: ServerResponse) => void): Enter {
  const unproven = new UnprovenLimit(parts.config.limits.unproven)
  return (request, response, expectsContinue) => {
    const now = parts.now()
    const exchange = openExchange(request, response, now, expectsContinue)
    recordWhenDone(exchange, parts.logger, parts.now, parts.explain)
    response.once('close', () => { if (exchange.denial && !exchange.call.caller) unproven.count(exchange.address, now) })
    if (parts.isDraining()) response.setHeader('Connection', 'close')
    const fault = findWireFault(request, parts.authorities)
    if (fault) return refuse(exchange, fault)
    const blocked = unproven.blockedSeconds(exchange.address, now)
    if (blocked > 0) return refuse(exchange, { denial: 'address-limit-exceeded', check: 'address', retryAfter: blocked })
    handler(request, response)
  }
}

/** Step 2: one route per operation, and a 405 with Allow for every other method on the same path. */
function addRoutes (app: FastifyInstance, routes: readonly Route[], refuse: Refuse): void {
  for (const route of routes) {
    const serve = prepareServe(route, refuse)
    app.route({
      method: route.operation.method,
      url: route.pattern,
      config: { route },
      onRequest: prepareAdmit(route, refuse),
      handler: (request, reply) => {
        reply.hijack()
        serve(exchangeOf(request.raw), {
          parameters: request.params as Record<string, string>,
          query: request.raw.url?.split('?', 2)[1] ?? '',
          body: request.body as Uint8Array | undefined
        })
      }
    })
  }
  for (const [pattern, allowed] of Map.groupBy(routes, (route) => route.pattern)) {
    const methods = allowed.map((route) => route.operation.method)
    const others = app.supportedMethods.filter((method) => !methods.includes(method as never))
    app.route({ method: others, url: pattern, onRequest: (request, reply) => {
      reply.raw.setHeader('Allow', methods.join(', '))
      hijack(refuse, request, reply, { denial: 'method-not-allowed', check: 'method' })
    }, handler: () => undefined })
  }
}

/** Step 3: admission, before a byte of the body is read. */
function prepareAdmit (route: Route, refuse: Refuse): onRequestHookHandler {
  return (request, reply, done) => {
    const exchange = exchangeOf(request.raw)
    exchange.route = route
    const finish = (denial: Denial | undefined): void => {
      if (denial) return hijack(refuse, request, reply, denial)
      if (exchange.expectsContinue) {
        exchange.expectsContinue = false
        reply.raw.writeContinue()
      }
      done()
    }
    const outcome = admit(exchange, route)
    if (outcome instanceof Promise) void outcome.then(finish)
    else finish(outcome)
  }
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
