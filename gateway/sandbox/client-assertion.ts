import { decodeCompact, isAnything, isNumber, isString, unacceptable } from './compact-jws.ts'
import type { Accepted, DecodedJws } from './compact-jws.ts'
import { failure, shown } from './error-codes.ts'
import type { Failure } from './error-codes.ts'

/** A client assertion as read from its compact form, before anything of it is trusted. */
export type DecodedAssertion = DecodedJws

/** What the assertion is compared with: the environment's audience and the form's `client_id`, when it was sent. */
export interface AssertionExpectation { readonly audience: string, readonly clientId?: string | undefined }

/** One check on header and claims; none of its failures means that it holds. */
export type Check = (assertion: DecodedAssertion, expected: AssertionExpectation) => Failure[]

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** Whether a value has the form of an id of the platform (RFC 9562, any version). */
export function isUuid (value: unknown): value is string {
  return typeof value === 'string' && uuid.test(value)
}

/** Header and payload of a compact JWS, or why it cannot be read. Nothing is verified. */
export function decodeAssertion (compact: string): DecodedAssertion | Failure {
  const decoded = decodeCompact(compact)
  if (!('fault' in decoded)) return decoded
  return decoded.fault === 'format' ? failure('0006') : failure('0007', decoded.detail)
}

/** Claims that a token request may have beyond the usual ones, and the checks on them. */
export interface FurtherClaims { readonly checks: readonly Check[], readonly members: Accepted }

/** Every failed check on header and claims (strict rules: any other member is refused); none means acceptable. */
export function checkAssertion (assertion: DecodedAssertion, expected: AssertionExpectation,
  further: FurtherClaims = { checks: [], members: {} }): Failure[] {
  const strictly = [strict('header', headerMembers), strict('payload', { ...payloadMembers, ...further.members })]
  return [...checks, ...further.checks, ...strictly].flatMap((check) => check(assertion, expected))
}

const present = (claim: string, code: '0008' | '0009' | '0010' | '0011'): Check => ({ payload }) =>
  payload[claim] ? [] : [failure(code)]

function checkSubject ({ payload: { sub } }: DecodedAssertion, { clientId }: AssertionExpectation): Failure[] {
  const badClient = clientId !== undefined && !isUuid(clientId) ? [failure('0023', `received ${shown(clientId)}`)] : []
  if (!sub) return [...badClient, failure('0012')]
  if (!isUuid(sub)) return [...badClient, failure('0024', `received ${shown(sub)}`)]
  if (clientId === undefined || badClient.length > 0 || sub === clientId) return badClient
  return [failure('0013', `sub is ${shown(sub)}, client_id is ${shown(clientId)}`)]
}

function checkPurposeId ({ payload: { purposeId } }: DecodedAssertion): Failure[] {
  return !purposeId || isUuid(purposeId) ? [] : [failure('0014', `received ${shown(purposeId)}`)]
}

function checkKid ({ header: { kid } }: DecodedAssertion): Failure[] {
  if (!kid) return [failure('0015')]
  return typeof kid === 'string' && /^[a-zA-Z0-9_-]{43}$/.test(kid) ? [] : [failure('0031', `received ${shown(kid)}`)]
}

function checkAudience ({ payload: { aud } }: DecodedAssertion, { audience }: AssertionExpectation): Failure[] {
  if (!aud) return [failure('0005', `expected ${shown(audience)}`)]
  const audiences: unknown[] = Array.isArray(aud) ? aud : [aud]
  return audiences.includes(audience) ? [] : [failure('0004', `expected ${shown(audience)}, received ${shown(aud)}`)]
}

function checkAlgorithm ({ header: { alg } }: DecodedAssertion): Failure[] {
  if (!alg) return [failure('0028')]
  return alg === 'RS256' ? [] : [failure('0029', `received ${shown(alg)}`)]
}

function checkDigest ({ payload: { digest } }: DecodedAssertion): Failure[] {
  if (digest === undefined || digest === null) return []
  if (!isDigest(digest)) return [failure('0025', `received ${shown(digest)}`)]
  return [
    ...digest.value.length === 64 ? [] : [failure('0026', `received ${digest.value.length} characters`)],
    ...digest.alg === 'SHA256' ? [] : [failure('0027', `received ${shown(digest.alg)}`)]
  ]
}

function isDigest (value: unknown): value is { alg: string, value: string } {
  if (typeof value !== 'object' || value === null || Object.keys(value).toSorted().join() !== 'alg,value') return false
  return Object.values(value).every((member) => typeof member === 'string')
}

/** Accepted members and their types; those with a check and a code of their own pass here whatever they are. */
const headerMembers = { kid: isAnything, alg: isAnything, typ: isString }
const payloadMembers = {
  iss: isString,
  sub: isAnything,
  aud: (value: unknown) => [value].flat().every(isString),
  jti: isString,
  iat: isNumber,
  exp: isNumber,
  purposeId: (value: unknown) => value !== null && value !== '',
  digest: isAnything
}

const strict = (part: 'header' | 'payload', accepted: Accepted): Check => (assertion) => {
  const wrong = unacceptable(part, assertion[part], accepted)
  return wrong === undefined ? [] : [failure('0032', wrong)]
}

const checks: readonly Check[] = [
  present('jti', '0008'),
  present('iat', '0009'),
  present('exp', '0010'),
  present('iss', '0011'),
  checkSubject,
  checkPurposeId,
  checkKid,
  checkAudience,
  checkAlgorithm,
  checkDigest
]
