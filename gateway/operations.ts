import { createHash, timingSafeEqual } from 'node:crypto'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import type { Config } from './config.ts'
import { problemMediaType } from '../openapi/problem.ts'
import type { RegistryHealth, RegistrySource } from './registry-source.ts'
import type { LiveEService } from './route.ts'
import type { SharedState } from './shared-state.ts'
import { statusOf } from './status.ts'

/** What the operations listener tells. `startedAt` in epoch ms. */
export interface OperationsParts {
  readonly config: Config
  readonly token: string
  readonly eservices: readonly LiveEService[]
  readonly keys: { readonly ready: boolean }
  readonly registry: Pick<RegistrySource, 'health'>
  readonly shared: Pick<SharedState, 'place' | 'answers'>
  readonly startedAt: number
}

/**
 * The operations listener, never public: the configuration as it may be shown with its hash, what is live since when, how it stands with the
 * registry, and where limits and used proofs are. Every path but `/status` needs the operations token as bearer.
 */
export function buildOperations ({ config, token, eservices, keys, registry, shared, startedAt }: OperationsParts): FastifyInstance {
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
  app.setNotFoundHandler(async (_request, reply) => reply.code(404).type(problemMediaType).send({ type: 'about:blank', title: 'Not Found', status: 404, detail: 'Here are /status, /-/config, /-/eservices, /-/registry and /-/shared-state.', code: 'route-not-found' }))
  app.get('/status', async (_request, reply) => {
    const problem = statusOf({ keys, registry })
    return reply.code(problem.status).type(problemMediaType).send(problem)
  })
  app.get('/-/config', async () => ({ hash: config.hash, startedAt: new Date(startedAt).toISOString(), config: config.shown }))
  app.get('/-/eservices', async () => ({
    items: eservices.map(({ config: { name, upstream }, contract, basePath }) => ({ name, basePath, title: contract.title, version: contract.version, contractSha256: contract.sha256, operations: contract.operations.length, upstream: upstream.url }))
  }))
  app.get('/-/registry', async () => shownHealth(registry.health))
  app.get('/-/shared-state', async () => ({ place: shared.place, answers: shared.answers }))
  return app
}

function shownHealth ({ source, state, ageMs, lastError }: RegistryHealth) {
  const never = ageMs === Infinity
  return { source, state, ageSeconds: never ? null : Math.round(ageMs / 1000), lastError: lastError ?? null, detail: [told[state], ...never ? ['It was never read as a whole.'] : []].join(' ') }
}

const told: Readonly<Record<RegistryHealth['state'], string>> = {
  current: 'Agreements and purposes are in step with their source.',
  failing: 'The last reading of the platform did not go well; what is known serves on.',
  unavailable: 'Nothing is known that may be relied on: calls are answered 503 until the platform was read.'
}

function digest (text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
