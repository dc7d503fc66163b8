import Fastify from 'fastify'
import proxy from '@fastify/http-proxy'
import jwt from '@fastify/jwt'
import rateLimit from '@fastify/rate-limit'
import { tellPort } from './tell-port.ts'
import { givenWork, windowSeconds } from './work.ts'

// What a team that knows Fastify would build of its own plugins, as their pages say; the voucher's verdict is remembered.
const { upstream, pem, issuer, audience, limit } = givenWork()
const app = Fastify({ logger: false })
await app.register(jwt, { secret: { public: pem }, verify: { algorithms: ['RS256'], allowedIss: issuer, allowedAud: audience, cache: true } })
app.addHook('onRequest', async (request) => { await request.jwtVerify() })
await app.register(rateLimit, {
  max: limit,
  timeWindow: windowSeconds * 1000,
  hook: 'preHandler',
  keyGenerator: ({ user }) => (user as { client_id: string }).client_id
})
await app.register(proxy, { upstream, undici: { connections: 128, pipelining: 1 } })
await app.listen({ host: '127.0.0.1', port: 0 })
tellPort((app.addresses()[0] as { port: number }).port)
