import type { KeyObject } from 'node:crypto'
import { firstFailure, shown, shownTime } from './check.ts'
import type { Check } from './check.ts'
import { isTime, isUuid } from './claim.ts'
import type { CallerKind, IntegrityDemand } from './demands.ts'
import type { Denial } from './denials.ts'
import { digestChecks, readDigests } from './digest.ts'
import type { DigestSubject } from './digest.ts'
import { headerValues } from './header-values.ts'
import { internalAudience, signersFor, trustedFor } from './internal-caller.ts'
import type { Jws } from './jws.ts'
import type { Call, Policy, Terms } from './policy.ts'
import { replayKey } from './replay.ts'
import type { ReplayVerdict } from './replay.ts'
import { signedHeadersChecks } from './signed-headers.ts'
import type { SignedHeadersSubject } from './signed-headers.ts'
import { findSigner, takeToken, tokenClaimChecks, tokenHeaderChecks, verifyToken } from './signed-token.ts'
import type { Signer, TokenKind, TokenSubject } from './signed-token.ts'

/**
 * Who signed the message: `clientId`, with `key`, whose id is `id` (the kid, or the thumbprint of the certificate). `digest` is the first field with a
 * digest as it was sent, undefined where a request without a body has none. Null where no signature is demanded, or none of a request without a body.
 */
export type IntegrityFact = { readonly clientId: string, readonly id: string, readonly key: KeyObject, readonly jti: string, readonly digest: string | undefined } | null

const header = 'Agid-JWT-Signature'

/** How old a signature may be, in seconds. It is made for one call; what is good for a day would have to be remembered for a day, and one client could fill the replay filter of all. */
const maxAgeSeconds = 300

export const signatureKind: TokenKind = {
  header, missing: 'signature-missing', malformed: 'signature-malformed', unverifiable: 'signature-unverifiable', claims: 'signature-claims-invalid',
  audience: 'signature-audience-mismatch', expired: 'signature-expired', notYetValid: 'signature-not-yet-valid'
}

/** What a message brings with it for its integrity. */
export interface Message extends Omit<SignedHeadersSubject, 'claims'>, DigestSubject {
  readonly demand: IntegrityDemand
  readonly tokens: readonly string[]
}

/** What a message with a verified token is held against; `clientId` is the caller's. */
export interface SignedMessage extends Message, TokenSubject { readonly signer: Pick<Signer, 'clientId' | 'trust'>, readonly clientId: string }

const isPlatformKey = ({ signer }: SignedMessage): boolean => signer.trust === 'pdnd'
const isCaller = (claim: 'iss' | 'sub') => ({ claims, clientId }: SignedMessage): boolean => claims[claim] === clientId
const shownId = (claim: 'iss' | 'sub') => ({ claims }: SignedMessage): string => claims[claim] === undefined ? 'nothing' : isUuid(claims[claim]) ? shown(claims[claim]) : 'something else'

/** That the caller signed, and not another client; where its key is on the platform, `iss` is its client id (INTEGRITY_REST_02). */
const signerChecks: readonly Check<SignedMessage>[] = [
  { name: `${header} signer`, code: 'signature-signer-mismatch', holds: ({ signer, clientId }) => signer.clientId === clientId, expected: ({ clientId }) => `a key of the client ${shown(clientId)}`, got: ({ signer, clientId }) => signer.clientId === clientId ? 'such a key' : 'a key of another client' },
  { name: `${header} iss (form)`, code: 'signature-claims-invalid', holds: (subject) => !isPlatformKey(subject) || typeof subject.claims['iss'] === 'string', expected: (subject) => isPlatformKey(subject) ? 'the client id' : 'any', got: shownId('iss') },
  { name: `${header} iss`, code: 'signature-signer-mismatch', holds: (subject) => !isPlatformKey(subject) || isCaller('iss')(subject), expected: (subject) => isPlatformKey(subject) ? shown(subject.clientId) : 'any', got: shownId('iss') },
  { name: `${header} sub`, code: 'signature-signer-mismatch', holds: (subject) => !isPlatformKey(subject) || subject.claims['sub'] === undefined || isCaller('sub')(subject), expected: (subject) => isPlatformKey(subject) ? `none, or ${shown(subject.clientId)}` : 'any', got: shownId('sub') },
  { name: `${header} jti`, code: 'signature-claims-invalid', holds: ({ claims: { jti } }) => typeof jti === 'string' && jti !== '' && jti.length <= 200, expected: () => 'a text of 1 to 200 characters', got: ({ claims: { jti } }) => typeof jti === 'string' ? `a text of ${jti.length} characters` : jti === undefined ? 'nothing' : 'no text' }
]

const ageCheck: Check<SignedMessage> = {
  name: `${header} age`,
  code: signatureKind.expired,
  holds: ({ claims: { iat }, now }) => isTime(iat) && iat >= now - maxAgeSeconds,
  expected: ({ now }) => `iat not before ${shownTime(now - maxAgeSeconds)}`,
  got: ({ claims: { iat } }) => isTime(iat) ? shownTime(iat) : 'no time'
}

/** What a message whose token was verified must be, in order. */
export const integrityChecks: readonly Check<SignedMessage>[] = [...tokenClaimChecks(signatureKind), ageCheck, ...signerChecks, ...digestChecks, ...signedHeadersChecks]

/**
 * Proves that the caller signed the message as it was received (INTEGRITY_REST_01 by certificate, INTEGRITY_REST_02 by a key on the platform): Digest
 * is that of the body, and Agid-JWT-Signature is the caller's over it and over other headers.
 *
 * - What is signed are the bytes of the body without transfer coding and with content coding. PATCH is held to the same, though the guideline leaves it
 *   out: its body is whole. Range is not passed on (unless a contract declares it), so no call is about a part of something.
 * - A body is never taken unsigned. A request without one is a matter of the contract (`emptyBody`), whatever its method; what it carries all the same
 *   is checked: a signature without a digest of nothing is one over headers, as some consumers send with GET.
 * - `aud` is an audience of the e-service, one that its configuration adds, its base URL, or the URL of the call without query.
 * - `jti` is good for one call. It is noted when nothing else is wrong here, for as long as the token is; a call that its contract, its quota or its e-service refuses
 *   after that has used it, and is signed anew: otherwise a token could be tried out with many queries.
 */
export const integrity: Policy<'integrity', 'caller'> = {
  name: 'integrity',
  stage: 'body',
  needs: ['caller'],
  denials: ['signature-missing', 'signature-malformed', 'signature-unverifiable', 'trust-source-unavailable', ...new Set(integrityChecks.map((check) => check.code)), 'signature-replayed', 'replay-filter-unavailable'],
  prepare: (ports, terms) => (call) => {
    const { demands: { integrity: demand }, now } = call
    if (!demand) return null
    const message = readMessage(call, demand)
    if (needsNoToken(message)) return firstFailure(digestChecks, message) ?? null
    const token = readToken(message, trustedFor(call.caller, demand.trust))
    if ('denial' in token) return token
    const finish = (signer: Signer | Denial): IntegrityFact | Denial | Promise<IntegrityFact | Denial> => {
      if ('denial' in signer) return signer
      const denial = verifyToken(token, signer, signatureKind) ?? firstFailure(integrityChecks, subjectOf(message, token, { signer, clientId: call.caller.clientId }, call, terms))
      if (denial) return denial
      const { jti, exp, iat } = token.claims as { jti: string, exp: number, iat: number }
      const fact = { clientId: signer.clientId, id: signer.id, key: signer.key, jti, digest: message.digests[0]?.value }
      const decide = (verdict: ReplayVerdict): IntegrityFact | Denial => verdict === 'first' ? fact : verdict === 'seen' ? replayed : undecided
      const verdict = ports.replay.note(replayKey(header, signer.clientId, jti), Math.min(exp, iat + maxAgeSeconds + 1) * 1000, now, iat * 1000)
      return verdict instanceof Promise ? verdict.then(decide) : decide(verdict)
    }
    const signer = findSigner(token, signatureKind, signersFor(call.caller, ports), now)
    return signer instanceof Promise ? signer.then(finish) : finish(signer)
  }
}

const replayed: Denial = { denial: 'signature-replayed', check: `${header} jti`, reason: 'the signature was used before' }
const undecided: Denial = { denial: 'replay-filter-unavailable', check: `${header} jti`, reason: 'it cannot be told whether the signature was used before', retryAfter: 5 }

/** What a call brings with it; its body must have been read. */
export function readMessage ({ rawHeaders, body }: Pick<Call, 'rawHeaders' | 'body'>, demand: IntegrityDemand): Message {
  if (body === undefined) throw new Error('the body was not read')
  return {
    demand,
    tokens: headerValues(rawHeaders, 'agid-jwt-signature'),
    rawHeaders,
    headers: demand.headers,
    digests: readDigests(rawHeaders),
    digestNeeded: body.length > 0 || demand.emptyBody === 'signed',
    body
  }
}

/** True when a message may come without signature, and does. */
export function needsNoToken ({ digestNeeded, tokens }: Message): boolean {
  return !digestNeeded && tokens.length === 0
}

function readToken ({ tokens }: Message, trusted: readonly CallerKind[]): Jws | Denial {
  const token = takeToken(tokens, signatureKind)
  if ('denial' in token) return token
  const failure = firstFailure(tokenHeaderChecks(signatureKind, trusted), token.header)
  // Before the signature is verified the caller is not told which part is wrong.
  return failure ? { denial: failure.denial, check: failure.check, reason: failure.reason } : token
}

/** What a message with a token is held against. */
export function subjectOf (message: Message, { claims }: Jws, who: Pick<SignedMessage, 'signer' | 'clientId'>, { path, now, listener }: Pick<Call, 'path' | 'now' | 'listener'>, terms: Terms): SignedMessage {
  const { audience, signatureAudience, publicUrl, internal } = terms
  const inside = listener === 'internal' && internal !== undefined
  return { ...message, ...who, claims, audience: [...inside ? internalAudience(terms) : audience, ...signatureAudience], url: (inside ? internal.url : publicUrl) + path, now: Math.floor(now / 1000) }
}
