import { apiProblem } from './api-problem.ts'
import { verifyApiVoucher } from './api-voucher.ts'
import type { ApiVoucher, ApiVoucherContext } from './api-voucher.ts'
import { proofErrors } from './error-codes.ts'
import type { Refusal } from './error-codes.ts'
import { isProblem } from './problem.ts'
import type { Problem } from './problem.ts'
import { examineProof } from './proof-examination.ts'
import type { UsedProofs } from './used-proofs.ts'

/** The versions of the interop API: v2 takes vouchers that are bound to no key, v3 only bound ones with their proof. */
export type ApiVersion = 'v2' | 'v3'

/** What of a call to the interop API says who makes it; `url` is the address of the call without its query. */
export interface ApiCredentials {
  readonly version: ApiVersion
  readonly method: string
  readonly url: string
  readonly authorization: string | undefined
  readonly dpop: string | undefined
}

/** What callers are identified with. */
export interface ApiCallerContext extends ApiVoucherContext { readonly usedProofs: UsedProofs }

/** Who calls, or why that is not proved; in the platform's order: headers, voucher, its binding, the proof, its first use. */
export async function identifyCaller (credentials: ApiCredentials, context: ApiCallerContext): Promise<ApiVoucher | Problem> {
  const { version, authorization, dpop } = credentials
  if (!authorization) return apiProblem('missingHeader', 'Header Authorization has not been passed.')
  const { scheme, token } = /^(?<scheme>\S+) +(?<token>\S+)$/.exec(authorization)?.groups ?? {}
  const isBound = version === 'v3'
  if (token === undefined || scheme?.toLowerCase() !== (isBound ? 'dpop' : 'bearer')) {
    return isBound
      ? apiProblem('badDPoPToken', 'Send the voucher as "Authorization: DPoP <voucher>": v3 takes no other scheme.')
      : apiProblem('badBearerToken', 'Send the voucher as "Authorization: Bearer <voucher>": v2 takes no other scheme.')
  }
  if (isBound && dpop === undefined) return apiProblem('missingHeader', 'Header DPoP has not been passed.')
  const voucher = await verifyApiVoucher(token, context)
  if (isProblem(voucher)) return voucher
  const unproved = isBound
    ? await checkPossession(token, voucher.jkt, credentials, context)
    : checkUnbound(voucher.jkt)
  return unproved ?? voucher
}

function checkUnbound (jkt: string | undefined): Problem | undefined {
  return jkt === undefined ? undefined : apiProblem('tokenVerificationFailed', 'A voucher that is bound to a key is not a Bearer token: call v3.')
}

async function checkPossession (
  accessToken: string,
  jkt: string | undefined,
  { method, url, dpop }: ApiCredentials,
  { now, usedProofs }: ApiCallerContext
): Promise<Problem | undefined> {
  if (jkt === undefined) return apiProblem('invalidClaim', 'Claim cnf not valid or missing: ask for the voucher with a DPoP proof.')
  const { steps, proof } = await examineProof(dpop, { method, url, now: now(), accessToken })
  const refusal = steps.find((step) => step.refusal)?.refusal
  if (refusal) return refuseProof(refusal)
  if (proof?.jkt !== jkt) return apiProblem('dpopTokenBindingFailed', proofErrors['0023'][1])
  return usedProofs.add(proof.jti, proof.iat) ? undefined : apiProblem('dpopProofJtiAlreadyUsed', proofErrors['0005'][1])
}

function refuseProof ({ code, failures }: Refusal): Problem {
  const detail = failures.map(({ explanation, detail }) => detail === undefined ? explanation : `${explanation} (${detail})`).join(' ')
  return apiProblem(code === '0010' ? 'dpopProofSignatureValidationFailed' : 'dpopProofValidationFailed', detail)
}
