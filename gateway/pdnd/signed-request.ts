import { createHash, randomInt } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { SignJWT } from 'jose/jwt/sign'
import type { JWTPayload } from 'jose'
import type { Header, RawRequest } from '../raw-request.ts'
import type { DpopKey } from './dpop-key.ts'
import { signDpopProof } from './dpop-signing.ts'
import type { ReceivedVoucher, VoucherDigest } from './voucher-request.ts'

/** A client with an RSA key that the platform knows by this id. */
export interface PlatformClient { readonly clientId: string, readonly kid: string, readonly privateKey: KeyObject }

/** A client outside the platform with the key of a certificate: RSA, or EC on P-256. `x5c` is its chain, leaf first, each in base64 (RFC 7515, 4.1.6). */
export interface CertifiedClient { readonly clientId: string, readonly x5c: readonly string[], readonly privateKey: KeyObject }

/** Who signs what goes with a request. */
export type Signatory = PlatformClient | CertifiedClient

/** Who calls: a client, for one of its purposes; by certificate the purpose may go without saying. */
export type Consumer = (PlatformClient & { readonly purposeId: string }) | (CertifiedClient & { readonly purposeId: string | undefined })

/** Time (epoch ms) and chance. */
export interface Moment { readonly now: () => number, readonly randomUUID: () => string }

/** A request before it is signed; `headers` are those of the caller's own, Content-Type and Content-Encoding among them. */
export interface UnsignedRequest {
  readonly method: string
  readonly url: URL
  readonly headers: readonly Header[]
  readonly body: Buffer
}

/** What goes with a request to prove who sends it. */
export interface Proofs {
  /** The voucher, or the token of a client outside the platform. */
  readonly voucher: Pick<ReceivedVoucher, 'accessToken' | 'tokenType'>
  /** The key that the voucher is bound to, and the nonce that the gateway gave. */
  readonly dpop?: DpopKey | undefined
  readonly nonce?: string | undefined
  readonly evidence?: string | undefined
  /** Set when the message is to be signed: for whom, and the headers (lower case) to sign besides the usual ones. */
  readonly integrity?: { readonly audience: string, readonly headers: readonly string[] } | undefined
}

/** How long a signature is good, in seconds: what is signed is sent at once, or tried out by hand. */
const lifetimeSeconds = 100

/** Methods with which a request without a body says so (RFC 9110, 8.6). */
const expectsBody = new Set(['POST', 'PUT', 'PATCH'])

/** `Digest` of these bytes (RFC 3230). */
export function digestOf (body: Uint8Array): string {
  return `SHA-256=${createHash('sha256').update(body).digest('base64')}`
}

/**
 * Signs tracking evidence (AUDIT_REST_01, and AUDIT_REST_02 by its `dnonce`), with the digest that binds a voucher to it: the voucher must be asked
 * for with that digest. `claims` are those that producer and consumer agreed on.
 */
export async function signEvidence (signatory: Signatory, { audience, purposeId, claims, now, randomUUID }: Moment & { readonly audience: string, readonly purposeId: string | undefined, readonly claims: JWTPayload }): Promise<{ readonly token: string, readonly digest: VoucherDigest }> {
  const token = await signToken(signatory, { aud: audience, purposeId, dnonce: randomInt(1e12, 1e13), ...claims }, { now, randomUUID })
  return { token, digest: { alg: 'SHA256', value: createHash('sha256').update(token).digest('hex') } }
}

/**
 * Builds a request with everything that proves who sends it, over exactly the bytes that go out: the one place where a consumer's requests are
 * signed. Throws a sentence when a header that must be signed is not there.
 */
export async function signRequest (request: UnsignedRequest, proofs: Proofs | undefined, signatory: Signatory | undefined, moment: Moment): Promise<RawRequest> {
  const { method, url, headers, body } = request
  const framing: readonly Header[] = body.length > 0 || expectsBody.has(method) ? [['Content-Length', String(body.length)]] : []
  const proved = proofs && signatory ? await prove(request, proofs, signatory, moment) : []
  return { method, target: url.pathname + url.search, headers: [['Host', url.host], ...proved, ...headers, ...framing, ['Connection', 'close']], body }
}

async function prove (request: UnsignedRequest, { voucher, dpop, nonce, evidence, integrity }: Proofs, signatory: Signatory, moment: Moment): Promise<readonly Header[]> {
  return [
    ['Authorization', `${voucher.tokenType} ${voucher.accessToken}`],
    ...dpop ? [['DPoP', await signProof(request, voucher, { ...dpop, nonce }, moment)] as const] : [],
    ...integrity ? await signMessage(request, signatory, integrity, moment) : [],
    ...evidence === undefined ? [] : [['Agid-JWT-TrackingEvidence', evidence] as const]
  ]
}

async function signProof ({ method, url }: UnsignedRequest, { accessToken }: Proofs['voucher'], { privateKey, publicKey, nonce }: DpopKey & Pick<Proofs, 'nonce'>, moment: Moment): Promise<string> {
  return signDpopProof({ ...moment, privateKey, publicJwk: publicKey.export({ format: 'jwk' }), method, url: url.href, accessToken, nonce })
}

/** The token with which a client outside the platform calls instead of a voucher (ID_AUTH_REST_01, and _02 by its `jti`). */
export async function signOwnToken (client: CertifiedClient, { audience, purposeId, ...moment }: Moment & { readonly audience: string, readonly purposeId: string | undefined }): Promise<string> {
  return signToken(client, { aud: audience, sub: client.clientId, ...purposeId !== undefined && { purposeId } }, moment)
}

/** `Digest` and `Agid-JWT-Signature` (INTEGRITY_REST_02, by certificate INTEGRITY_REST_01). */
async function signMessage ({ headers, body }: UnsignedRequest, signatory: Signatory, { audience, headers: demanded }: NonNullable<Proofs['integrity']>, moment: Moment): Promise<readonly Header[]> {
  const digest = digestOf(body)
  const valueOf = (name: string): string | undefined => headers.find(([own]) => own.toLowerCase() === name)?.[1]
  const missing = demanded.find((name) => name !== 'digest' && valueOf(name) === undefined)
  if (missing !== undefined) throw new Error(`the contract wants the header ${missing} signed: send one`)
  const names = [...new Set(['content-type', 'content-encoding', ...demanded])]
  const signed = [{ digest }, ...names.flatMap((name) => name === 'digest' || valueOf(name) === undefined ? [] : [{ [name]: valueOf(name) }])]
  return [['Digest', digest], ['Agid-JWT-Signature', await signToken(signatory, { aud: audience, sub: signatory.clientId, signed_headers: signed }, moment)]]
}

async function signToken (signatory: Signatory, claims: JWTPayload, { now, randomUUID }: Moment): Promise<string> {
  const { clientId, privateKey } = signatory
  const iat = Math.floor(now() / 1000)
  const key = 'kid' in signatory ? { kid: signatory.kid } : { x5c: [...signatory.x5c] }
  return new SignJWT({ ...claims, iss: clientId, jti: randomUUID(), iat, nbf: iat, exp: iat + lifetimeSeconds })
    .setProtectedHeader({ alg: privateKey.asymmetricKeyType === 'ec' ? 'ES256' : 'RS256', typ: 'JWT', ...key }).sign(privateKey)
}
