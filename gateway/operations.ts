import { createHash, timingSafeEqual } from 'node:crypto'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import type { Config } from './config.ts'
import { problemMediaType } from '../openapi/problem.ts'
import type { LiveEService } from './route.ts'

/** What the operations listener tells. `startedAt` in epoch ms. */
export interface OperationsParts {
  readonly config: Config
  readonly token: string
  readonly eservices: readonly LiveEService[]
  readonly keys: { readonly ready: boolean }
  readonly startedAt: number
}

/**
 * The operations listener, never public: the configuration as it may be shown with its hash, and what is live since when. Every path but
 * `/status` needs the operations token as bearer.
 */
export function buildOperations ({ config, token, eservices, keys, startedAt }: OperationsParts): FastifyInstance {
  const app = Fastify({ logger: false, requestTimeout: 10_000, http: { headersTimeout: 5000 }, exposeHeadRoutes: false })
  const allowed = digest(`Bearer ${token}`)
  app.addHook('onRequest', async (request, reply) => {
    reply.headers({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' })
    // Digests have one length, so that comparing them takes the same time whatever was sent.
    if (request.routeOptions.url !== '/status' && !timingSafeEqual(digest(request.headers.authorization ?? ''), allowed)) {
      return reply.code(401).header('www-authenticate', 'Bearer').type(problemMediaType).send({ type: 'about:blank', title: 'Unauthorized', status: 401, detail: 'Send the operations token: Authorization: Bearer <token>. It is configured as listeners.operations.token, or printed at start.', code: 'operations-token-required' })
    }
    return undefined
  })
  app.setNotFoundHandler(async (_request, reply) => reply.code(404).type(problemMediaType).send({ type: 'about:blank', title: 'Not Found', status: 404, detail: 'Here are /status, /-/config and /-/eservices.', code: 'route-not-found' }))
  app.get('/status', async (_request, reply) => reply.code(keys.ready ? 200 : 503).type(problemMediaType).send({ type: 'about:blank', title: keys.ready ? 'OK' : 'Service Unavailable', status: keys.ready ? 200 : 503, detail: keys.ready ? 'The gateway is up.' : "The platform's keys have not been fetched yet." }))
  app.get('/-/config', async () => ({ hash: config.hash, startedAt: new Date(startedAt).toISOString(), config: config.shown }))
  app.get('/-/eservices', async () => ({
    items: eservices.map(({ config: { name, upstream }, contract, basePath }) => ({ name, basePath, title: contract.title, version: contract.version, contractSha256: contract.sha256, operations: contract.operations.length, upstream: upstream.url }))
  }))
  return app
}

function digest (text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
