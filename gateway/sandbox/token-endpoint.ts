import type { FastifyInstance } from 'fastify'
import { sendProblem } from './problem.ts'
import { decide } from './token-decision.ts'
import type { DecisionContext } from './token-decision.ts'
import type { TokenRequestLog } from './token-request-log.ts'
import { rateHeaders } from './voucher-rate.ts'

/** What the token endpoint needs to decide and to remember. */
export interface TokenEndpointContext extends DecisionContext { readonly log: TokenRequestLog }

/** `POST /token.oauth2`: a voucher for a valid client assertion; otherwise the platform's own, silent, answers. */
export async function tokenEndpoint (app: FastifyInstance, context: TokenEndpointContext): Promise<void> {
  const form = 'application/x-www-form-urlencoded'
  app.addContentTypeParser(form, { parseAs: 'string' }, async (_request: unknown, body: string) => body)

  app.post('/token.oauth2', async (request, reply) => {
    const body = typeof request.body === 'string' ? request.body : ''
    const { answer, record, rate } = await decide({ body, dpop: request.headers.dpop?.toString() }, context)
    const status = 'status' in answer ? answer.status : 200
    context.log.add({ correlationId: request.id, at: new Date(context.now()).toISOString(), status, ...record })
    request.log.info({ outcome: record.outcome, reason: record.reason?.name }, 'token request')
    void reply.headers({ 'Cache-Control': 'no-store', ...rate ? rateHeaders(rate) : {} })
    return 'status' in answer ? sendProblem(reply, answer) : answer
  })
}
