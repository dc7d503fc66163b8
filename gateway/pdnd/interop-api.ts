import { parseJson } from '../../openapi/json/json.ts'
import { isRecord } from '../../policies/jws.ts'
import type { Keys } from '../../policies/keys.ts'
import type { PdndEnvironment } from '../pdnd-environments.ts'
import { ApiVouchers } from './api-voucher.ts'
import type { ApiClient, ApiVoucher } from './api-voucher.ts'
import { askedPauseMs, BackOff } from './back-off.ts'
import { signDpopProof } from './dpop-signing.ts'
import type { PlatformAnswer, PlatformConnection } from './platform-connection.ts'
import { findSignatureFault } from './platform-signature.ts'

/** What the client of the interop API needs; `now` in epoch ms. */
export interface InteropApiOptions {
  readonly environment: PdndEnvironment
  readonly client: ApiClient
  /** The platform's signing keys, by which the answers of v3 are known. */
  readonly keys: Keys
  readonly connection: PlatformConnection
  readonly now: () => number
  readonly randomUUID: () => string
}

/** A JSON object that the interop API answered; nothing of its shape is known yet. */
export type ApiDocument = Readonly<Record<string, unknown>>
/** Parameters of a query; several values of one name are repeated. */
export type ApiQuery = Readonly<Record<string, string | number | readonly string[]>>

/** The interop API gave no usable answer; the message says why. `status` is set when it refused the request as such (400, 403 and the like). */
export class InteropApiError extends Error {
  readonly status: number | undefined

  constructor (message: string, status?: number) {
    super(message)
    this.name = 'InteropApiError'
    this.status = status
  }
}

/** Statuses that say something about the request, not about the platform: asking for something else may go on at once. */
const aboutTheRequest: ReadonlySet<number> = new Set([400, 403, 404, 409, 410, 422])

/**
 * The interop API of the platform (m2m-gateway), read-only: v2 with a bearer voucher, v3 with a bound one and answers that are believed
 * only with the platform's signature. After a failure nothing is asked for a while, and for as long as the platform asks for.
 */
export class InteropApi {
  readonly #options: InteropApiOptions
  readonly #vouchers: ApiVouchers
  readonly #backOff: BackOff

  constructor (options: InteropApiOptions) {
    this.#options = options
    this.#vouchers = new ApiVouchers(options)
    this.#backOff = new BackOff(options.now)
  }

  /** How long it asks nobody, in ms, because it failed or was asked for patience; 0 when it may be asked now. */
  get pauseMs (): number {
    return this.#backOff.remainingMs
  }

  /**
   * Gets what stands at a path below the version; its segments are encoded here. Undefined when the platform says that there is no such
   * thing (404). Throws InteropApiError when it does not answer in time, refuses, or answers what it would not.
   */
  async get (path: readonly string[], query: ApiQuery = {}): Promise<ApiDocument | undefined> {
    if (this.pauseMs > 0) throw new InteropApiError('the interop API failed or asked for patience a moment ago, and is not asked now')
    const answer = await this.#ask(urlOf(this.#options, path, query))
    this.#backOff.pauseFor(askedPauseMs(answer, this.#options.now()))
    const document = await this.#attempt(async () => this.#read(answer))
    this.#backOff.succeeded()
    if (answer.status === 200) return document
    if (answer.status === 404) return undefined
    throw new InteropApiError(`the interop API answered ${answer.status}`, answer.status)
  }

  /** A voucher that the platform no longer takes is replaced, once: it may have changed its keys. */
  async #ask (url: string): Promise<PlatformAnswer> {
    const voucher = await this.#take()
    const answer = await this.#attempt(async () => this.#send(url, voucher))
    if (answer.status !== 401) return answer
    this.#vouchers.reject(voucher)
    const another = await this.#take()
    return this.#attempt(async () => this.#send(url, another))
  }

  // Requests for vouchers have their own pauses.
  async #take (): Promise<ApiVoucher> {
    return this.#vouchers.take().catch((error: Error) => { throw new InteropApiError(`there is no voucher for the interop API: ${error.message}`) })
  }

  async #attempt<T> (work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      this.#backOff.failed()
      throw new InteropApiError(`the interop API gave no usable answer: ${(error as Error).message}`)
    }
  }

  async #send (url: string, { accessToken, dpop }: ApiVoucher): Promise<PlatformAnswer> {
    const { connection, now, randomUUID } = this.#options
    const accept = 'application/json, application/problem+json'
    if (!dpop) return connection.get(url, { accept, authorization: `Bearer ${accessToken}` })
    const publicJwk = dpop.publicKey.export({ format: 'jwk' })
    const proof = await signDpopProof({ privateKey: dpop.privateKey, publicJwk, method: 'GET', url, now, randomUUID, accessToken })
    return connection.get(url, { accept, authorization: `DPoP ${accessToken}`, dpop: proof })
  }

  async #read (answer: PlatformAnswer): Promise<ApiDocument> {
    const { client, keys, environment: { issuer }, now } = this.#options
    if (answer.status !== 200 && !aboutTheRequest.has(answer.status)) throw new Error(`status ${answer.status}`)
    const fault = client.version === 'v3' ? await findSignatureFault(answer, { keys, issuer, now }) : undefined
    if (fault !== undefined) throw new Error(fault)
    const parsed = parseJson(answer.bytes)
    if ('fault' in parsed || !isRecord(parsed.value)) throw new Error(`status ${answer.status} with something that is no JSON object`)
    // A page of something in between is not the platform's "not found".
    if (answer.status !== 200 && parsed.value['status'] !== answer.status) throw new Error(`status ${answer.status} without a problem document`)
    return parsed.value
  }
}

function urlOf ({ environment: { apiBase }, client: { version } }: InteropApiOptions, path: readonly string[], query: ApiQuery): string {
  // These would climb out of the path however they are encoded.
  if (path.some((segment) => ['', '.', '..'].includes(segment))) throw new Error('a segment of the path is empty or dots')
  const parameters = new URLSearchParams(Object.entries(query).flatMap(([name, value]) => [value].flat().map((one) => [name, String(one)])))
  const url = `${apiBase.replace(/\/+$/, '')}/${version}/${path.map(encodeURIComponent).join('/')}`
  return parameters.size > 0 ? `${url}?${parameters.toString()}` : url
}
