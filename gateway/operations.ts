import { STATUS_CODES } from 'node:http'
import Fastify from 'fastify'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { problemMediaType } from '../openapi/problem.ts'
import type { Metrics, ProcessState } from './metrics.ts'
import { Access } from './operations/access.ts'
import { addPage } from './operations/page-routes.ts'
import type { Planned } from './plan/plan-reload.ts'
import type { Reloaded } from './reload.ts'
import { eservicesOf } from './report.ts'
import type { Report } from './report.ts'

/** The gateway as operations see it: one process, or several that serve one configuration. */
export interface Operated {
  /** What each process that serves says of itself; of the last minutes only where they are asked for. */
  readonly reports: (withRecent?: boolean) => Promise<readonly Report[]>
  /** What is told of every process, whether it serves or not. */
  readonly processes: () => Promise<readonly ProcessState[]>
  /** Puts the configuration live as its files are now. */
  readonly reload: () => Promise<Reloaded>
  /** Says what that would change. */
  readonly plan: () => Promise<Planned>
  /** Puts a new process in the place of each, without a failed call. */
  readonly restart: () => Promise<Reloaded>
}

/** The paths of the operations listener, as they are told to whoever asks for another. */
const paths = '/ (a page for people), /status, /metrics, /-/config, /-/eservices, /-/registry, /-/shared-state, /-/processes and, to POST to, /-/reload, /-/plan and /-/restart'

/**
 * The operations listener, never public: the configuration as it may be shown with its hash, what is live since when, how it stands with the
 * registry, where limits and used proofs are, all of that as metrics too, reloading, what that would change, and restarting, and a page for the people who
 * run it. Every path but `/status` needs the operations token as bearer; what is only read may also be read by whoever signed in on the page. `now` in epoch ms.
 */
export function buildOperations ({ reports, processes, reload, plan, restart }: Operated, token: string, now: () => number = Date.now): FastifyInstance {
  const app = Fastify({ logger: false, requestTimeout: 10_000, http: { headersTimeout: 5000 }, exposeHeadRoutes: false })
  const access = new Access(token, now)
  app.addHook('onRequest', async (request, reply) => {
    reply.headers({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' })
    if (request.routeOptions.config?.isOpen !== true && !access.admits(request)) {
      return refuse(reply.header('www-authenticate', 'Bearer'), 401, { detail: 'Send the operations token: Authorization: Bearer <token>. It is configured as listeners.operations.token, or printed at start.', code: 'operations-token-required' })
    }
    return undefined
  })
  app.setNotFoundHandler(async (_request, reply) => refuse(reply, 404, { detail: `Here are ${paths}.`, code: 'route-not-found' }))
  app.setErrorHandler(async (error: Error & { statusCode?: number }, _request, reply) => refuse(reply, error.statusCode ?? 500, error instanceof NoProcess ? { detail: error.message, code: 'no-process' } : { detail: 'The request cannot be answered.', code: error.statusCode === undefined ? 'internal-error' : 'malformed-request' }))
  addPage(app, { reports, processes }, access, now, refuse)
  app.get('/status', { config: { isOpen: true } }, async (_request, reply) => {
    const all = await reports()
    const { status } = all.find((one) => one.status.status !== 200) ?? firstOf(all)
    return reply.code(status.status).type(problemMediaType).send(status)
  })
  // What all processes have in common is told by the first.
  app.get('/-/config', async () => {
    const { hash, startedAt, config } = firstOf(await reports())
    return { hash, startedAt, config }
  })
  app.get('/-/eservices', async () => {
    const all = await reports()
    firstOf(all)
    return { items: eservicesOf(all) }
  })
  app.get('/-/registry', async () => firstOf(await reports()).registry)
  app.get('/-/shared-state', async () => firstOf(await reports()).sharedState)
  let metrics: Promise<Metrics> | undefined
  app.get('/metrics', async (_request, reply) => {
    // Loaded when it is first asked for: nobody waits for it at start.
    metrics ??= import('./metrics.ts').then(({ prepareMetrics }) => prepareMetrics(now))
    const { contentType, text } = await (await metrics)(await reports(), await processes())
    return reply.type(contentType).send(text)
  })
  app.get('/-/processes', async () => ({ items: await processes() }))
  app.post('/-/reload', async (_request, reply) => {
    const reloaded = await reload()
    return 'hash' in reloaded ? reloaded : refuseConfiguration(reply, reloaded.problems)
  })
  app.post('/-/plan', async (_request, reply) => {
    const planned = await plan()
    return 'lines' in planned ? planned : refuseConfiguration(reply, planned.problems)
  })
  app.post('/-/restart', async (_request, reply) => {
    const restarted = await restart()
    return 'hash' in restarted ? restarted : refuse(reply, 422, { detail: 'Not every process was replaced; those that were left serve on.', code: 'restart-failed', problems: restarted.problems })
  })
  return app
}

function refuseConfiguration (reply: FastifyReply, problems: readonly string[]): FastifyReply {
  return refuse(reply, 422, { detail: 'The configuration cannot go live; what was live serves on.', code: 'configuration-invalid', problems })
}

function refuse (reply: FastifyReply, status: number, facts: { readonly detail: string, readonly code: string, readonly problems?: readonly string[] }): FastifyReply {
  return reply.code(status).type(problemMediaType).send({ type: 'about:blank', title: STATUS_CODES[status], status, ...facts })
}

class NoProcess extends Error {
  override name = 'NoProcess'
  readonly statusCode = 503
}

function firstOf (reports: readonly Report[]): Report {
  const [first] = reports
  if (!first) throw new NoProcess('No process of the gateway serves just now; those that ended are being started again.')
  return first
}
