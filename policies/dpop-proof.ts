import { hash, timingSafeEqual } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { firstFailure, shown, shownTime } from './check.ts'
import type { Check } from './check.ts'
import type { Denial } from './denials.ts'
import { aheadSeconds, isTime } from './claim.ts'
import { findKeyFault } from './jwk.ts'
import { readJws, shownAlgorithm, steeringMembers, verifyJws } from './jws.ts'
import type { Jws } from './jws.ts'
import { proofAlgorithms } from './proof-keys.ts'
import type { ProofAlgorithm } from './proof-keys.ts'
import { normaliseUri } from './uri.ts'

/** How old a proof may be, in seconds. */
const maxAgeSeconds = 60

/** What a proof is held against. `url` is the request's under the configured public URL, normalised, `origin` that of the public URL; `now` in epoch seconds. */
export interface ProofSubject {
  readonly claims: Jws['claims']
  readonly method: string
  readonly url: string | undefined
  readonly origin: string
  readonly voucher: string
  readonly now: number
  /** The thumbprint of the key that signed the proof, and the one that the voucher is bound to. */
  readonly thumbprint: string
  readonly jkt: string
  /** Whether a nonce is one of this gateway's, where proofs need one; undefined where they need none. */
  readonly acceptsNonce: ((nonce: unknown) => boolean) | undefined
}

// A proof brings its key along (RFC 9449, 4.2).
const steering = steeringMembers.filter((member) => member !== 'jwk')

/** What the header of a proof must be before its signature is looked at (RFC 9449, 4.2; RFC 8725, 3.1). */
export const proofHeaderChecks: readonly Check<Jws['header']>[] = [
  { name: 'DPoP typ', code: 'dpop-malformed', holds: ({ typ }) => typ === 'dpop+jwt', expected: () => '"dpop+jwt"', got: ({ typ }) => typ === undefined ? 'nothing' : typ === 'dpop+jwt' ? 'that type' : 'another type' },
  { name: 'DPoP alg', code: 'dpop-malformed', holds: ({ alg }) => proofAlgorithms.some((one) => one === alg), expected: () => proofAlgorithms.join(' or '), got: ({ alg }) => shownAlgorithm(alg) },
  {
    name: 'DPoP header members',
    code: 'dpop-malformed',
    holds: (header) => !steering.some((member) => Object.hasOwn(header, member)),
    expected: () => `none of ${steering.join(', ')}`,
    got: (header) => steering.filter((member) => Object.hasOwn(header, member)).join(', ') || 'none'
  },
  {
    name: 'DPoP jwk',
    code: 'dpop-malformed',
    holds: ({ jwk, alg }) => findKeyFault(jwk, alg) === undefined,
    expected: () => 'a public key for alg: EC on P-256, or RSA of at least 2048 bits',
    got: ({ jwk, alg }) => jwk === undefined ? 'nothing' : findKeyFault(jwk, alg) ?? 'such a key'
  }
]

/**
 * What a proof whose signature was verified must say, in order (RFC 9449, 4.3 and 7.1). A received path is not shown: it can hold what
 * does not belong into a log.
 */
export const proofChecks: readonly Check<ProofSubject>[] = [
  { name: 'DPoP key', code: 'dpop-binding-mismatch', holds: ({ thumbprint, jkt }) => equal(thumbprint, jkt), expected: () => 'the key that the voucher is bound to, by cnf.jkt', got: ({ thumbprint, jkt }) => equal(thumbprint, jkt) ? 'that key' : 'another key' },
  { name: 'DPoP jti', code: 'dpop-proof-invalid', holds: ({ claims: { jti } }) => typeof jti === 'string' && jti !== '' && jti.length <= 200, expected: () => 'a text of 1 to 200 characters', got: ({ claims: { jti } }) => typeof jti === 'string' ? `a text of ${jti.length} characters` : jti === undefined ? 'nothing' : 'no text' },
  { name: 'DPoP htm', code: 'dpop-proof-invalid', holds: ({ claims: { htm }, method }) => htm === method, expected: ({ method }) => shown(method), got: ({ claims: { htm }, method }) => typeof htm !== 'string' ? 'no text' : htm === method ? 'that method' : 'another method' },
  { name: 'DPoP htu', code: 'dpop-proof-invalid', holds: isOfRequest, expected: ({ origin }) => `${shown(origin)} and the path of the request`, got: (subject) => typeof subject.claims['htu'] !== 'string' ? 'no text' : isOfRequest(subject) ? 'that URI' : `another URI${originOf(subject.claims['htu'])}` },
  { name: 'DPoP iat (form)', code: 'dpop-proof-invalid', holds: ({ claims: { iat } }) => isTime(iat), expected: () => 'a time in whole epoch seconds', got: ({ claims: { iat } }) => iat === undefined ? 'nothing' : isTime(iat) ? 'such a time' : 'something else' },
  {
    name: 'DPoP iat',
    code: 'dpop-proof-invalid',
    holds: ({ claims: { iat }, now }) => isTime(iat) && iat >= now - maxAgeSeconds && iat <= now + aheadSeconds,
    expected: ({ now }) => `from ${shownTime(now - maxAgeSeconds)} to ${shownTime(now + aheadSeconds)}`,
    got: ({ claims: { iat } }) => isTime(iat) ? shownTime(iat) : 'no time'
  },
  {
    name: 'DPoP exp and nbf',
    code: 'dpop-proof-invalid',
    holds: areAround,
    expected: ({ now }) => `none, or times around ${shownTime(now)}`,
    got: (subject) => subject.claims['exp'] === undefined && subject.claims['nbf'] === undefined ? 'none' : areAround(subject) ? 'such times' : 'others'
  },
  { name: 'DPoP ath', code: 'dpop-proof-invalid', holds: isOfVoucher, expected: () => 'the SHA-256 of the voucher that it comes with, in base64url', got: (subject) => subject.claims['ath'] === undefined ? 'nothing' : isOfVoucher(subject) ? 'that hash' : 'something else' },
  { name: 'DPoP nonce', code: 'dpop-nonce-required', holds: ({ claims: { nonce }, acceptsNonce }) => !acceptsNonce || acceptsNonce(nonce), expected: ({ acceptsNonce }) => acceptsNonce ? 'the nonce that the header DPoP-Nonce of an answer gave' : 'none', got: ({ claims: { nonce } }) => nonce === undefined ? 'nothing' : 'some nonce' }
]

function isOfRequest ({ claims: { htu }, url }: ProofSubject): boolean {
  return url !== undefined && typeof htu === 'string' && normaliseUri(htu) === url
}

function isOfVoucher ({ claims: { ath }, voucher }: ProofSubject): boolean {
  return typeof ath === 'string' && equal(ath, hashOf(voucher))
}

function areAround ({ claims: { exp, nbf }, now }: ProofSubject): boolean {
  return (exp === undefined || (isTime(exp) && exp > now)) && (nbf === undefined || (isTime(nbf) && nbf <= now + aheadSeconds))
}

function equal (received: string, expected: string): boolean {
  const [left, right] = [Buffer.from(received), Buffer.from(expected)]
  return left.length === right.length && timingSafeEqual(left, right)
}

/** `ath` of a voucher: its SHA-256 in base64url (RFC 9449, 4.2). */
export function hashOf (voucher: string): string {
  return hash('sha256', voucher, 'base64url')
}

function originOf (htu: string): string {
  const uri = normaliseUri(htu)
  return uri === undefined ? ', which is not of the form https://host/path' : ` of ${shown(/^https?:\/\/[^/]+/.exec(uri)?.[0])}`
}

/** The one proof of a call taken apart, nothing checked yet. `values` are those of every DPoP header. */
export function takeProof (values: readonly string[]): Jws | Denial {
  const [value, another] = values
  if (value === undefined || value === '') return { denial: 'dpop-missing', check: 'DPoP', reason: 'there is no DPoP header' }
  if (another !== undefined || value.includes(',')) return { denial: 'dpop-malformed', check: 'DPoP', reason: 'there are several proofs' }
  const read = readJws(value)
  return typeof read === 'string' ? { denial: 'dpop-malformed', check: 'DPoP form', reason: read } : read
}

/** A proof whose form and header are right; the signature is still to be verified. */
export function readProof (values: readonly string[]): Jws | Denial {
  const read = takeProof(values)
  if ('denial' in read) return read
  const failure = firstFailure(proofHeaderChecks, read.header)
  // Before the signature is verified the caller is not told which part is wrong.
  return failure ? { denial: failure.denial, check: failure.check, reason: failure.reason } : read
}

/** Verifies the signature of a proof with the key that it names; undefined when it is genuine. */
export function verifyProof (proof: Jws, key: KeyObject | undefined): Denial | undefined {
  if (!key) return { denial: 'dpop-unverifiable', check: 'DPoP signature', reason: 'the numbers of its jwk are no key' }
  return verifyJws(proof, proof.header['alg'] as ProofAlgorithm, key) ? undefined : { denial: 'dpop-unverifiable', check: 'DPoP signature', reason: 'the signature does not match' }
}
