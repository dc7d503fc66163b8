import Fastify from 'fastify'
import type { Operation } from '../../openapi/contract.ts'
import type { Demands } from '../../policies/demands.ts'
import { routerPattern, routing } from '../route.ts'
import type { DescribedEService } from '../route.ts'

/** The operation that a request is for, and what its contract demands of calls. */
export interface FoundOperation { readonly eservice: DescribedEService, readonly operation: Operation, readonly demands: Demands }

/** Finds the operation behind a method and a path, query left out; undefined where there is none. */
export type FindOperation = (method: string, path: string) => Promise<FoundOperation | undefined>

/** Prepares finding operations without a gateway, with the same router, so that both always find the same. */
export async function prepareFind (eservices: readonly DescribedEService[]): Promise<FindOperation> {
  const app = Fastify({ logger: false, ...routing })
  const all = eservices.flatMap((eservice) => eservice.contract.operations.map((operation) => ({ eservice, operation, demands: eservice.demands.get(operation.id) as Demands })))
  let found: FoundOperation | undefined
  for (const one of all) {
    app.route({
      method: one.operation.method,
      url: routerPattern(one.eservice, one.operation),
      handler: async ({ params }) => {
        // The router lets a path match that ends where a parameter should stand.
        if (!Object.values(params as Record<string, string>).includes('')) found = one
        return ''
      }
    })
  }
  await app.ready()
  return async (method, path) => {
    found = undefined
    if (!path.startsWith('/')) return undefined
    await app.inject({ method: method as 'GET', url: path })
    return found
  }
}
