import type { JWTPayload } from 'jose'
import type { VoucherDigest } from '../pdnd/voucher-request.ts'
import type { Refusal } from './error-codes.ts'
import { examine } from './examination.ts'
import type { Examination, ExaminationContext } from './examination.ts'
import type { KeyStore } from './key-store.ts'
import { firstUseStep } from './proof-examination.ts'
import { badForm, sanitisedFault, sanitisedRefusal, tooManyRequests } from './problem.ts'
import type { Problem } from './problem.ts'
import { parseTokenForm } from './token-form.ts'
import type { TokenRequestRecord } from './token-request-log.ts'
import type { UsedProofs } from './used-proofs.ts'
import type { CountRequest, RateStatus } from './voucher-rate.ts'
import { apiVoucherClaims, signVoucher, voucherClaims } from './voucher.ts'
import type { VoucherSeed } from './voucher.ts'

/** What is needed to decide on a token request. */
export interface DecisionContext extends ExaminationContext {
  readonly keys: KeyStore
  readonly issuer: string
  readonly randomUUID: () => string
  readonly countRequest: CountRequest
  readonly usedProofs: UsedProofs
}

/** A token request as received: the form body, and the DPoP header if there is one. */
export interface TokenRequest { readonly body: string, readonly dpop: string | undefined }

interface VoucherAnswer {
  readonly access_token: string
  readonly token_type: 'Bearer' | 'DPoP'
  readonly expires_in: number
}

/** What to answer, and what to remember of it; `rate` once the request was counted. */
export interface TokenDecision {
  readonly answer: Problem | VoucherAnswer
  readonly record: Omit<TokenRequestRecord, 'correlationId' | 'at' | 'status'>
  readonly rate?: RateStatus
}

/** Decides on a request to `/token.oauth2` as the platform does, in its order: form, examination, rate, first use of proof, voucher. */
export async function decide ({ body, dpop }: TokenRequest, context: DecisionContext): Promise<TokenDecision> {
  const form = parseTokenForm(body)
  if (!('grant_type' in form)) return { answer: badForm(form), record: { outcome: 'malformed', details: form } }
  const examined = await examine({ form, dpop }, context)
  const { refusal, assertion, proof, proofClaims } = examined
  const received = { ...assertion ? { assertion } : {}, ...proofClaims ? { proofClaims } : {} }
  if (refusal) return refuse(refusal, received)
  const grant = grantOf(examined)
  const rate = context.countRequest(grant.tenantId)
  if (rate.limited) return { answer: tooManyRequests(grant.tenantId, '007'), record: { outcome: 'limited', ...received }, rate }
  const replay = proof && firstUseStep(proof, context.usedProofs.add(proof.jti, proof.iat)).refusal
  if (replay) return { ...refuse(replay, received), rate }
  const { answer, voucher } = await issue(grant, examined, context)
  return { answer, record: { outcome: 'issued', ...received, voucher }, rate }
}

/** What of a request is remembered, whatever becomes of it. */
export type Received = Pick<TokenRequestRecord, 'assertion' | 'proofClaims'>

/** The platform's answer to a refusal: it does not say why, the record does. */
export function refuse (reason: Refusal, received: Received): TokenDecision {
  const answer = reason.status === 400 ? sanitisedRefusal : sanitisedFault
  return { answer, record: { outcome: 'refused', reason, ...received } }
}

/** Whose request it is and what its voucher says. */
export interface Grant { readonly tenantId: string, readonly claimsOf: (seed: VoucherSeed) => JWTPayload & { readonly iat: number, readonly exp: number } }

function grantOf ({ entitlement, apiClient }: Examination): Grant {
  if (entitlement) return { tenantId: entitlement.purpose.consumerId, claimsOf: (seed) => voucherClaims(entitlement, seed) }
  if (apiClient) return { tenantId: apiClient.consumerId, claimsOf: (seed) => apiVoucherClaims(apiClient, seed) }
  throw new Error('a token request without a failure is for neither an e-service nor the interop API')
}

/** Signs the voucher of a granted request: what to answer, and the claims to remember. */
export async function issue ({ claimsOf }: Grant, { assertion, proof }: Pick<Examination, 'assertion' | 'proof'>, context: DecisionContext) {
  const { sub: clientId, digest } = assertion!.payload as { sub: string, digest?: VoucherDigest | null }
  const voucher = claimsOf({
    issuer: context.issuer,
    clientId,
    jti: context.randomUUID(),
    iat: Math.floor(context.now() / 1000),
    digest: digest ?? undefined,
    jkt: proof?.jkt
  })
  const answer: VoucherAnswer = {
    access_token: await signVoucher(voucher, context.keys.platform),
    token_type: proof ? 'DPoP' : 'Bearer',
    expires_in: voucher.exp - voucher.iat
  }
  return { answer, voucher }
}
