import { constants, createHash, generateKeyPairSync, randomUUID, sign } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import type { Certificates } from './certificates.ts'
import { signatureAlgorithms } from './jws.ts'
import type { SignatureAlgorithm } from './jws.ts'
import type { ClientKeys } from './keys.ts'

/** Signed messages as a consumer makes them (INTEGRITY_REST_01 and _02), and what a test changes of them. Used by tests only. */

interface KeyPair { readonly publicKey: KeyObject, readonly privateKey: KeyObject }

/** The key that a client deposited on the platform, and its id; the key of another client; the one of a certificate, and its thumbprint. */
export const clientKey = generateKeyPairSync('rsa', { modulusLength: 2048 })
export const clientKid = '2MJFa7aSSveFte8ULX9U-MaaygcoL5fBIJDTXBdba64'
export const otherClientKey = generateKeyPairSync('rsa', { modulusLength: 2048 })
export const otherClientKid = 'x0fPC8Y3lDkyLZ0iFUv2sGvYp5qGgqJEqkM7bOQkT9A'
export const certificateKey = generateKeyPairSync('ec', { namedCurve: 'P-256' })
export const certificateThumbprint = createHash('sha256').update('a certificate').digest('base64url')

/** The platform on which the two keys are deposited. */
export function clientKeysOf (clientId: string, otherClientId: string): ClientKeys & { readonly asked: string[] } {
  const asked: string[] = []
  return { asked, find: (kid) => {
    asked.push(kid)
    return kid === clientKid ? { key: clientKey.publicKey, clientId } : kid === otherClientKid ? { key: otherClientKey.publicKey, clientId: otherClientId } : 'unknown'
  } }
}

/** A registry in which the certificate is a client's. */
export function certificatesOf (clientId: string): Certificates {
  return { find: (header) => header['x5t#S256'] === certificateThumbprint ? { key: certificateKey.publicKey, clientId, thumbprint: certificateThumbprint } : { untrusted: 'nobody has this certificate' } }
}

/** What differs from a good signature; a member set to undefined is left out. */
export interface SignatureChanges {
  readonly header?: Readonly<Record<string, unknown>>
  readonly claims?: Readonly<Record<string, unknown>>
  readonly key?: KeyPair
  /** By certificate instead of a key on the platform. */
  readonly certificate?: boolean
}

/** Who signs for whom, and when; `now` in epoch ms. */
export interface Signing { readonly clientId: string, readonly audience: string, readonly now: number }

/** Headers by name; one set to undefined is left out. */
export type HeaderChanges = Readonly<Record<string, string | undefined>>

/** Digest of a body (RFC 3230). */
export function digestOf (body: string | Uint8Array, algorithm: 'SHA-256' | 'SHA-512' = 'SHA-256'): string {
  return `${algorithm}=${createHash(algorithm.replace('-', '')).update(body).digest('base64')}`
}

/** Content-Digest of a body (RFC 9530). */
export function contentDigestOf (body: string | Uint8Array, algorithm: 'sha-256' | 'sha-512' = 'sha-256'): string {
  return `${algorithm}=:${createHash(algorithm.replace('-', '')).update(body).digest('base64')}:`
}

/** `Agid-JWT-Signature` over these headers, good but for the changes. */
export function makeSignature (headers: Readonly<Record<string, string>>, { clientId, audience, now }: Signing, { header, claims, certificate = false, key = certificate ? certificateKey : clientKey }: SignatureChanges = {}): string {
  const iat = Math.floor(now / 1000)
  const alg = key.privateKey.asymmetricKeyType === 'ec' ? 'ES256' : 'RS256'
  return signToken({ typ: 'JWT', alg, ...certificate ? { 'x5t#S256': certificateThumbprint } : { kid: clientKid }, ...header }, {
    iss: clientId, sub: clientId, aud: audience, jti: randomUUID(), iat, nbf: iat, exp: iat + 60,
    signed_headers: Object.entries(headers).map(([name, value]) => ({ [name.toLowerCase()]: value })), ...claims
  }, key.privateKey)
}

/** The headers of a signed message: media type and digest, or what `headers` makes of them, and the signature over all; `sent` is changed after that. */
export function signMessage (body: string | Uint8Array, signing: Signing, { headers, sent, ...changes }: SignatureChanges & { readonly headers?: HeaderChanges, readonly sent?: HeaderChanges } = {}): Readonly<Record<string, string>> {
  const signed = present({ 'Content-Type': 'application/json', 'Digest': digestOf(body), ...headers })
  return present({ ...signed, 'Agid-JWT-Signature': makeSignature(signed, signing, changes), ...sent })
}

function present (headers: HeaderChanges): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(headers).filter((entry): entry is [string, string] => entry[1] !== undefined))
}

/** Signs a header and claims as they are, by the algorithm that the header names, or the usual one where that is none. */
export function signToken (header: Readonly<Record<string, unknown>>, claims: object | string, key: KeyObject): string {
  const signed = [header, claims].map((part) => Buffer.from(typeof part === 'string' ? part : JSON.stringify(part)).toString('base64url')).join('.')
  const isEc = key.asymmetricKeyType === 'ec'
  const { hash, kty, ...more }: { hash: string, kty: string, padding?: number } = signatureAlgorithms[header['alg'] as SignatureAlgorithm] ?? signatureAlgorithms[isEc ? 'ES256' : 'RS256']
  const padding = kty === 'RSA' && !isEc && more.padding === constants.RSA_PKCS1_PSS_PADDING ? { padding: more.padding, saltLength: constants.RSA_PSS_SALTLEN_DIGEST } : {}
  return `${signed}.${sign(hash, Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363', ...padding }).toString('base64url')}`
}
