import type { DecodedAssertion } from './client-assertion.ts'
import type { Refusal } from './error-codes.ts'
import { examine } from './examination.ts'
import type { Examination, ExaminationContext } from './examination.ts'
import type { Entitlement } from './platform-state.ts'
import { firstUseStep } from './proof-examination.ts'
import { badForm, sandboxProblem, sanitisedFault, sanitisedRefusal, tooManyRequests } from './problem.ts'
import type { Problem } from './problem.ts'
import { parseTokenForm } from './token-form.ts'
import type { TokenRequestRecord } from './token-request-log.ts'
import type { UsedProofs } from './used-proofs.ts'
import type { CountRequest, RateStatus } from './voucher-rate.ts'
import { signVoucher, voucherClaims } from './voucher.ts'
import type { VoucherDigest } from './voucher.ts'

/** What is needed to decide on a token request. */
export interface DecisionContext extends ExaminationContext {
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

/** Decides on a token request as the platform does, in its order: form, examination, rate, first use of proof, voucher. */
export async function decide ({ body, dpop }: TokenRequest, context: DecisionContext): Promise<TokenDecision> {
  const form = parseTokenForm(body)
  if (!('grant_type' in form)) return { answer: badForm(form), record: { outcome: 'malformed', details: form } }
  const { refusal, assertion, entitlement, proof, proofClaims } = await examine({ form, dpop }, context)
  const received = { ...assertion ? { assertion } : {}, ...proofClaims ? { proofClaims } : {} }
  if (refusal) return refuse(refusal, received)
  if (!entitlement || !assertion) return unsupported('A voucher for the interop API (client of kind Api)')
  const { purpose: { consumerId } } = entitlement
  const rate = context.countRequest(consumerId)
  if (rate.limited) return { answer: tooManyRequests(consumerId), record: { outcome: 'limited', ...received }, rate }
  const replay = proof && firstUseStep(proof, context.usedProofs.add(proof.jti, proof.iat)).refusal
  if (replay) return { ...refuse(replay, received), rate }
  const { answer, voucher } = await issue({ assertion, entitlement, ...proof ? { proof } : {} }, context)
  return { answer, record: { outcome: 'issued', ...received, voucher }, rate }
}

type Received = Pick<TokenRequestRecord, 'assertion' | 'proofClaims'>

function refuse (reason: Refusal, received: Received): TokenDecision {
  const answer = reason.status === 400 ? sanitisedRefusal : sanitisedFault
  return { answer, record: { outcome: 'refused', reason, ...received } }
}

type Granted = Pick<Examination, 'proof'> & { readonly entitlement: Entitlement, readonly assertion: DecodedAssertion }

async function issue ({ assertion: { payload }, entitlement, proof }: Granted, context: DecisionContext) {
  const claims = voucherClaims(entitlement, {
    issuer: context.issuer,
    clientId: payload.sub as string,
    jti: context.randomUUID(),
    iat: Math.floor(context.now() / 1000),
    digest: (payload.digest ?? undefined) as VoucherDigest | undefined,
    jkt: proof?.jkt
  })
  const answer: VoucherAnswer = {
    access_token: await signVoucher(claims, context.keys.platform),
    token_type: proof ? 'DPoP' : 'Bearer',
    expires_in: entitlement.descriptor.voucherLifespan
  }
  return { answer, voucher: claims }
}

function unsupported (what: string): TokenDecision {
  const detail = `${what} is not supported by this sandbox yet.`
  const answer = sandboxProblem(400, 'Not supported by the sandbox', detail)
  return { answer, record: { outcome: 'unsupported', details: [detail] } }
}
