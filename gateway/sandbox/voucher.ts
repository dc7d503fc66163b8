import { SignJWT } from 'jose'
import type { JWTPayload } from 'jose'
import type { KeyPair } from './key-store.ts'
import type { Entitlement } from './platform-state.ts'

/** The tracking-evidence hash that a consumer binds to a voucher (AUDIT_REST_02): hexadecimal SHA-256. */
export interface VoucherDigest { readonly alg: string, readonly value: string }

/** What a voucher says beside its entitlement; `iat` in epoch seconds. */
export interface VoucherSeed {
  readonly issuer: string
  readonly clientId: string
  readonly jti: string
  readonly iat: number
  readonly digest?: VoucherDigest | undefined
  /** The RFC 7638 thumbprint of the key to which the voucher is bound (RFC 9449 6.1). */
  readonly jkt?: string | undefined
}

/** The claims of a voucher for an e-service, exactly the platform's: `nbf` is `iat`, `aud` is one string. */
export function voucherClaims ({ purpose, eservice, agreement, descriptor }: Entitlement, seed: VoucherSeed) {
  return {
    iss: seed.issuer,
    aud: descriptor.audience.join(','),
    jti: seed.jti,
    sub: seed.clientId,
    client_id: seed.clientId,
    iat: seed.iat,
    nbf: seed.iat,
    exp: seed.iat + descriptor.voucherLifespan,
    purposeId: purpose.id,
    producerId: agreement.producerId,
    consumerId: purpose.consumerId,
    eserviceId: eservice.id,
    descriptorId: descriptor.id,
    ...seed.digest === undefined ? {} : { digest: seed.digest },
    ...seed.jkt === undefined ? {} : { cnf: { jkt: seed.jkt } }
  }
}

/** Signs a voucher as the platform does: RS256, `typ` at+jwt and the platform's non-standard `use` in the header. */
export async function signVoucher (claims: JWTPayload, { kid, privateKey }: KeyPair): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({ alg: 'RS256', use: 'sig', typ: 'at+jwt', kid }).sign(privateKey)
}
