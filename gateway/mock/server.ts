import { randomUUID } from 'node:crypto'
import Fastify from 'fastify'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Contract, Operation } from '../../openapi/contract.ts'
import type { ParameterSource } from '../../openapi/requests/parameters.ts'
import { problemMediaType } from '../../openapi/problem.ts'
import { queryOf } from '../../openapi/requests/query.ts'
import { rawPathReader } from '../../openapi/requests/raw-path.ts'
import { isRefused } from '../../openapi/requests/request-finding.ts'
import { registerOperations } from '../../openapi/register.ts'
import { compileContract } from '../../openapi/requests/validate.ts'
import type { OperationValidator } from '../../openapi/requests/validate.ts'
import { isDenial } from '../../policies/denials.ts'
import type { Denial, DenialCode } from '../../policies/denials.ts'
import { announcesBody, codingOf } from '../admit.ts'
import { valuesOfHeader } from '../header-lines.ts'
import { patternOf, piecesOf, valuesOf } from '../path-template.ts'
import type { Matched, Piece } from '../path-template.ts'
import { addProblemPages } from '../docs/problem-pages.ts'
import { problemOf } from '../refuse.ts'
import { routing } from '../route.ts'
import { contractDenial } from '../serve.ts'
import { findWireFault } from '../wire.ts'
import { MockAnswers } from './answers.ts'
import { preferencesOf } from './preferences.ts'

/** Largest body of a request, in bytes. */
const bodyLimit = 10 * 1024 * 1024

/**
 * Makes the mock of a contract, behind no listener yet: calls are routed and checked against the contract as by the gateway, except that nobody has
 * to prove who calls, and refused with the same problems. `url` is where it will be reached. Throws DocumentError.
 */
export async function buildMock (contract: Contract, url: URL): Promise<FastifyInstance> {
  const validators = compileContract(contract)
  const answers = new MockAnswers(contract, await registerOperations(contract))
  const app = Fastify({ logger: false, bodyLimit, ...routing, return503OnClosing: false, frameworkErrors: (error, _request, reply) => { refuse(reply, faultDenial(error)) } })
  const refuse = (reply: FastifyReply, denial: Denial): void => {
    const problem = problemOf(denial, randomUUID(), url.origin)
    void reply.code(problem.status).type(problemMediaType).send(Buffer.from(JSON.stringify(problem)))
  }
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => { done(null, body) })
  const authorities = new Set([url.host, `localhost:${url.port}`])
  app.addHook('onRequest', (request, reply, done) => {
    const fault = findWireFault(request.raw, authorities)
    if (fault) refuse(reply, fault)
    else done()
  })
  app.setNotFoundHandler((_request, reply) => { refuse(reply, noRoute) })
  app.setErrorHandler((error, _request, reply) => { refuse(reply, faultDenial(error as Error)) })
  const serve: Serve = (operation, pieces) => (request, reply) => {
    const validator = validators.get(operation.id) as OperationValidator
    const path = valuesOf(pieces, request.params as Matched)
    const written = rawPathReader(contract.basePath + operation.path, validator.rawPath)?.((request.raw.url ?? '').split('?', 1)[0] as string)
    const fault = findFault(operation, validator, { path, rawPath: (name) => written?.[name], query: queryOf(request.raw.url ?? ''), header: (name) => valuesOfHeader(request.raw, name) }, request)
    if (fault) return refuse(reply, fault)
    const answer = answers.of(operation, preferencesOf([request.headers['prefer']].flat().join(',')), request.headers.accept)
    if (isDenial(answer)) return refuse(reply, answer)
    void reply.code(answer.status).headers(Object.fromEntries(answer.headers)).send(answer.body.length === 0 ? undefined : answer.body)
  }
  addRoutes(app, contract, serve, refuse)
  if (!app.hasRoute({ method: 'GET', url: '/problems' })) addProblemPages(app)
  return app
}

type Refuse = (reply: FastifyReply, denial: Denial) => void
type Serve = (operation: Operation, pieces: readonly Piece[]) => (request: FastifyRequest, reply: FastifyReply) => void

function addRoutes (app: FastifyInstance, { basePath, operations }: Contract, serve: Serve, refuse: Refuse): void {
  const allowed = new Map<string, string[]>()
  for (const operation of operations) {
    const pieces = piecesOf(basePath + operation.path)
    const url = patternOf(pieces)
    app.route({ method: operation.method, url, onRequest: (request, reply, done) => { if (lacksParameter(request)) refuse(reply, noRoute); else done() }, handler: serve(operation, pieces) })
    allowed.set(url, [...allowed.get(url) ?? [], operation.method])
  }
  for (const [url, methods] of allowed) {
    const others = app.supportedMethods.filter((method) => !methods.includes(method))
    app.route({ method: others, url, onRequest: (request, reply) => {
      if (lacksParameter(request)) return refuse(reply, noRoute)
      refuse(reply.header('Allow', methods.join(', ')), { denial: 'method-not-allowed', check: 'method' })
    }, handler: () => undefined })
  }
}

const noRoute: Denial = { denial: 'route-not-found', check: 'route' }

// The router lets a path match that ends where a parameter should stand.
function lacksParameter ({ params }: FastifyRequest): boolean {
  return Object.values(params as Matched).includes('')
}

/** What the contract has against a request. */
function findFault (operation: Operation, validator: OperationValidator, source: ParameterSource, { raw, body }: FastifyRequest): Denial | undefined {
  const { headers } = raw
  if (!operation.body && announcesBody(raw)) return { denial: 'malformed-request', check: 'body', detail: 'This operation takes no body.' }
  if (announcesBody(raw) && (codingOf(raw) !== undefined || validator.mediaType(headers['content-type']) === undefined)) {
    return { denial: 'unsupported-media-type', check: 'Content-Type', detail: `This operation takes ${[...operation.body?.content.keys() ?? []].join(', ')}, in UTF-8 and without content coding.` }
  }
  const read = validator.parameters(source)
  if (isRefused(read)) return contractDenial(read)
  const checked = validator.body(headers['content-type'], body instanceof Uint8Array ? body : new Uint8Array())
  return isRefused(checked) ? contractDenial(checked) : undefined
}

const statusCodes: Readonly<Record<number, DenialCode>> = { 400: 'malformed-request', 413: 'content-too-large', 414: 'uri-too-long', 415: 'unsupported-media-type' }

function faultDenial (error: Error & { code?: string, statusCode?: number }): Denial {
  return { denial: statusCodes[error.statusCode ?? 500] ?? 'internal-error', check: 'request', ...error.code === 'FST_ERR_BAD_URL' && { detail: 'The path has characters that must be percent-encoded.' } }
}
