import type { DecodedAssertion } from './client-assertion.ts'
import { examine } from './examination.ts'
import type { ExaminationContext } from './examination.ts'
import type { Entitlement } from './platform-state.ts'
import { badForm, sandboxProblem, sanitisedFault, sanitisedRefusal, tooManyRequests } from './problem.ts'
import type { Problem } from './problem.ts'
import { parseTokenForm } from './token-form.ts'
import type { TokenRequestRecord } from './token-request-log.ts'
import type { CountRequest, RateStatus } from './voucher-rate.ts'
import { signVoucher, voucherClaims } from './voucher.ts'
import type { VoucherDigest } from './voucher.ts'

/** What is needed to decide on a token request. */
export interface DecisionContext extends ExaminationContext {
  readonly issuer: string
  readonly randomUUID: () => string
  readonly countRequest: CountRequest
}

/** A token request as received: the form body, and the DPoP header if there is one. */
export interface TokenRequest { readonly body: string, readonly dpop: string | string[] | undefined }

interface VoucherAnswer { readonly access_token: string, readonly token_type: 'Bearer', readonly expires_in: number }

/** What to answer, and what to remember of it; `rate` once the request was counted. */
export interface TokenDecision {
  readonly answer: Problem | VoucherAnswer
  readonly record: Omit<TokenRequestRecord, 'correlationId' | 'at' | 'status'>
  readonly rate?: RateStatus
}

/** Decides on a token request as the platform does, in its order: form, proof, examination, rate, voucher. */
export async function decide ({ body, dpop }: TokenRequest, context: DecisionContext): Promise<TokenDecision> {
  const form = parseTokenForm(body)
  if (!('grant_type' in form)) return { answer: badForm(form), record: { outcome: 'malformed', details: form } }
  if (dpop !== undefined) return unsupported('DPoP')
  const { refusal, assertion, entitlement } = await examine(form, context)
  if (refusal) {
    const answer = refusal.status === 400 ? sanitisedRefusal : sanitisedFault
    return { answer, record: { outcome: 'refused', reason: refusal, ...assertion ? { assertion } : {} } }
  }
  if (!entitlement || !assertion) return unsupported('A voucher for the interop API (client of kind Api)')
  return issue(assertion, entitlement, context)
}

async function issue (assertion: DecodedAssertion, entitlement: Entitlement, context: DecisionContext) {
  const { purpose: { consumerId }, descriptor: { voucherLifespan } } = entitlement
  const rate = context.countRequest(consumerId)
  const limited = { answer: tooManyRequests(consumerId), record: { outcome: 'limited', assertion }, rate } as const
  if (rate.limited) return limited
  const claims = voucherClaims(entitlement, {
    issuer: context.issuer,
    clientId: assertion.payload.sub as string,
    jti: context.randomUUID(),
    iat: Math.floor(context.now() / 1000),
    digest: (assertion.payload.digest ?? undefined) as VoucherDigest | undefined
  })
  const voucher = await signVoucher(claims, context.keys.platform)
  const answer: VoucherAnswer = { access_token: voucher, token_type: 'Bearer', expires_in: voucherLifespan }
  return { answer, record: { outcome: 'issued', assertion, voucher: claims }, rate } as const
}

function unsupported (what: string): TokenDecision {
  const detail = `${what} is not supported by this sandbox yet.`
  const answer = sandboxProblem(400, 'Not supported by the sandbox', detail)
  return { answer, record: { outcome: 'unsupported', details: [detail] } }
}
