import type { KeyObject } from 'node:crypto'
import { SignJWT } from 'jose/jwt/sign'
import { Agent, request } from 'undici'
import type { AsyncScope } from '../../policies/demands.ts'
import type { DpopKey } from './dpop-key.ts'
import { signDpopProof } from './dpop-signing.ts'

/** What a token request at PDND is (RFC 7523, 2.2). */
export const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
export const grantType = 'client_credentials'

/** The tracking-evidence hash that a consumer binds to a voucher (AUDIT_REST_02): hexadecimal SHA-256. */
export interface VoucherDigest { readonly alg: string, readonly value: string }

/**
 * The step of an asynchronous exchange that a voucher is for: a start says where the callback goes and has no interaction yet, every
 * other step goes on with one.
 */
export interface VoucherExchange {
  readonly scope: AsyncScope
  readonly interactionId?: string | undefined
  readonly urlCallback?: string | undefined
}

/** What a client needs to ask for a voucher; `now` in epoch ms, `deadline` in ms (5000 when left out). */
export interface VoucherRequest {
  readonly tokenUrl: string
  readonly assertionAudience: string
  readonly clientId: string
  readonly kid: string
  readonly privateKey: KeyObject
  /** What the voucher is for; left out by a client of the interop API. */
  readonly purposeId?: string | undefined
  readonly now: () => number
  readonly randomUUID: () => string
  /** The hash of the tracking evidence to bind (AUDIT_REST_02). */
  readonly digest?: VoucherDigest | undefined
  /** Set where the e-service is called by asynchronous exchange, and in no other way then. */
  readonly exchange?: VoucherExchange | undefined
  /** The key pair to bind the voucher to (RFC 9449): whoever uses it must sign a proof for every call. */
  readonly dpop?: DpopKey | undefined
  readonly deadline?: number
}

/** A voucher as received; `expiresIn` in seconds. */
export interface ReceivedVoucher {
  readonly accessToken: string
  readonly tokenType: 'Bearer' | 'DPoP'
  readonly expiresIn: number
}

/** No voucher was received; the message says why as far as the token endpoint tells, and where to look further. */
export class VoucherRequestError extends Error {
  readonly correlationId: string | undefined

  constructor (message: string, correlationId?: string) {
    super(message)
    this.name = 'VoucherRequestError'
    this.correlationId = correlationId
  }
}

/** How long a client assertion is valid, in seconds: it is used at once. */
const assertionLifetime = 60

/** More than any answer of a token endpoint. */
const largestAnswer = 64 * 1024

/** Signs a client assertion with exactly the claims that PDND accepts: no `nbf`, nothing of one's own. */
export async function signClientAssertion (wanted: VoucherRequest): Promise<string> {
  const iat = Math.floor(wanted.now() / 1000)
  return new SignJWT({
    iss: wanted.clientId,
    sub: wanted.clientId,
    aud: wanted.assertionAudience,
    jti: wanted.randomUUID(),
    iat,
    exp: iat + assertionLifetime,
    ...wanted.purposeId === undefined ? {} : { purposeId: wanted.purposeId },
    ...wanted.digest === undefined ? {} : { digest: wanted.digest },
    ...wanted.exchange
  }).setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid: wanted.kid }).sign(wanted.privateKey)
}

/**
 * Asks a PDND token endpoint for a voucher, bound to the DPoP key when one is given.
 * @throws {VoucherRequestError} when it does not answer in time, refuses, or answers something else
 */
export async function requestVoucher (wanted: VoucherRequest): Promise<ReceivedVoucher> {
  const form = new URLSearchParams({
    client_id: wanted.clientId,
    client_assertion: await signClientAssertion(wanted),
    client_assertion_type: assertionType,
    grant_type: grantType
  })
  const proof = wanted.dpop && await proveKey(wanted.dpop, wanted)
  // Two addresses, and one of them in the proofs for both (htu): so the platform has it.
  const url = wanted.exchange ? `${wanted.tokenUrl}.async` : wanted.tokenUrl
  const { status, answer } = await post(url, form, proof, wanted.deadline ?? 5_000)
  const { access_token: accessToken, expires_in: expiresIn } = answer
  if (status !== 200 || typeof accessToken !== 'string' || typeof expiresIn !== 'number') {
    throw refused(status, answer, url)
  }
  const tokenType = wanted.dpop ? 'DPoP' : 'Bearer'
  if (String(answer.token_type).toLowerCase() === tokenType.toLowerCase()) return { accessToken, tokenType, expiresIn }
  const problem = `gave a voucher that is not of the type ${tokenType}: do not use it`
  throw new VoucherRequestError(`the token endpoint ${url} ${problem}`)
}

async function proveKey ({ privateKey, publicKey }: DpopKey, wanted: VoucherRequest): Promise<string> {
  const { tokenUrl: url, now, randomUUID } = wanted
  const publicJwk = publicKey.export({ format: 'jwk' })
  return signDpopProof({ privateKey, publicJwk, method: 'POST', url, now, randomUUID })
}

interface Answer { readonly status: number, readonly answer: Readonly<Record<string, unknown>> }

async function post (url: string, form: URLSearchParams, proof: string | undefined, deadline: number): Promise<Answer> {
  const dispatcher = new Agent({ maxResponseSize: largestAnswer })
  try {
    const { statusCode, body } = await request(url, {
      dispatcher,
      method: 'POST',
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        accept: 'application/json',
        ...proof === undefined ? {} : { dpop: proof }
      },
      body: form.toString(),
      signal: AbortSignal.timeout(deadline)
    })
    return { status: statusCode, answer: asRecord(await body.text()) }
  } catch (error) {
    throw new VoucherRequestError(`the token endpoint ${url} did not answer: ${reasonOf(error, deadline)}`)
  } finally {
    await dispatcher.destroy()
  }
}

function reasonOf (error: unknown, deadline: number): string {
  const { name, code } = error as { name?: string, code?: string }
  if (name === 'TimeoutError') return `no answer within ${deadline} ms`
  if (code === 'ECONNREFUSED') return 'nothing listens there. Is it running, and is the port right?'
  return code ?? 'the connection failed'
}

function asRecord (text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? { ...value } : {}
  } catch {
    return {}
  }
}

function refused (status: number, answer: Answer['answer'], tokenUrl: string): VoucherRequestError {
  const correlationId = typeof answer.correlationId === 'string' ? answer.correlationId : undefined
  const limited = 'too many token requests: wait, and keep a voucher until it expires'
  if (status === 429) return new VoucherRequestError(limited, correlationId)
  const { hostname, origin } = new URL(tokenUrl)
  const local = hostname === '127.0.0.1' || hostname === 'localhost'
  const page = 'the page "Debug client assertion" of PDND'
  const where = local ? `${origin}/debug/token-requests/${correlationId ?? ''}` : page
  const said = typeof answer.detail === 'string' ? `: ${answer.detail}` : ''
  const message = `the token endpoint answered ${status}${said}. The reason is told by ${where}`
  return new VoucherRequestError(message, correlationId)
}
