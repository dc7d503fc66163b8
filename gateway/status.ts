import type { FastifyInstance } from 'fastify'
import { problemMediaType } from '../openapi/problem.ts'
import type { Probe } from './probe.ts'
import type { RegistrySource } from './registry-source.ts'
import type { LiveEService } from './route.ts'

/** What the gateway's own status depends on: whether the platform's keys, and its agreements and purposes, are known. */
export interface Readiness { readonly keys: { readonly ready: boolean }, readonly registry: Pick<RegistrySource, 'health'> }

/** The gateway's status as a document: it is well when it can verify vouchers and knows who is entitled. */
export function statusOf ({ keys, registry }: Readiness) {
  if (!keys.ready) return notReady
  return registry.health.state === 'unavailable' ? notFilled : ok
}

/**
 * `/status` of the gateway, and of every e-service whose contract has none (RAC_REST_NAME_011): no voucher, never counted. The gateway is
 * well when it can admit calls; an e-service is well when its upstream answers at all.
 */
export function addStatus (app: FastifyInstance, eservices: readonly LiveEService[], probes: ReadonlyMap<LiveEService, Probe>, readiness: Readiness): void {
  app.get('/status', async (_request, reply) => {
    const problem = statusOf(readiness)
    return reply.code(problem.status).type(problemMediaType).header('cache-control', 'no-store').headers(problem.status === 503 ? { 'retry-after': '5' } : {}).send(JSON.stringify(problem))
  })
  for (const eservice of eservices) {
    if (eservice.contract.operations.some((operation) => operation.path === '/status')) continue
    const isWell = probes.get(eservice) as Probe
    app.get(`${eservice.basePath}/status`, async (_request, reply) => {
      const problem = await isWell() ? ok : unreachable
      return reply.code(problem.status).type(problemMediaType).header('cache-control', 'no-store').send(JSON.stringify(problem))
    })
  }
}

const ok = { type: 'about:blank', title: 'OK', status: 200, detail: 'The service is up.', code: 'ok' } as const
const notReady = { type: 'about:blank', title: 'Service Unavailable', status: 503, detail: "The platform's keys have not been fetched yet.", code: 'trust-source-unavailable' } as const
const notFilled = { type: 'about:blank', title: 'Service Unavailable', status: 503, detail: 'Agreements and purposes have not been read from the platform, or too long ago.', code: 'registry-unavailable' } as const
const unreachable = { type: 'about:blank', title: 'Bad Gateway', status: 502, detail: 'The e-service does not answer.', code: 'upstream-unreachable' } as const
