import { STATUS_CODES } from 'node:http'
import { fastify, LogController } from 'fastify'
import type { FastifyBaseLogger, FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { RegistryFile } from '../adapters/registry-file.ts'
import { createAsyncInteractions } from './async-interactions.ts'
import { debugEndpoints } from './debug-endpoints.ts'
import type { DebugContext } from './debug-endpoints.ts'
import { createDepositedKeys } from './deposited-keys.ts'
import { createEventLog } from './event-log.ts'
import { interopApi } from './interop-api.ts'
import type { InteropApiContext } from './interop-api.ts'
import { openKeyStore } from './key-store.ts'
import { createLiveRegistry } from './live-registry.ts'
import { loopbackOnly } from './loopback.ts'
import { sandboxProblem, sendProblem } from './problem.ts'
import { producersOf } from './producer-keychain.ts'
import { tokenEndpoint } from './token-endpoint.ts'
import { createTokenRequestLog } from './token-request-log.ts'
import { tracingApi } from './tracing-api.ts'
import { openTracingStore } from './tracing-store.ts'
import { createUsedProofs } from './used-proofs.ts'
import { createRateCounter } from './voucher-rate.ts'
import type { VoucherRate } from './voucher-rate.ts'

/** What a sandbox PDND is made from; `now` in epoch ms. */
export interface SandboxOptions {
  readonly registryFile: RegistryFile
  /** Where its key pairs are kept, made at the first start. */
  readonly stateDir: string
  readonly now: () => number
  readonly randomUUID: () => string
  readonly issuer: string
  readonly assertionAudience: string
  /** Web origins whose pages may call it. */
  readonly allowedOrigins: readonly string[]
  /** Silent when left out. */
  readonly logger?: FastifyBaseLogger
  /** Token requests, and as many calls of the interop API, of one tenant; 100 a second when left out. */
  readonly voucherRate?: VoucherRate
  /** How long a tracing file is pending, in ms; 500 when left out. */
  readonly tracingMs?: number
}

const rememberedRequests = 100

/**
 * A local stand-in for the national platform: token endpoint, key set, interop API, tracing API and debug endpoints. It mints vouchers for anyone
 * who asks, so it must listen on loopback only and answers nobody who reached it by another name.
 * @throws {KeyFileError} when the state folder cannot be used
 */
export async function buildSandbox (options: SandboxOptions): Promise<FastifyInstance> {
  const { registryFile: file, stateDir } = options
  const keys = await openKeyStore(stateDir, { clients: file.clients.map(({ id }) => id), producers: producersOf(file) })
  const app = createServer(options)
  const voucherRate = options.voucherRate ?? { limit: 100, interval: 1000 }
  const context: DebugContext & InteropApiContext = {
    ...options,
    registry: createLiveRegistry(file),
    keys,
    deposits: createDepositedKeys(keys),
    events: createEventLog(options.now, options.randomUUID),
    origin: () => app.listeningOrigin,
    tokenUrl: () => `${app.listeningOrigin}/token.oauth2`,
    usedProofs: createUsedProofs(options.now),
    interactions: createAsyncInteractions(options.now),
    countRequest: createRateCounter(voucherRate, options.now),
    countCall: createRateCounter(voucherRate, options.now),
    log: createTokenRequestLog(rememberedRequests)
  }
  app.get('/status', async () => ({ status: 200, title: 'OK', detail: 'The sandbox PDND is ready.' }))
  app.get('/.well-known/jwks.json', async () => ({ keys: [keys.platform.publicJwk] }))
  await app.register(tokenEndpoint, context)
  await app.register(debugEndpoints, context)
  await app.register(tracingApi, { ...context, tracings: await openTracingStore({ ...options, processingMs: options.tracingMs ?? 500 }) })
  for (const version of ['v2', 'v3'] as const) await app.register(interopApi, { prefix: `/${version}`, version, context })
  return app
}

function createServer ({ logger, randomUUID, allowedOrigins }: SandboxOptions): FastifyInstance {
  const app: FastifyInstance = fastify({
    ...logger === undefined ? { logger: false } : { loggerInstance: logger },
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => randomUUID(),
    frameworkErrors: answerError,
    bodyLimit: 64 * 1024,
    requestTimeout: 10_000,
    keepAliveTimeout: 5_000,
    http: { headersTimeout: 5_000, connectionsCheckingInterval: 1_000, maxHeaderSize: 16_384 },
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false } }
  })
  app.server.maxConnections = 200
  app.removeAllContentTypeParsers()
  app.addHook('onRequest', loopbackOnly(allowedOrigins))
  app.setErrorHandler(answerError)
  app.setNotFoundHandler((_request, reply) => {
    return sendProblem(reply, sandboxProblem(404, 'Not found', 'The sandbox has no such resource.'))
  })
  return app
}

/** A client's mistake is told, a fault of ours is logged under the same id and told as no more than that. */
function answerError (error: FastifyError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const status = error.statusCode ?? 500
  const title = STATUS_CODES[status] ?? 'Error'
  if (status < 500) return sendProblem(reply, sandboxProblem(status, title, error.message))
  request.log.error({ err: error }, 'sandbox fault')
  return sendProblem(reply, sandboxProblem(500, title, 'The sandbox failed: its log says why, under the same id.'))
}
