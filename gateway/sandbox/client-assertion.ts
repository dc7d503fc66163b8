import { decodeJwt, decodeProtectedHeader } from 'jose'
import { JWTInvalid } from 'jose/errors'
import { failure, shown } from './error-codes.ts'
import type { Failure } from './error-codes.ts'

type Members = Readonly<Record<string, unknown>>

/** A client assertion as read from its compact form, before anything of it is trusted. */
export interface DecodedAssertion { readonly header: Members, readonly payload: Members }

/** What the assertion is compared with: the environment's audience and the form's `client_id`, when it was sent. */
export interface AssertionExpectation { readonly audience: string, readonly clientId?: string | undefined }

type Check = (assertion: DecodedAssertion, expected: AssertionExpectation) => Failure[]

/** Deeper claims have no use and would exhaust the stack of whoever writes them out again. */
const deepestNesting = 16

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** Whether a value has the form of an id of the platform (RFC 9562, any version). */
export function isUuid (value: unknown): value is string {
  return typeof value === 'string' && uuid.test(value)
}

/** Header and payload of a compact JWS, or why it cannot be read. Nothing is verified. */
export function decodeAssertion (compact: string): DecodedAssertion | Failure {
  try {
    const assertion = { payload: decodeJwt(compact), header: { ...decodeProtectedHeader(compact) } }
    if (isShallow(assertion, deepestNesting)) return assertion
    return failure('0007', `nested deeper than ${deepestNesting} levels`)
  } catch (error) {
    return error instanceof JWTInvalid ? failure('0006') : failure('0007')
  }
}

function isShallow (value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return true
  return levels > 0 && Object.values(value).every((member) => isShallow(member, levels - 1))
}

/** Every failed check on header and claims (strict rules: any other member is refused); none means acceptable. */
export function checkAssertion (assertion: DecodedAssertion, expected: AssertionExpectation): Failure[] {
  return checks.flatMap((check) => check(assertion, expected))
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

const isString = (value: unknown): boolean => typeof value === 'string'
const isNumber = (value: unknown): boolean => typeof value === 'number'
const isAnything = (): boolean => true

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

type Accepted = Readonly<Record<string, (value: unknown) => boolean>>

const strict = (part: 'header' | 'payload', accepted: Accepted): Check => (assertion) => {
  const wrong = Object.entries(assertion[part]).flatMap(([name, value]) => {
    if (!Object.hasOwn(accepted, name)) return [`${shown(name)} is not accepted: leave it out`]
    return accepted[name]!(value) ? [] : [`${name} has the wrong type`]
  })
  return wrong.length > 0 ? [failure('0032', `${part}: ${wrong.slice(0, 10).join('; ')}`)] : []
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
  checkDigest,
  strict('header', headerMembers),
  strict('payload', payloadMembers)
]
