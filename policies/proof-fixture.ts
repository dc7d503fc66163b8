import { generateKeyPairSync, randomUUID, sign } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { hashOf } from './dpop-proof.ts'
import { thumbprintOf } from './jwk.ts'

/** DPoP proofs as a consumer makes them, and what a test changes of them. Used by tests only. */

/** A consumer's DPoP keys, made once per process. */
export const ecKey = generateKeyPairSync('ec', { namedCurve: 'P-256' })
export const rsaKey = generateKeyPairSync('rsa', { modulusLength: 2048 })

/** The public JWK of a key, and its thumbprint. */
export const jwkOf = (key: KeyObject): Readonly<Record<string, unknown>> => key.export({ format: 'jwk' }) as Readonly<Record<string, unknown>>
export const jktOf = (key: KeyObject): string => thumbprintOf(jwkOf(key))

/** The call that a proof is for; `now` in epoch ms. */
export interface ProvenCall { readonly method: string, readonly url: string, readonly voucher: string, readonly now: number }

/** What differs from a good proof; a member set to undefined is left out. `key` signs, and is the one in the header. */
export interface ProofChanges {
  readonly header?: Readonly<Record<string, unknown>>
  readonly claims?: Readonly<Record<string, unknown>>
  readonly key?: { readonly publicKey: KeyObject, readonly privateKey: KeyObject }
}

/** A proof for a call (RFC 9449, 4.2), good but for the changes. */
export function makeProof ({ method, url, voucher, now }: ProvenCall, { header, claims, key = ecKey }: ProofChanges = {}): string {
  const alg = key.privateKey.asymmetricKeyType === 'ec' ? 'ES256' : 'RS256'
  return signProof(
    { typ: 'dpop+jwt', alg, jwk: jwkOf(key.publicKey), ...header },
    { jti: randomUUID(), htm: method, htu: url, iat: Math.floor(now / 1000), ath: hashOf(voucher), ...claims },
    key.privateKey
  )
}

/** Signs a header and claims as they are. */
export function signProof (header: object | string, claims: object | string, key: KeyObject): string {
  const signed = [header, claims].map((part) => Buffer.from(typeof part === 'string' ? part : JSON.stringify(part)).toString('base64url')).join('.')
  return `${signed}.${sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
}
