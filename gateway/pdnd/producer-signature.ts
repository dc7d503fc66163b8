import type { KeyObject } from 'node:crypto'
import { firstFailure } from '../../policies/check.ts'
import type { Check } from '../../policies/check.ts'
import { digestChecks, readDigests } from '../../policies/digest.ts'
import type { DigestSubject } from '../../policies/digest.ts'
import { headerValues } from '../../policies/header-values.ts'
import { signatureKind } from '../../policies/integrity.ts'
import { findKeyFault, importKey, thumbprintOf } from '../../policies/jwk.ts'
import { isRecord } from '../../policies/jws.ts'
import { signedHeadersChecks } from '../../policies/signed-headers.ts'
import type { SignedHeadersSubject } from '../../policies/signed-headers.ts'
import { takeToken, tokenClaimChecks, tokenHeaderChecks, verifyToken } from '../../policies/signed-token.ts'
import type { TokenSubject } from '../../policies/signed-token.ts'
import type { InteropApi } from './interop-api.ts'

/** By what the signature of a producer's answer is judged. `clientId` is whose call it answers, undefined where its id is not known; `requestDigest` what of that call was signed. */
export interface AnswerContext {
  readonly clientId: string | undefined
  readonly requestDigest: string | undefined
  /** The key of the producer's keychain with this id; a sentence when it is not to be had. */
  readonly findKey: (kid: string) => Promise<KeyObject | string>
  readonly now: () => number
}

/** What came back: names and values of the header fields in turn, and the bytes of the body. */
export interface SignedAnswer { readonly rawHeaders: readonly string[], readonly body: Buffer }

/** A signature that is good (and by which key), one that is not (and why), or one that could not be verified. */
export type AnswerVerdict = { readonly outcome: 'verified', readonly kid: string } | { readonly outcome: 'wrong' | 'not checked', readonly reason: string }

interface Subject extends TokenSubject, DigestSubject, SignedHeadersSubject { readonly requestDigest: string | undefined }

const requestCheck: Check<Subject> = {
  name: 'request_digest',
  code: 'signature-claims-invalid',
  holds: ({ claims, requestDigest }) => requestDigest === undefined || claims['request_digest'] === requestDigest,
  expected: () => 'the digest of the request that was sent',
  got: ({ claims }) => claims['request_digest'] === undefined ? 'nothing' : 'another one'
}

const checks: readonly Check<Subject>[] = [...tokenClaimChecks(signatureKind), ...digestChecks, ...signedHeadersChecks, requestCheck]

/**
 * Judges the signature of a producer over its answer (INTEGRITY_REST_02 mirrored for answers), by the same checks to which the gateway
 * holds a signed request. Undefined when the answer is not signed. Never throws, never repeats what was received.
 */
export async function judgeAnswer ({ rawHeaders, body }: SignedAnswer, { clientId, requestDigest, findKey, now }: AnswerContext): Promise<AnswerVerdict | undefined> {
  const values = headerValues(rawHeaders, 'agid-jwt-signature')
  if (values.length === 0) return undefined
  const wrong = (reason = 'something else is wrong'): AnswerVerdict => ({ outcome: 'wrong', reason })
  const token = takeToken(values, signatureKind)
  if ('denial' in token) return wrong(token.reason)
  const misshapen = firstFailure(tokenHeaderChecks(signatureKind, ['pdnd']), token.header)
  if (misshapen) return wrong(misshapen.reason)
  const kid = String(token.header['kid'])
  const key = await findKey(kid)
  const subject: Subject = { claims: token.claims, audience: clientId === undefined ? [token.claims['aud']].flat().map(String) : [clientId], now: Math.floor(now() / 1000), rawHeaders, digests: readDigests(rawHeaders), digestNeeded: true, headers: ['digest'], body, requestDigest }
  const failure = (typeof key === 'string' ? undefined : verifyToken(token, { key }, signatureKind)) ?? firstFailure(checks, subject)
  if (failure) return wrong(failure.reason)
  return typeof key === 'string' ? { outcome: 'not checked', reason: key } : { outcome: 'verified', kid }
}

/** The public key of a producer's keychain, from the platform (`GET /producerKeys/{kid}`); a sentence when it is not to be had. Never throws. */
export async function findProducerKey (api: Pick<InteropApi, 'get'> | undefined, kid: string): Promise<KeyObject | string> {
  if (!api) return 'the configuration names no client of the interop API (pdnd.api) to ask for the key of the producer'
  try {
    const answer = await api.get(['producerKeys', kid])
    if (!answer) return 'the platform has no such key in the keychain of a producer'
    // The alg of a deposited key is free text of whoever uploaded it.
    const { alg: _alg, ...jwk } = isRecord(answer['jwk']) ? answer['jwk'] : {}
    const key = findKeyFault(jwk, 'RS256') === undefined && thumbprintOf(jwk) === kid ? importKey(jwk) : undefined
    return key ?? 'the platform answered with something that is no such key'
  } catch (error) {
    return `the key of the producer cannot be asked for: ${(error as Error).message}`
  }
}
