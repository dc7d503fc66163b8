import { createHash, randomUUID } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { certificateKey, certificateThumbprint, clientKey, clientKid, signToken } from './signature-fixture.ts'

/** Tracking evidence as a consumer makes it (AUDIT_REST_01 and _02), and what a test changes of it. Used by tests only. */

/** For whom evidence is made; `now` in epoch ms. */
export interface EvidenceFor { readonly clientId: string, readonly purposeId: string, readonly audience: string, readonly now: number }

/** What differs from good evidence; a member set to undefined is left out. */
export interface EvidenceChanges {
  readonly header?: Readonly<Record<string, unknown>>
  readonly claims?: Readonly<Record<string, unknown>>
  readonly key?: KeyObject
  /** By certificate instead of a key on the platform. */
  readonly certificate?: boolean
}

/** Evidence for AUDIT_REST_02 that lives for ten minutes, good but for the changes. */
export function makeEvidence ({ clientId, purposeId, audience, now }: EvidenceFor, { header, claims, certificate = false, key = (certificate ? certificateKey : clientKey).privateKey }: EvidenceChanges = {}): string {
  const iat = Math.floor(now / 1000)
  return signToken(
    { typ: 'JWT', ...certificate ? { 'alg': 'ES256', 'x5t#S256': certificateThumbprint } : { alg: 'RS256', kid: clientKid }, ...header },
    { iss: clientId, aud: audience, jti: randomUUID(), iat, nbf: iat, exp: iat + 600, purposeId, dnonce: 1234567890123, userID: 'user293', userLocation: 'station012', LoA: 'SUBSTANTIAL', ...claims },
    key
  )
}

/** The claim `digest` of a voucher that was asked for with this evidence. */
export function evidenceDigestOf (evidence: string): { readonly alg: 'SHA256', readonly value: string } {
  return { alg: 'SHA256', value: createHash('sha256').update(evidence).digest('hex') }
}

const text = { type: 'string', minLength: 1, maxLength: 100 }

/** The claims that are agreed in the tests, unless one agrees on others. */
export const agreedClaims = { type: 'object', required: ['userID', 'userLocation'], properties: { userID: text, userLocation: text, LoA: { type: 'string', enum: ['LOW', 'SUBSTANTIAL', 'HIGH'] } } }
