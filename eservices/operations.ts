import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { preferredType } from '../openapi/requests/accept.ts'
import type { Contract, Operation as ContractOperation } from '../openapi/contract.ts'
import { problemMediaType } from '../openapi/problem.ts'
import type { Problem } from '../openapi/problem.ts'
import { queryOf } from '../openapi/requests/query.ts'
import { rawPathReader } from '../openapi/requests/raw-path.ts'
import { isRefused } from '../openapi/requests/request-finding.ts'
import type { Findings } from '../openapi/requests/request-finding.ts'
import { compileContract } from '../openapi/requests/validate.ts'
import type { OperationValidator } from '../openapi/requests/validate.ts'
import type { Caller, VarcoCall } from '../openapi/varco-call.ts'
import { toCsv } from './csv.ts'
import { entityTag, matchesWeakly } from './entity-tag.ts'
import { DatabaseUnavailable } from './database.ts'
import { cacheControl, ProblemError } from './eservice.ts'
import type { EServiceRequest, Operation, Reply } from './eservice.ts'
import { nextLink } from './page.ts'
import type { BoundRequest } from './varco-call.ts'

type VerifyCall = (request: BoundRequest) => Promise<VarcoCall | undefined>

/** Adds the routes of a contract to an application. Throws a sentence that names the file and the operationId when one has no operation, or the other way round. */
export function addOperations (app: FastifyInstance, contract: Contract, operations: Readonly<Record<string, Operation>>, verify: VerifyCall): void {
  refuseMismatch(contract, operations)
  const validators = compileContract(contract)
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => { done(null, body) })
  app.setErrorHandler(async (error, request, reply) => sendProblem(reply, toProblem(error, request)))
  app.setNotFoundHandler(async (_request, reply) => sendProblem(reply, { type: 'about:blank', title: 'Not Found', status: 404, detail: 'There is no such resource.', code: 'not-found' }))
  for (const operation of contract.operations) {
    const run = operations[operation.id] as Operation
    const validator = validators.get(operation.id) as OperationValidator
    app.route({
      method: operation.method,
      url: contract.basePath + operation.path.replaceAll(/\{([^}]+)\}/g, ':$1'),
      exposeHeadRoute: false,
      handler: async (request, reply) => answer(request, reply, { operation, run, validator, template: contract.basePath + operation.path }, verify)
    })
  }
}

/** An operation with what serves it; `template` is its path, base path included. */
interface Served { readonly operation: ContractOperation, readonly run: Operation, readonly validator: OperationValidator, readonly template: string }

async function answer (request: FastifyRequest, reply: FastifyReply, { operation, run, validator, template }: Served, verify: VerifyCall): Promise<FastifyReply> {
  const call = await verify({ method: request.method, url: request.url, headers: request.headers })
  if (!call || call.operationId !== operation.id || (!call.caller && !operation.isPublic)) {
    throw new ProblemError({ status: 401, code: 'varco-call-required', title: 'Unauthorized', detail: 'This e-service answers only calls that come through its gateway.' })
  }
  try {
    return send(request, reply, operation, await run(readRequest(request, validator, template, call)))
  } catch (error) {
    return sendProblem(reply, toProblem(error, request, call.correlationId))
  }
}

function readRequest (request: FastifyRequest, validator: OperationValidator, template: string, { caller, grant, correlationId }: VarcoCall): EServiceRequest {
  const read = validator.parameters({
    path: request.params as Record<string, string>,
    rawPath: (name) => rawPathReader(template, validator.rawPath)?.(request.url.split('?', 1)[0] as string)[name],
    query: queryOf(request.url),
    header: (name) => [request.headers[name]].flat()[0]
  })
  if (isRefused(read)) throw invalid(read)
  const bytes = (request.body as Buffer | undefined) ?? Buffer.alloc(0)
  const body = validator.body(request.headers['content-type'], bytes)
  if (isRefused(body)) throw invalid(body)
  return { parameters: read.values, body: body.value, caller: caller as Caller, grant, correlationId }
}

function send (request: FastifyRequest, reply: FastifyReply, operation: ContractOperation, result: Reply): FastifyReply {
  const { status = 200, body, headers = {}, cache = 'no-store', rows, next } = result
  reply.headers({ 'cache-control': cacheControl[cache], ...headers })
  if (body === undefined) return reply.code(status).send()
  const csv = rows && preferredType(request.headers.accept, ['application/json', 'text/csv']) === 'text/csv'
  const type = csv ? 'text/csv' : [...operation.responses.get(String(status))?.content.keys() ?? []].find((declared) => declared.endsWith('json')) ?? 'application/json'
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(csv ? toCsv(rows) : JSON.stringify(body))
  if (rows) reply.header('vary', 'accept')
  if (next !== undefined) reply.header('link', nextLink(request.url, next))
  if (cache !== 'no-store') {
    // The link is part of what a copy holds: rows that did not change may have got a next page.
    const tag = entityTag(next === undefined ? type : `${type}; next=${next}`, bytes)
    reply.header('etag', tag)
    if (matchesWeakly(request.headers['if-none-match'], tag)) return reply.code(304).send()
  }
  return reply.code(status).type(csv ? 'text/csv; charset=utf-8' : type).send(bytes)
}

function invalid ({ findings }: Findings): ProblemError {
  return new ProblemError({ status: 400, code: 'invalid-request', title: 'Bad Request', detail: findings[0].detail, errors: findings })
}

function toProblem (error: unknown, request: FastifyRequest, correlationId?: string): Problem {
  const known = { ...(correlationId !== undefined && { correlationId }) }
  if (error instanceof ProblemError) {
    return { type: 'about:blank', title: error.title, status: error.status, detail: error.message, code: error.code, ...known, ...(error.errors && { errors: error.errors }) }
  }
  const status = error instanceof DatabaseUnavailable ? 503 : (error as { statusCode?: number }).statusCode ?? 500
  if (status >= 500) process.stderr.write(`${JSON.stringify({ level: 'error', ...known, route: request.routeOptions.url, error: (error as Error).stack })}\n`)
  if (status === 503) return { type: 'about:blank', title: 'Service Unavailable', status, detail: 'The store of the e-service does not answer; try again shortly.', code: 'store-unavailable', ...known }
  return status === 413
    ? { type: 'about:blank', title: 'Content Too Large', status, detail: `The body is larger than ${request.routeOptions.bodyLimit / 1024 / 1024} MiB.`, code: 'content-too-large', ...known }
    : { type: 'about:blank', title: 'Internal Server Error', status: 500, detail: 'The e-service failed; try again later.', code: 'eservice-failed', ...known }
}

async function sendProblem (reply: FastifyReply, problem: Problem): Promise<FastifyReply> {
  if (problem.status === 503) reply.header('retry-after', '1')
  return reply.code(problem.status).type(problemMediaType).header('cache-control', 'no-store').send(JSON.stringify(problem))
}

function refuseMismatch (contract: Contract, operations: Readonly<Record<string, Operation>>): void {
  const declared = new Set(contract.operations.map((operation) => operation.id))
  const missing = [...declared].filter((id) => !Object.hasOwn(operations, id)).map((id) => `operation "${id}" is declared there but the e-service does not implement it`)
  const unknown = Object.keys(operations).filter((id) => !declared.has(id)).map((id) => `the e-service implements "${id}", which is not declared there`)
  if (missing.length + unknown.length > 0) throw new Error(`${contract.file}: ${[...missing, ...unknown].join('; ')}`)
}
