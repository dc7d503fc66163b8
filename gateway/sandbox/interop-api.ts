import type { FastifyInstance } from 'fastify'
import type { ApiCall, ApiData } from './api-call.ts'
import { identifyCaller } from './api-caller.ts'
import type { ApiCallerContext, ApiVersion } from './api-caller.ts'
import { listReads } from './api-lists.ts'
import { apiProblem } from './api-problem.ts'
import { resourceReads } from './api-reads.ts'
import { isProblem, sendProblem, sendResult, tooManyRequests } from './problem.ts'
import { signResponses } from './response-signing.ts'
import type { SigningContext } from './response-signing.ts'
import { rateHeaders } from './voucher-rate.ts'
import type { CountRequest } from './voucher-rate.ts'

/** What the interop API answers with. */
export interface InteropApiContext extends ApiCallerContext, ApiData, SigningContext {
  /** Counts calls of a tenant, apart from its token requests. */
  readonly countCall: CountRequest
  /** Where the sandbox listens, without a slash at the end. */
  readonly origin: () => string
}

interface Read { Params: ApiCall['params'], Querystring: ApiCall['query'] }

/** One version of the platform's interop API: reads only, for clients of kind Api; v3 signs whatever it answers. */
export async function interopApi (app: FastifyInstance, { version, context }: { version: ApiVersion, context: InteropApiContext }): Promise<void> {
  if (version === 'v3') app.addHook('onSend', signResponses(context))
  app.addHook('onRequest', async (_request, reply) => { void reply.header('Cache-Control', 'no-store') })
  app.setNotFoundHandler((_request, reply) => sendProblem(reply, apiProblem('resourceNotFound', 'The sandbox has no such resource of the interop API.')))

  for (const [path, read] of Object.entries({ ...resourceReads, ...listReads })) {
    app.get<Read>(path, async (request, reply) => {
      const { method, headers: { authorization, dpop }, params, query } = request
      const url = `${context.origin()}${request.url.split('?', 1)[0]}`
      const caller = await identifyCaller({ version, method, url, authorization, dpop: dpop?.toString() }, context)
      if (isProblem(caller)) return sendProblem(reply, caller)
      const rate = context.countCall(caller.tenantId)
      void reply.headers(rateHeaders(rate))
      if (rate.limited) return sendProblem(reply, tooManyRequests(caller.tenantId, '012'))
      return sendResult(reply, read({ tenantId: caller.tenantId, params, query }, context))
    })
  }
}
