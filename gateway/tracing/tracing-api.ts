import { openAsBlob } from 'node:fs'
import { Agent, FormData, request } from 'undici'
import { parseJson } from '../../openapi/json/json.ts'
import { isRecord } from '../../policies/jws.ts'
import { ApiVouchers } from '../pdnd/api-voucher.ts'
import type { ApiClient } from '../pdnd/api-voucher.ts'
import { askedPauseMs } from '../pdnd/back-off.ts'
import type { PdndEnvironment } from '../pdnd-environments.ts'
import { tracingStates } from './error-codes.ts'
import type { TracingState } from './error-codes.ts'

/** What the platform holds of a day. */
export interface Tracing { readonly tracingId: string, readonly date: string, readonly state: TracingState }

/** What it says of a row; `rowNumber` is counted from 1, 0 for the file itself. */
export interface TracingError { readonly purposeId: string, readonly severity: string, readonly errorCode: string, readonly message: string, readonly rowNumber: number }

/** What became of a file that was sent: taken, refused (`code` is the platform's), or nobody knows, because no answer came or one that says nothing of it. */
export type Sent =
  | { readonly outcome: 'taken', readonly tracingId: string }
  | { readonly outcome: 'refused', readonly status: number, readonly code: string, readonly detail: string }
  | { readonly outcome: 'unknown', readonly reason: string }

/** How a file gets to the platform: as a day's first, in the place of a missing or faulty one, in the place of one that was taken. */
export type Filing = 'submit' | 'recover' | 'replace'

/** The tracing API of the platform as filing uses it; days are ISO dates, files are named by their paths. Reads throw TracingApiError. */
export interface TracingPlatform {
  /** What it holds of a day, undefined for nothing. */
  find (day: string): Promise<Tracing | undefined>
  /** What is wrong with the file of a tracing: how many findings, and the first of them. */
  errors (tracingId: string, most: number): Promise<{ readonly total: number, readonly errors: readonly TracingError[] }>
  /** Sends a file once. `target` is the day to submit, or the tracing to recover or to replace. */
  send (filing: Filing, target: string, path: string): Promise<Sent>
}

/** The tracing API gave no usable answer; the message says why. */
export class TracingApiError extends Error {
  override name = 'TracingApiError'
}

/** `now` in epoch ms; `wait` lets so many ms pass. The deadlines are those of one read and of one file. */
export interface TracingApiOptions {
  readonly environment: PdndEnvironment
  readonly client: ApiClient
  readonly now: () => number
  readonly wait: (ms: number) => Promise<void>
  readonly randomUUID: () => string
  readonly deadlineMs?: number
  readonly fileDeadlineMs?: number
}

interface Answer { readonly status: number, readonly content: Readonly<Record<string, unknown>> | undefined, readonly pauseMs: number }

const pageSize = 50
const attempts = 4
const pauses = { firstMs: 1000, longestMs: 60_000 }
/** Every answer is a page of at most fifty items, or a problem. */
const maxAnswerBytes = 4 * 1024 * 1024

/**
 * The client of the tracing API: with bearer vouchers of the interop API's client (whatever version of that it uses), connections and deadlines of its own, through no proxy, following no redirect.
 * What is read is asked for again after pauses; a file is sent again only where the platform says that it did not look at it (401, 429).
 */
export class TracingApi implements TracingPlatform {
  readonly #options: TracingApiOptions
  readonly #vouchers: ApiVouchers
  readonly #dispatcher = new Agent({ allowH2: false, connections: 2, maxResponseSize: maxAnswerBytes, keepAliveTimeout: 10_000, headersTimeout: 0, bodyTimeout: 0 })

  constructor (options: TracingApiOptions) {
    this.#options = options
    // The tracing API takes no bound voucher: its scheme is exactly Bearer.
    this.#vouchers = new ApiVouchers({ ...options, client: { ...options.client, version: 'v2' } })
  }

  async find (day: string): Promise<Tracing | undefined> {
    for await (const tracing of this.#pages('tracings', readTracing)) if (tracing.date === day) return tracing
    return undefined
  }

  async errors (tracingId: string, most: number): Promise<{ readonly total: number, readonly errors: readonly TracingError[] }> {
    const errors: TracingError[] = []
    const counted = { total: 0 }
    for await (const error of this.#pages(`tracings/${encodeURIComponent(tracingId)}/errors`, readError, counted)) {
      if (errors.push(error) >= most) break
    }
    return { total: counted.total, errors }
  }

  async send (filing: Filing, target: string, path: string): Promise<Sent> {
    const form = new FormData()
    form.set('file', await openAsBlob(path, { type: 'text/csv' }), 'tracing.csv')
    if (filing === 'submit') form.set('date', target)
    const at = filing === 'submit' ? 'tracings/submit' : `tracings/${encodeURIComponent(target)}/${filing}`
    for (let attempt = 1; ; attempt++) {
      const answer = await this.#ask(at, form).catch((error: TracingApiError) => error)
      if (answer instanceof TracingApiError) return { outcome: 'unknown', reason: answer.message }
      if (answer.status === 429 && attempt < attempts) {
        await this.#pause(attempt, answer.pauseMs)
        continue
      }
      return sentOf(answer)
    }
  }

  async close (): Promise<void> {
    await this.#dispatcher.destroy()
  }

  async * #pages<Item> (path: string, read: (value: unknown) => Item | undefined, counted = { total: 0 }): AsyncGenerator<Item> {
    for (let offset = 0; ; offset += pageSize) {
      const { results, totalCount } = await this.#read(`${path}?offset=${offset}&limit=${pageSize}`)
      if (!Array.isArray(results) || typeof totalCount !== 'number') throw new TracingApiError('the tracing API answered something that is no list')
      counted.total = totalCount
      for (const one of results) {
        const item = read(one)
        if (item === undefined) throw new TracingApiError('the tracing API answered a list of something else')
        yield item
      }
      if (results.length === 0 || offset + results.length >= totalCount) return
    }
  }

  async #read (path: string): Promise<Readonly<Record<string, unknown>>> {
    for (let attempt = 1; ; attempt++) {
      const answer = await this.#ask(path).catch((error: TracingApiError) => error)
      if (!(answer instanceof TracingApiError)) {
        if (answer.status === 200 && answer.content) return answer.content
        if (answer.status < 500 && answer.status !== 429) throw new TracingApiError(refusalOf(answer))
      }
      if (attempt >= attempts) throw answer instanceof TracingApiError ? answer : new TracingApiError(refusalOf(answer))
      await this.#pause(attempt, answer instanceof TracingApiError ? 0 : answer.pauseMs)
    }
  }

  async #pause (attempt: number, askedMs: number): Promise<void> {
    await this.#options.wait(Math.min(Math.max(askedMs, pauses.firstMs * 2 ** (attempt - 1)), pauses.longestMs))
  }

  /** Asks once, and again with a new voucher where the platform does not take the present one. */
  async #ask (path: string, body?: FormData): Promise<Answer> {
    for (let isFirst = true; ; isFirst = false) {
      const voucher = await this.#vouchers.take().catch((error: Error) => { throw new TracingApiError(`there is no voucher for the tracing API: ${error.message}`) })
      const answer = await this.#exchange(path, voucher.accessToken, body)
      if (answer.status !== 401 || !isFirst) return answer
      this.#vouchers.reject(voucher)
    }
  }

  async #exchange (path: string, voucher: string, body?: FormData): Promise<Answer> {
    const { environment: { tracingBase }, now, deadlineMs = 30_000, fileDeadlineMs = 300_000 } = this.#options
    const ms = body ? fileDeadlineMs : deadlineMs
    try {
      const { statusCode: status, headers, body: received } = await request(`${tracingBase.replace(/\/+$/, '')}/${path}`, {
        method: body ? 'POST' : 'GET',
        headers: { accept: 'application/json, application/problem+json', authorization: `Bearer ${voucher}` },
        body: body ?? null,
        dispatcher: this.#dispatcher,
        signal: AbortSignal.timeout(ms)
      })
      const bytes = Buffer.from(await received.arrayBuffer())
      const parsed = parseJson(bytes)
      return { status, content: 'value' in parsed && isRecord(parsed.value) ? parsed.value : undefined, pauseMs: askedPauseMs({ status, headers, bytes }, now()) }
    } catch (error) {
      const { name, code = '' } = error as { name?: string, code?: string }
      throw new TracingApiError(name === 'TimeoutError' ? `the tracing API gave no answer within ${ms} ms` : `the connection to the tracing API failed${code === '' ? '' : ` (${code})`}`)
    }
  }
}

/** A refusal is the platform's own word on the request: a problem document with a status below 500. Whatever else comes says nothing of what was done. */
function sentOf (answer: Answer): Sent {
  const { status, content } = answer
  const tracingId = content?.['tracingId']
  if (status === 200 && typeof tracingId === 'string') return { outcome: 'taken', tracingId }
  if (status >= 400 && status < 500 && content?.['status'] === status) return { outcome: 'refused', status, code: codeOf(answer) ?? '', detail: refusalOf(answer) }
  return { outcome: 'unknown', reason: refusalOf(answer) }
}

function codeOf ({ content }: Answer): string | undefined {
  const errors: unknown = content?.['errors']
  const first: unknown = Array.isArray(errors) ? errors[0] : undefined
  return isRecord(first) && typeof first['code'] === 'string' ? first['code'] : undefined
}

function refusalOf (answer: Answer): string {
  const { status, content } = answer
  const detail = content?.['detail']
  const told = [codeOf(answer), typeof detail === 'string' ? detail : undefined].filter((part) => part !== undefined).join(': ')
  return `the tracing API answered ${status}${told === '' ? '' : ` (${told.slice(0, 300)})`}`
}

function readTracing (value: unknown): Tracing | undefined {
  if (!isRecord(value)) return undefined
  const { tracingId, date, state } = value
  const known = tracingStates.find((one) => one === state)
  // The platform may write the day as an instant.
  return typeof tracingId === 'string' && typeof date === 'string' && known ? { tracingId, date: date.slice(0, 10), state: known } : undefined
}

function readError (value: unknown): TracingError | undefined {
  if (!isRecord(value)) return undefined
  const { purposeId, severity, errorCode, message, rowNumber } = value
  if (typeof errorCode !== 'string' || typeof rowNumber !== 'number') return undefined
  const text = (one: unknown): string => typeof one === 'string' ? one : ''
  return { purposeId: text(purposeId), severity: text(severity) || 'INVALID', errorCode, message: text(message), rowNumber }
}
