import { decodeCompact, isAnything, isNumber, isString, unacceptable } from './compact-jws.ts'
import type { DecodedJws, Members } from './compact-jws.ts'
import { hashOf } from '../pdnd/dpop-signing.ts'
import { proofFailure, shown } from './error-codes.ts'
import type { Failure } from './error-codes.ts'

/** What a proof is compared with: the request's method and exact address (no query), and the present time in epoch ms. */
export interface ProofExpectation {
  readonly method: string
  readonly url: string
  readonly now: number
  /** The voucher that came with the proof; a token request has none. */
  readonly accessToken?: string | undefined
}

/** How long after its `iat` a proof is good, and how far ahead `iat` may be, in seconds. */
export const proofLifetime = 60
const aheadTolerance = 10

/** Header and payload of the proof in a `DPoP` header, or why it cannot be read. Nothing is verified. */
export function decodeProof (header: string): DecodedJws | Failure {
  if (header.includes(',')) return proofFailure('0022')
  const decoded = decodeCompact(header)
  if (!('fault' in decoded)) return decoded
  return decoded.fault === 'format' ? proofFailure('0002') : proofFailure('0003', decoded.detail)
}

/**
 * Every failed check on header and claims of a proof, as the platform makes them: a jwk of another form ends them at
 * once, and strict rules (any other member is refused) come when everything else holds.
 */
export function checkProof ({ header, payload }: DecodedJws, expected: ProofExpectation): Failure[] {
  if (header.jwk && !isPublicJwk(header.jwk)) return [proofFailure('0003', explainJwk(header.jwk))]
  const failures = [
    ...checkType(header),
    ...checkAlgorithm(header),
    ...header.jwk ? [] : [proofFailure('0009')],
    ...checkMethod(payload, expected.method),
    ...checkAddress(payload, expected.url),
    ...checkTime(payload, Math.floor(expected.now / 1000)),
    ...payload.jti ? [] : [proofFailure('0004')],
    ...expected.accessToken === undefined ? [] : checkVoucherHash(payload, expected.accessToken)
  ]
  if (failures.length > 0) return failures
  const members = expected.accessToken === undefined ? payloadMembers : { ...payloadMembers, ath: isString }
  const wrong = unacceptable('header', header, headerMembers) ?? unacceptable('payload', payload, members)
  return wrong === undefined ? [] : [proofFailure('0018', wrong)]
}

const publicMembers: readonly (readonly string[])[] = [['crv', 'kty', 'x', 'y'], ['e', 'kty', 'n']]

function isPublicJwk (jwk: unknown): boolean {
  if (typeof jwk !== 'object' || jwk === null || !Object.values(jwk).every(isString)) return false
  const names = Object.keys(jwk).toSorted().join()
  return publicMembers.some((members) => members.join() === names)
}

/** Names only: a private key sent by mistake must not be remembered. */
function explainJwk (jwk: unknown): string {
  if (typeof jwk !== 'object' || jwk === null) return 'jwk is not an object'
  if (!Object.values(jwk).every(isString)) return 'a member of jwk is not a string'
  return `jwk has the members ${shown(Object.keys(jwk))}`
}

function checkType ({ typ }: Members): Failure[] {
  if (!typ) return [proofFailure('0007')]
  return typ === 'dpop+jwt' ? [] : [proofFailure('0008', `received ${shown(typ)}`)]
}

function checkAlgorithm ({ alg }: Members): Failure[] {
  if (!alg) return [proofFailure('0016')]
  return alg === 'ES256' || alg === 'RS256' ? [] : [proofFailure('0017', `received ${shown(alg)}`)]
}

function checkMethod ({ htm }: Members, method: string): Failure[] {
  if (typeof htm !== 'string' || htm === '') return [proofFailure('0010', `expected ${method}`)]
  return htm === method ? [] : [proofFailure('0011', `expected ${method}, received ${shown(htm)}`)]
}

function checkAddress ({ htu }: Members, url: string): Failure[] {
  if (!htu) return [proofFailure('0012', `expected ${shown(url)}`)]
  return htu === url ? [] : [proofFailure('0013', `expected ${shown(url)}, received ${shown(htu)}`)]
}

function checkVoucherHash ({ ath }: Members, accessToken: string): Failure[] {
  if (!ath) return [proofFailure('0024')]
  return ath === hashOf(accessToken) ? [] : [proofFailure('0025')]
}

function checkTime ({ iat }: Members, seconds: number): Failure[] {
  if (!iat) return [proofFailure('0006')]
  if (typeof iat !== 'number') return []
  if (seconds + aheadTolerance < iat) return [proofFailure('0021', `iat is ${iat}, the time is ${seconds}`)]
  return seconds > iat + proofLifetime ? [proofFailure('0020', `iat is ${iat}, the time is ${seconds}`)] : []
}

/** Members with a check and a code of their own pass here whatever they are. */
const headerMembers = { typ: isAnything, alg: isAnything, jwk: isAnything }
const payloadMembers = { htm: isAnything, htu: isAnything, iat: isNumber, jti: isString }
