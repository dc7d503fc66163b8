import { Agent } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { auth } from 'express-oauth2-jwt-bearer'
import { middleware as validate } from 'express-openapi-validator'
import { rateLimit } from 'express-rate-limit'
import { createProxyMiddleware } from 'http-proxy-middleware'
import { tellPort } from './tell-port.ts'
import { givenWork, windowSeconds } from './work.ts'

// What a team that knows Express would put together, as the pages of its parts say.
const { upstream, jwksUrl, issuer, audience, limit, contract } = givenWork()
const app = express()
app.disable('x-powered-by')
app.use(auth({ jwksUri: jwksUrl, issuer, audience, tokenSigningAlg: 'RS256' }))
app.use(rateLimit({ windowMs: windowSeconds * 1000, limit, standardHeaders: true, legacyHeaders: false, keyGenerator: ({ auth }) => String(auth?.payload['client_id']) }))
app.use(validate({ apiSpec: contract, validateRequests: true, validateResponses: false, validateSecurity: false }))
app.use(createProxyMiddleware({ target: upstream, agent: new Agent({ keepAlive: true, maxSockets: 128 }) }))
app.use((error: Error & { status?: number }, _request: express.Request, response: express.Response, _next: express.NextFunction) => {
  response.status(error.status ?? 500).json({ title: error.message })
})
const server = app.listen(0, '127.0.0.1', () => { tellPort((server.address() as AddressInfo).port) })
