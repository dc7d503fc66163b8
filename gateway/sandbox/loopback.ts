import type { FastifyReply, FastifyRequest } from 'fastify'
import { sandboxProblem, sendProblem } from './problem.ts'

const loopbackAuthority = /^(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?$/i

/**
 * Lets through only what was sent to this machine by name (a rebound DNS name carries its own `Host`) and, from a
 * browser, only what comes from an origin of the list or from the sandbox's own pages. Answers CORS preflights.
 */
export function loopbackOnly (allowedOrigins: readonly string[]) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply | undefined> => {
    void reply.header('Vary', 'Origin').header('X-Correlation-Id', request.id)
    const hosts = request.raw.rawHeaders.filter((name, index) => index % 2 === 0 && name.toLowerCase() === 'host')
    const { host = '', origin } = request.headers
    if (hosts.length !== 1 || !loopbackAuthority.test(host)) {
      return refuse(reply, 'The sandbox answers only to 127.0.0.1, localhost and [::1].')
    }
    if (origin === undefined || origin === `http://${host}`) return undefined
    if (!allowedOrigins.includes(origin)) {
      return refuse(reply, 'This web origin is not among those that may call the sandbox.')
    }
    void reply.header('Access-Control-Allow-Origin', origin).header('Access-Control-Expose-Headers', 'X-Correlation-Id')
    if (request.method !== 'OPTIONS') return undefined
    return reply.status(204).headers({
      'Access-Control-Allow-Methods': 'GET, POST',
      'Access-Control-Allow-Headers': 'Content-Type',
      'Access-Control-Max-Age': '600'
    }).send()
  }
}

function refuse (reply: FastifyReply, detail: string): FastifyReply {
  return sendProblem(reply, sandboxProblem(403, 'Forbidden', detail))
}
