import { SignJWT } from 'jose'
import type { JWTPayload } from 'jose'
import type { KeyPair } from '../pdnd/key-file.ts'
import type { VoucherDigest } from '../pdnd/voucher-request.ts'
import type { Client } from '../../policies/registry.ts'
import type { Entitlement } from './platform-state.ts'

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
    ...usualClaims(seed),
    aud: descriptor.audience.join(','),
    exp: seed.iat + descriptor.voucherLifespan,
    purposeId: purpose.id,
    producerId: agreement.producerId,
    consumerId: purpose.consumerId,
    eserviceId: eservice.id,
    descriptorId: descriptor.id,
    ...seed.digest === undefined ? {} : { digest: seed.digest }
  }
}

/** How long a voucher for the interop API is good, in seconds: a constant of the platform. */
export const apiVoucherLifespan = 600

/** The `aud` of the vouchers for the interop API. */
export function apiAudience (issuer: string): string {
  return `${issuer}/m2m`
}

/** The claims of a voucher for the interop API, exactly the platform's; its clients are read-only here (role `m2m`). */
export function apiVoucherClaims ({ consumerId }: Client, seed: VoucherSeed) {
  return {
    ...usualClaims(seed),
    aud: apiAudience(seed.issuer),
    exp: seed.iat + apiVoucherLifespan,
    organizationId: consumerId,
    role: 'm2m'
  }
}

function usualClaims ({ issuer, jti, clientId, iat, jkt }: VoucherSeed) {
  return { iss: issuer, jti, sub: clientId, client_id: clientId, iat, nbf: iat, ...jkt === undefined ? {} : { cnf: { jkt } } }
}

/** Signs a voucher as the platform does: RS256, `typ` at+jwt and the platform's non-standard `use` in the header. */
export async function signVoucher (claims: JWTPayload, { kid, privateKey }: KeyPair): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({ alg: 'RS256', use: 'sig', typ: 'at+jwt', kid }).sign(privateKey)
}
