import { hash } from 'node:crypto'
import { readCredentials } from '../policies/credentials.ts'
import type { Denial } from '../policies/denials.ts'
import { headerValues } from '../policies/header-values.ts'
import type { Jwk } from '../policies/jwk.ts'
import { isRecord, readJws } from '../policies/jws.ts'
import type { EvidenceStore } from './adapters/evidence-store.ts'
import type { Answer, AnswerSignature } from './answer-signature.ts'
import type { Exchange } from './exchange.ts'

/**
 * What is kept of a signed request (PROFILE_NON_REPUDIATION_01), beside its body: enough to verify the signature over it years later and without
 * anybody's help. Of the voucher only its id and SHA-256 (hex): whoever reads evidence must not be able to use it.
 */
export interface RequestEvidence {
  readonly kind: 'request'
  /** When its head was read, RFC 3339. */
  readonly receivedAt: string
  readonly correlationId: string
  readonly method: string
  /** The request target as it came, query included. */
  readonly target: string
  readonly operationId: string | undefined
  readonly eserviceId: string | undefined
  readonly descriptorId: string | undefined
  readonly clientId: string | undefined
  readonly consumerId: string | undefined
  readonly purposeId: string | undefined
  readonly voucher: { readonly jti: string | undefined, readonly sha256: string | undefined }
  /** Who signed the message, and the key to verify it with; absent where a request without a body was not signed. */
  readonly signer: { readonly jti: string, readonly keyId: string, readonly publicJwk: Jwk } | undefined
  /** Names as they came, in their order: the signature, what it covers, and what says how to read the body. */
  readonly headers: readonly (readonly [name: string, value: string])[]
}

/** What is kept of the answer to such a request; `request` is the hash of the request's entry. */
export interface AnswerEvidence {
  readonly kind: 'answer'
  readonly request: string
  readonly correlationId: string
  readonly answeredAt: string
  readonly status: number
  readonly digest: string
  readonly signature: string
  readonly publicJwk: Jwk
}

const always = ['agid-jwt-signature', 'agid-jwt-trackingevidence', 'agid-jwt-tracking-evidence', 'digest', 'content-digest', 'content-type', 'content-encoding', 'content-length']
/** Whoever had these could call; a signature over them is not worth that. */
const never = new Set(['authorization', 'dpop', 'cookie', 'proxy-authorization'])

/** Prepares keeping requests in a store: a denial when one cannot be kept now, and then it must not be forwarded. */
export function prepareKeep (store: EvidenceStore): (exchange: Exchange) => Promise<Denial | undefined> {
  return async (exchange) => {
    try {
      exchange.kept = await store.keep(requestEvidence(exchange), exchange.call.body)
      return undefined
    } catch (error) {
      return { denial: 'evidence-store-unavailable', check: 'evidence', reason: `the request cannot be kept as evidence: ${(error as Error).message}`, retryAfter: 5 }
    }
  }
}

function requestEvidence ({ request, call, route, correlationId, startedAt }: Exchange): RequestEvidence {
  const { caller, integrity } = call
  return {
    kind: 'request',
    receivedAt: new Date(startedAt).toISOString(),
    correlationId,
    method: call.method,
    target: request.url ?? '',
    operationId: route?.operation.id,
    eserviceId: caller?.eserviceId,
    descriptorId: caller?.descriptorId,
    clientId: caller?.clientId,
    consumerId: caller?.consumerId,
    purposeId: caller?.purposeId,
    voucher: { jti: caller?.jti, sha256: voucherHash(call.authorization) },
    signer: integrity ? { jti: integrity.jti, keyId: integrity.id, publicJwk: integrity.key.export({ format: 'jwk' }) as Jwk } : undefined,
    headers: headersOf(call.rawHeaders)
  }
}

/** What is kept of an answer. `now` in epoch ms. */
export function answerEvidence ({ kept = '', correlationId }: Exchange, { status }: Answer, { digest, jws, key }: AnswerSignature, now: number): AnswerEvidence {
  return { kind: 'answer', request: kept, correlationId, answeredAt: new Date(now).toISOString(), status, digest, signature: jws, publicJwk: key.publicJwk }
}

function voucherHash (authorization: readonly string[]): string | undefined {
  const credentials = readCredentials(authorization)
  return 'denial' in credentials ? undefined : hash('sha256', credentials.voucher, 'hex')
}

function headersOf (rawHeaders: readonly string[]): readonly (readonly [string, string])[] {
  const wanted = new Set([...always, ...signedNames(rawHeaders)].filter((name) => !never.has(name)))
  return rawHeaders.flatMap((name, index) => index % 2 === 0 && wanted.has(name.toLowerCase()) ? [[name, rawHeaders[index + 1] as string] as const] : [])
}

/** The names (lower case) of the headers that the signature covers, as it says; it was verified before. */
function signedNames (rawHeaders: readonly string[]): readonly string[] {
  const read = readJws(headerValues(rawHeaders, 'agid-jwt-signature')[0] ?? '')
  const list = typeof read === 'string' ? undefined : read.claims['signed_headers']
  return Array.isArray(list) ? list.flatMap((one: unknown) => isRecord(one) ? Object.keys(one).map((name) => name.toLowerCase()) : []) : []
}
