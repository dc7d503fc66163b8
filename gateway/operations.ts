import { createHash, timingSafeEqual } from 'node:crypto'
import Fastify from 'fastify'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { problemMediaType } from '../openapi/problem.ts'
import type { Planned } from './plan-reload.ts'
import type { Reloaded } from './reload.ts'
import type { Report } from './report.ts'

/** The gateway as operations see it: one process, or several that serve one configuration. */
export interface Operated {
  /** What each process says of itself. */
  readonly reports: () => Promise<readonly [Report, ...Report[]]>
  /** Puts the configuration live as its files are now. */
  readonly reload: () => Promise<Reloaded>
  /** Says what that would change. */
  readonly plan: () => Promise<Planned>
}

/** The paths of the operations listener, as they are told to whoever asks for another. */
const paths = '/status, /-/config, /-/eservices, /-/registry, /-/shared-state, /-/processes and, to POST to, /-/reload and /-/plan'

/**
 * The operations listener, never public: the configuration as it may be shown with its hash, what is live since when, how it stands with the
 * registry, where limits and used proofs are, reloading, and what that would change. Every path but `/status` needs the operations token as bearer.
 */
export function buildOperations ({ reports, reload, plan }: Operated, token: string): FastifyInstance {
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
  app.setNotFoundHandler(async (_request, reply) => reply.code(404).type(problemMediaType).send({ type: 'about:blank', title: 'Not Found', status: 404, detail: `Here are ${paths}.`, code: 'route-not-found' }))
  app.get('/status', async (_request, reply) => {
    const all = await reports()
    const { status } = all.find((one) => one.status.status !== 200) ?? all[0]
    return reply.code(status.status).type(problemMediaType).send(status)
  })
  // What all processes have in common is told by the first.
  app.get('/-/config', async () => {
    const [{ hash, startedAt, config }] = await reports()
    return { hash, startedAt, config }
  })
  app.get('/-/eservices', async () => ({ items: (await reports())[0].eservices }))
  app.get('/-/registry', async () => (await reports())[0].registry)
  app.get('/-/shared-state', async () => (await reports())[0].sharedState)
  app.get('/-/processes', async () => ({ items: (await reports()).map(({ pid, startedAt, hash, status: { code }, registry, sharedState }) => ({ pid, startedAt, hash, status: code, registry, sharedState })) }))
  app.post('/-/reload', async (_request, reply) => {
    const reloaded = await reload()
    return 'hash' in reloaded ? reloaded : refuseConfiguration(reply, reloaded.problems)
  })
  app.post('/-/plan', async (_request, reply) => {
    const planned = await plan()
    return 'lines' in planned ? planned : refuseConfiguration(reply, planned.problems)
  })
  return app
}

function refuseConfiguration (reply: FastifyReply, problems: readonly string[]): FastifyReply {
  return reply.code(422).type(problemMediaType).send({ type: 'about:blank', title: 'Unprocessable Content', status: 422, detail: 'The configuration cannot go live; what was live serves on.', code: 'configuration-invalid', problems })
}

function digest (text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
