import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { decideAsync } from './async-decision.ts'
import type { AsyncContext } from './async-decision.ts'
import { sendProblem } from './problem.ts'
import { decide } from './token-decision.ts'
import type { TokenDecision, TokenRequest } from './token-decision.ts'
import type { TokenRequestLog } from './token-request-log.ts'
import { rateHeaders } from './voucher-rate.ts'

/** What the token endpoint needs to decide and to remember. */
export interface TokenEndpointContext extends AsyncContext { readonly log: TokenRequestLog }

/**
 * `POST /token.oauth2` and, for e-services that are called by asynchronous exchange, `/token.oauth2.async`: a voucher for a valid client
 * assertion; otherwise the platform's own, silent, answers.
 */
export async function tokenEndpoint (app: FastifyInstance, context: TokenEndpointContext): Promise<void> {
  const form = 'application/x-www-form-urlencoded'
  app.addContentTypeParser(form, { parseAs: 'string' }, async (_request: unknown, body: string) => body)

  const answerWith = (decideOn: (request: TokenRequest) => Promise<TokenDecision>) => async (request: FastifyRequest, reply: FastifyReply): Promise<unknown> => {
    const body = typeof request.body === 'string' ? request.body : ''
    const { answer, record, rate } = await decideOn({ body, dpop: request.headers.dpop?.toString() })
    const status = 'status' in answer ? answer.status : 200
    context.log.add({ correlationId: request.id, at: new Date(context.now()).toISOString(), status, ...record })
    request.log.info({ outcome: record.outcome, reason: record.reason?.name }, 'token request')
    void reply.headers({ 'Cache-Control': 'no-store', ...rate ? rateHeaders(rate) : {} })
    return 'status' in answer ? sendProblem(reply, answer) : answer
  }
  app.post('/token.oauth2', answerWith(async (request) => decide(request, context)))
  app.post('/token.oauth2.async', answerWith(async (request) => decideAsync(request, context)))
}
