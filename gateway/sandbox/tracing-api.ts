import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { dayAt, isDay } from '../tracing/calendar.ts'
import { tracingStates } from '../tracing/error-codes.ts'
import type { TracingState } from '../tracing/error-codes.ts'
import { verifyApiVoucher } from './api-voucher.ts'
import type { ApiVoucherContext } from './api-voucher.ts'
import type { LiveRegistry } from './live-registry.ts'
import { isProblem, sendProblem, sendResult, tooManyRequests } from './problem.ts'
import type { Problem } from './problem.ts'
import { processTracing } from './tracing-processing.ts'
import type { KeptTracing, TracingStore } from './tracing-store.ts'
import { rateHeaders } from './voucher-rate.ts'
import type { CountRequest } from './voucher-rate.ts'

/** What the tracing API answers with. */
export interface TracingContext extends ApiVoucherContext { readonly registry: LiveRegistry, readonly tracings: TracingStore, readonly countCall: CountRequest }

/** Refusals of the tracing API: the platform's code, its title, and the status that it really answers with. */
const tracingProblems = {
  TRACING_ALREADY_EXISTS: ['Bad Request', 400],
  INVALID_TRACING_DATE: ['Bad Request', 400],
  BAD_REQUEST_ERROR: ['Bad request', 400],
  MISSING_HEADER: ['Bearer token has not been passed', 400],
  JWT_DECODING_ERROR: ['Unauthorized', 401],
  TRACING_NOT_FOUND: ['Tracing not found', 404],
  TRACING_CANNOT_BE_UPDATED: ['Tracing cannot be updated', 409],
  // The platform's own slip: whose tracing it is not is told as a fault.
  UNAUTHORIZED_ERROR: ['Unauthorized', 500]
} as const satisfies Record<string, readonly [string, number]>

type Part = { readonly file: Buffer, readonly date: string | undefined } | Problem
interface Call { Params: { tracingId: string }, Querystring: Readonly<Record<string, string | undefined>> }

/** A file may be as large as that, in bytes: half a million rows. */
const largestFile = 64 * 1024 * 1024

/** The platform's tracing API: files of calls by day, from clients of kind Api with an unbound voucher. */
export async function tracingApi (app: FastifyInstance, context: TracingContext): Promise<void> {
  const { tracings, registry, now } = context
  app.addContentTypeParser('multipart/form-data', { parseAs: 'buffer', bodyLimit: largestFile }, (_request, body, done) => { done(null, body) })
  app.addHook('onRequest', async (_request, reply) => { void reply.header('Cache-Control', 'no-store') })

  const answer = (work: (tenantId: string, request: FastifyRequest<Call>) => Promise<object | Problem>) => async (request: FastifyRequest<Call>, reply: FastifyReply): Promise<FastifyReply> => {
    const tenantId = await identify(request.headers.authorization, context)
    if (typeof tenantId !== 'string') return sendProblem(reply, tenantId)
    const rate = context.countCall(tenantId)
    void reply.headers(rateHeaders(rate))
    return rate.limited ? sendProblem(reply, tooManyRequests(tenantId, '012')) : sendResult(reply, await work(tenantId, request))
  }
  const process = async (tenantId: string, date: string, file: Buffer): Promise<KeptTracing> => tracings.put(tenantId, date, processTracing(file, { tenantId, date, registry }))
  /** The tracing of a path, if it is the caller's. */
  const own = (tenantId: string, { params: { tracingId } }: FastifyRequest<Call>): KeptTracing | Problem => {
    const tracing = tracings.find(tracingId)
    if (!tracing) return problem('TRACING_NOT_FOUND', `There is no tracing ${tracingId.slice(0, 60)}.`)
    return tracing.tenantId === tenantId ? tracing : problem('UNAUTHORIZED_ERROR', 'The tracing belongs to another tenant.')
  }
  const update = (states: readonly TracingState[], told: string) => answer(async (tenantId, request) => {
    const part = await readForm(request)
    if (isProblem(part)) return part
    const tracing = own(tenantId, request)
    if (isProblem(tracing)) return tracing
    if (!states.includes(tracings.stateOf(tracing))) return problem('TRACING_CANNOT_BE_UPDATED', `Its state must be ${told}.`)
    return { tracingId: (await process(tenantId, tracing.date, part.file)).tracingId }
  })

  app.post<Call>('/tracings/submit', answer(async (tenantId, request) => {
    const part = await readForm(request)
    if (isProblem(part)) return part
    const { date } = part
    if (date === undefined || !isDay(date)) return problem('BAD_REQUEST_ERROR', 'date: a day as 2026-03-02 is required.')
    if (date >= dayAt(now())) return problem('INVALID_TRACING_DATE', `The day ${date} is not over.`)
    const all = await tracings.list(tenantId)
    if (all.some((one) => one.date === date)) return problem('TRACING_ALREADY_EXISTS', `There is a tracing of the tenant for ${date} already.`)
    const { tracingId } = await process(tenantId, date, part.file)
    return { tracingId, errors: all.some((one) => ['ERROR', 'MISSING'].includes(tracings.stateOf(one))) }
  }))
  app.post<Call>('/tracings/:tracingId/recover', update(['MISSING', 'ERROR'], 'MISSING or ERROR'))
  app.post<Call>('/tracings/:tracingId/replace', update(['COMPLETED', 'WARNING'], 'COMPLETED'))

  app.get<Call>('/tracings', answer(async (tenantId, { query }) => {
    const states = (query['states'] ?? '').split(',').filter((state) => state !== '')
    if (!states.every((state) => (tracingStates as readonly string[]).includes(state))) return problem('BAD_REQUEST_ERROR', `states: each must be one of ${tracingStates.join(', ')}.`)
    const found = (await tracings.list(tenantId)).map((one) => ({ tracingId: one.tracingId, date: one.date, state: tracings.stateOf(one) }))
    return page(found.filter(({ state }) => states.length === 0 || states.includes(state)), query)
  }))
  app.get<Call>('/tracings/:tracingId/errors', answer(async (tenantId, request) => {
    const tracing = own(tenantId, request)
    if (isProblem(tracing)) return tracing
    return page(tracings.stateOf(tracing) === 'PENDING' ? [] : tracing.processed?.errors ?? [], request.query)
  }))

  app.get('/debug/tracings', async () => ({
    tracings: (await tracings.list()).map((one) => {
      const { tracingId, tenantId, date, version, processed: { rows, calls, errors } = { rows: 0, calls: 0, errors: [] } } = one
      return { tracingId, tenantId, date, version, state: tracings.stateOf(one), rows, calls, errors: errors.slice(0, 10) }
    })
  }))
}

function problem (code: keyof typeof tracingProblems, detail: string): Problem {
  const [title, status] = tracingProblems[code]
  return { type: 'about:blank', status, title, detail, errors: [{ code, detail }] }
}

/** The tenant of a voucher of the interop API, sent with exactly `Bearer`. */
async function identify (authorization: string | undefined, context: TracingContext): Promise<string | Problem> {
  const [scheme, voucher, ...more] = (authorization ?? '').split(' ')
  if (scheme !== 'Bearer' || !voucher || more.length > 0) return problem('MISSING_HEADER', 'Authorization: Bearer <voucher> has not been passed; the scheme is written exactly so.')
  const verified = await verifyApiVoucher(voucher, context)
  if (isProblem(verified)) return problem('JWT_DECODING_ERROR', verified.detail)
  return verified.jkt === undefined ? verified.tenantId : problem('JWT_DECODING_ERROR', 'A voucher that is bound to a key is not a Bearer token: ask for it without a DPoP proof.')
}

async function readForm ({ body, headers }: FastifyRequest<Call>): Promise<Part> {
  const form = Buffer.isBuffer(body) ? await new Response(new Uint8Array(body), { headers: { 'content-type': headers['content-type'] ?? '' } }).formData().catch(() => undefined) : undefined
  const file = form?.get('file')
  const date = form?.get('date')
  if (file === undefined || file === null || typeof file === 'string') return problem('BAD_REQUEST_ERROR', 'file: a file is required, in multipart/form-data.')
  return { file: Buffer.from(await file.arrayBuffer()), date: typeof date === 'string' ? date : undefined }
}

function page (items: readonly object[], query: Call['Querystring']): object | Problem {
  const [offset, limit] = ['offset', 'limit'].map((name) => /^\d{1,9}$/.test(query[name] ?? '') ? Number(query[name]) : Number.NaN) as [number, number]
  if (!(offset >= 0 && limit >= 1 && limit <= 50)) return problem('BAD_REQUEST_ERROR', 'offset (from 0) and limit (1 to 50) are required.')
  return { results: items.slice(offset, offset + limit), totalCount: items.length }
}
