import { errors, jwtVerify } from 'jose'
import type { JWTPayload } from 'jose'
import { apiProblem } from './api-problem.ts'
import type { KeyStore } from './key-store.ts'
import type { Problem } from './problem.ts'
import { apiAudience } from './voucher.ts'

/** What a voucher is verified against; `now` in epoch ms. */
export interface ApiVoucherContext { readonly keys: KeyStore, readonly issuer: string, readonly now: () => number }

/** Who calls the interop API, by a voucher that holds; `jkt` is the thumbprint of the key that it is bound to. */
export interface ApiVoucher { readonly tenantId: string, readonly clientId: string, readonly jkt: string | undefined }

/**
 * Verifies a voucher for the interop API: this platform's signature, type, issuer and times; then its kind and its audience. One for an
 * e-service is refused as of another kind (403) before its audience is looked at, for which the platform itself answers 401.
 */
export async function verifyApiVoucher (voucher: string, context: ApiVoucherContext): Promise<ApiVoucher | Problem> {
  const payload = await readVoucher(voucher, context)
  if (typeof payload === 'string') return apiProblem('tokenVerificationFailed', `The voucher cannot be accepted: ${payload}.`)
  const { organizationId: tenantId, role, client_id: clientId, aud, cnf } = payload
  if (typeof tenantId !== 'string' || typeof clientId !== 'string' || (role !== 'm2m' && role !== 'm2m-admin')) {
    return apiProblem('operationForbidden', 'The voucher is not one for the interop API: ask for it with a client of kind Api and without purposeId.')
  }
  const audience = apiAudience(context.issuer)
  if (aud !== audience) return apiProblem('tokenVerificationFailed', `The audience of the voucher is not ${audience}.`)
  return { tenantId, clientId, jkt: (cnf as { jkt?: string } | undefined)?.jkt }
}

/** The claims of a genuine voucher at its time, or what is wrong with it. */
async function readVoucher (voucher: string, { keys, issuer, now }: ApiVoucherContext): Promise<JWTPayload | string> {
  try {
    const required = { requiredClaims: ['exp', 'iat', 'sub', 'jti'], currentDate: new Date(now()) }
    const { payload } = await jwtVerify(voucher, keys.platform.publicKey, { algorithms: ['RS256'], typ: 'at+jwt', issuer, ...required })
    return payload
  } catch (error) {
    return error instanceof errors.JOSEError ? error.message : 'it is no JWT'
  }
}
