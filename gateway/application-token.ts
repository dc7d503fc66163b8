import { createPublicKey } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { SignJWT } from 'jose/jwt/sign'
import { internalTokenKind } from '../policies/internal-caller.ts'
import { fittingAlgorithm, thumbprintOf } from '../policies/jwk.ts'
import type { Jwk } from '../policies/jwk.ts'

/** What an internal application calls for; `audience` is that of the e-service, `purposeId` may go without saying where it has one only. */
export interface ApplicationTokenRequest {
  readonly clientId: string
  readonly privateKey: KeyObject
  readonly audience: string
  readonly purposeId: string | undefined
  /** Epoch ms. */
  readonly now: number
  readonly randomUUID: () => string
}

/** How long such a token is good, in seconds; the gateway takes none for longer than 600. */
export const applicationTokenSeconds = 300

/** Signs the token with which an internal application calls, with RSA or on P-256, P-384 or P-521. Throws a sentence when the key is another one. */
export async function signApplicationToken ({ clientId, privateKey, audience, purposeId, now, randomUUID }: ApplicationTokenRequest): Promise<string> {
  const jwk = createPublicKey(privateKey).export({ format: 'jwk' }) as Jwk
  const alg = fittingAlgorithm(jwk)
  if (alg === undefined) throw new Error('the key is neither RSA nor EC on P-256, P-384 or P-521')
  const iat = Math.floor(now / 1000)
  return new SignJWT({ iss: clientId, sub: clientId, aud: audience, jti: randomUUID(), iat, exp: iat + applicationTokenSeconds, ...purposeId !== undefined && { purposeId } })
    .setProtectedHeader({ alg, typ: internalTokenKind.typ as string, kid: thumbprintOf(jwk) }).sign(privateKey)
}
