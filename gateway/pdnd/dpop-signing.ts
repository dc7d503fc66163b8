import { createHash } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { SignJWT } from 'jose/jwt/sign'
import type { JWK } from 'jose'

/** What a DPoP proof is for and signed with: an ES256 key pair, `now` in epoch ms. */
export interface DpopProofRequest {
  readonly privateKey: KeyObject
  readonly publicJwk: JWK
  readonly method: string
  /** The address of the request; query and fragment do not enter the proof. */
  readonly url: string
  readonly now: () => number
  readonly randomUUID: () => string
  /** The voucher that is sent with the proof; none to a token endpoint. */
  readonly accessToken?: string | undefined
  /** The nonce that the resource server asked for (RFC 9449 9); the platform takes none. */
  readonly nonce?: string | undefined
}

/**
 * Signs a proof of possession (RFC 9449 4.2) with exactly the members that PDND accepts: of the public key only what
 * its thumbprint is made of, no `exp`, no `nbf`, `ath` only beside a voucher and `nonce` only where one is asked for.
 */
export async function signDpopProof (wanted: DpopProofRequest): Promise<string> {
  const { crv, kty, x, y } = wanted.publicJwk
  const url = new URL(wanted.url)
  return new SignJWT({
    htm: wanted.method,
    htu: `${url.origin}${url.pathname}`,
    iat: Math.floor(wanted.now() / 1000),
    jti: wanted.randomUUID(),
    ...wanted.accessToken === undefined ? {} : { ath: hashOf(wanted.accessToken) },
    ...wanted.nonce === undefined ? {} : { nonce: wanted.nonce }
  }).setProtectedHeader({ typ: 'dpop+jwt', alg: 'ES256', jwk: { crv, kty, x, y } as JWK }).sign(wanted.privateKey)
}

/** The `ath` of a voucher: its SHA-256 in base64url (RFC 9449 4.2). */
export function hashOf (accessToken: string): string {
  return createHash('sha256').update(accessToken).digest('base64url')
}
