import type { FastifyReply } from 'fastify'

/** A problem as the platform writes it (its members, RFC 9457 media type). */
export interface Problem {
  readonly type: string
  readonly status: number
  readonly title: string
  readonly detail: string
  readonly errors: readonly { readonly code: string, readonly detail: string }[]
}

/** The one answer to every 400 of the token endpoint: it does not say why. */
export const sanitisedRefusal: Problem = {
  type: 'about:blank',
  status: 400,
  title: 'The request contains bad syntax or cannot be fulfilled.',
  detail: 'Bad request',
  errors: [{ code: '015-0008', detail: 'Unable to generate a token for the given request' }]
}

/** The one answer to every 500 of the token endpoint. */
export const sanitisedFault: Problem = {
  type: 'internalServerError',
  status: 500,
  title: 'The request couldn\'t be fulfilled due to an internal error',
  detail: 'Internal server error',
  errors: [{ code: '015-0000', detail: 'Unable to generate a token for the given request due to an internal error' }]
}

/** A form that is not a token request: answered openly, one error a field. */
export function badForm (details: readonly string[]): Problem {
  const errors = details.map((detail) => ({ code: '007-9999', detail }))
  return { type: 'about:blank', status: 400, title: 'Bad request', detail: 'Incorrect value for body', errors }
}

/** Too many requests of one tenant to one part of the platform: 007 is its authorization server, 012 its interop API. */
export function tooManyRequests (tenantId: string, part: '007' | '012'): Problem {
  const detail = `Requests limit exceeded for organization ${tenantId}`
  const errors = [{ code: `${part}-10004`, detail }]
  return { type: 'about:blank', status: 429, title: 'Too Many Requests', detail, errors }
}

/** A refusal of the sandbox itself, which the platform does not know. */
export function sandboxProblem (status: number, title: string, detail: string): Problem {
  return { type: 'about:blank', status, title, detail, errors: [{ code: `sandbox-${status}`, detail }] }
}

/** Answers with a problem and the id under which the request was recorded. */
export function sendProblem (reply: FastifyReply, problem: Problem): FastifyReply {
  const body = { ...problem, correlationId: reply.request.id }
  return reply.status(problem.status).type('application/problem+json').send(body)
}

/** Answers with what was found or done, or with the problem. */
export function sendResult (reply: FastifyReply, result: object | Problem): FastifyReply {
  return isProblem(result) ? sendProblem(reply, result) : reply.send(result)
}

/** Whether it is a problem: no resource of the platform has a number in `status`. */
export function isProblem (result: object): result is Problem {
  return 'status' in result && typeof result.status === 'number'
}
