import type { RequestListener } from 'node:http'
import Fastify from 'fastify'
import { exchangeOf } from '../../gateway/exchange.ts'
import { routing } from '../../gateway/route.ts'
import type { Route } from '../../gateway/route.ts'
import { findWireFault } from '../../gateway/wire.ts'
import { exchangeWith } from './request.ts'
import type { Stage } from './stage.ts'
import type { World } from './world.ts'

/** Steps 1 and 2: what a request goes through before anybody asks who calls. */
export async function arrivalStages ({ request, routes, now }: World): Promise<readonly Stage[]> {
  const authorities = new Set(['127.0.0.1:8080'])
  const { response } = exchangeWith(request, now)
  const { route, matched } = await routerOf(routes)
  return [
    { name: 'wire checks', ofCall: true, run: () => findWireFault(request, authorities), isRight: (fault) => fault === undefined },
    { name: 'exchange', ofCall: true, run: () => exchangeWith(request, now), isRight: () => exchangeOf(request).call.query.length > 0 },
    {
      name: 'route',
      ofCall: true,
      run () {
        matched.route = undefined
        route(request, response)
        return matched.route
      },
      isRight: (found) => (found as Route | undefined)?.operation.path === '/channels'
    }
  ]
}

/** Fastify's router with every operation that is live, and nothing behind it: what comes through is noted. */
async function routerOf (routes: readonly Route[]): Promise<{ readonly route: RequestListener, readonly matched: { route: Route | undefined } }> {
  const matched: { route: Route | undefined } = { route: undefined }
  const app = Fastify({ logger: false, ...routing })
  for (const route of routes) {
    app.route({
      method: route.operation.method,
      url: route.pattern,
      config: { route },
      handler: (request, reply) => {
        reply.hijack()
        matched.route = request.routeOptions.config.route
      }
    })
  }
  await app.ready()
  return { route: (request, response) => { app.routing(request, response) }, matched }
}
