import { generateKeyPairSync, sign } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import type { ClientCertificate } from './channel.ts'
import { encode, id, terms, testSeconds, testTime } from './fixture.ts'
import type { InternalClients } from './internal-clients.ts'
import { thumbprintOf } from './jwk.ts'
import type { Jwk } from './jwk.ts'
import type { InternalClient } from './registry.ts'

/** An application of the administration, and what it could call with. Used by tests only. */

/** Its key, and that of another application. */
export const internalKey = generateKeyPairSync('ec', { namedCurve: 'P-256' })
export const otherInternalKey = generateKeyPairSync('ec', { namedCurve: 'P-256' })
export const kidOf = (key: KeyObject): string => thumbprintOf(key.export({ format: 'jwk' }) as Jwk)
export const internalKid = kidOf(internalKey.publicKey)
export const otherInternalKid = kidOf(otherInternalKey.publicKey)

/** It calls for the same consumer and purpose as the good voucher. */
export const internalClient: InternalClient = { id: id(80), consumerId: id(2), name: 'CRM', purposes: [id(6)] }
export const otherInternalClient: InternalClient = { ...internalClient, id: id(81), name: 'Protocollo' }

/** The certificate with which it connects, which nobody vouches for. */
export const internalCertificate: ClientCertificate = { thumbprint: 'C'.repeat(43), subject: 'CN=crm', notBefore: testTime - 1000, notAfter: testTime + 1000, untrusted: 'self-signed certificate' }

export const goodInternalClaims = { iss: internalClient.id, sub: internalClient.id, aud: terms.audience[0], jti: 'token-1', iat: testSeconds - 10, exp: testSeconds + 290 }

/** What a test changes of the good token; `undefined` takes a member out. */
export interface InternalChanges {
  readonly header?: Readonly<Record<string, unknown>>
  readonly claims?: Readonly<Record<string, unknown>>
  readonly key?: KeyObject
}

const hashes: Readonly<Record<string, string>> = { 'prime256v1': 'ES256 sha256', 'secp384r1': 'ES384 sha384', 'secp521r1': 'ES512 sha512' }

/** The good token but for the changes. */
export function internalToken ({ header, claims, key = internalKey.privateKey }: InternalChanges = {}): string {
  const [alg, hash] = (hashes[key.asymmetricKeyDetails?.namedCurve ?? ''] ?? 'RS256 sha256').split(' ')
  const signed = `${encode({ alg, typ: 'client-authentication+jwt', kid: internalKid, ...header })}.${encode({ ...goodInternalClaims, ...claims })}`
  return `${signed}.${sign(hash, Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
}

/** Both applications are known, but for the changes. */
export function internalClientsWith (client: Partial<InternalClient> = {}, more: Readonly<Record<string, KeyObject>> = {}): InternalClients {
  const own = { ...internalClient, ...client }
  const keys = new Map([[internalKid, { key: internalKey.publicKey, client: own }], [otherInternalKid, { key: otherInternalKey.publicKey, client: otherInternalClient }], ...Object.entries(more).map(([kid, key]) => [kid, { key, client: own }] as const)])
  return { byKey: (kid) => keys.get(kid), byCertificate: (thumbprint) => thumbprint === internalCertificate.thumbprint ? own : undefined }
}
