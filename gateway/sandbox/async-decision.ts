import { asyncClaims, checkScopeClaims } from './async-claims.ts'
import type { AsyncClaims } from './async-claims.ts'
import { grantInteraction } from './async-grant.ts'
import type { AsyncInteractions } from './async-interactions.ts'
import { checkAssertion, decodeAssertion } from './client-assertion.ts'
import type { DecodedAssertion } from './client-assertion.ts'
import { refusal } from './error-codes.ts'
import type { Failure, Refusal, RequestErrorCode } from './error-codes.ts'
import { checkParameters } from './examination.ts'
import { badForm, tooManyRequests } from './problem.ts'
import { examineProof, firstUseStep } from './proof-examination.ts'
import { issue, refuse } from './token-decision.ts'
import type { DecisionContext, TokenDecision, TokenRequest } from './token-decision.ts'
import { parseTokenForm } from './token-form.ts'
import type { TokenForm } from './token-form.ts'

/** What is needed to decide on a token request for an asynchronous exchange. */
export interface AsyncContext extends DecisionContext { readonly interactions: AsyncInteractions }

/**
 * Decides on a request to `/token.oauth2.async` as the platform does, in its order, which is not that of `/token.oauth2`: proof, form,
 * claims, first use of the proof, then what the scope needs, the rate, and last the times of the interaction.
 */
export async function decideAsync ({ body, dpop }: TokenRequest, context: AsyncContext): Promise<TokenDecision> {
  const form = parseTokenForm(body)
  if (!('grant_type' in form)) return { answer: badForm(form), record: { outcome: 'malformed', details: form } }
  const { steps, proof, proofClaims } = await examineProof(dpop, { method: 'POST', url: context.tokenUrl(), now: context.now() })
  const decoded = decodeAssertion(form.client_assertion)
  const assertion = 'code' in decoded ? undefined : decoded
  const received = { ...assertion ? { assertion } : {}, ...proofClaims ? { proofClaims } : {} }
  const unusable = steps.find((each) => each.refusal)?.refusal ?? checkRequest(form, decoded, context) ??
    (proof && firstUseStep(proof, context.usedProofs.add(proof.jti, proof.iat)).refusal) ?? demand('0016', checkScopeClaims(assertion!.payload))
  if (unusable) return refuse(asAnswered(unusable), received)
  const { header: { kid }, payload } = assertion!
  const granted = await grantInteraction({ assertion: form.client_assertion, kid: kid as string, claims: payload as unknown as AsyncClaims }, context)
  if ('failures' in granted) return refuse(asAnswered(granted), received)
  const rate = context.countRequest(granted.tenantId)
  if (rate.limited) return { answer: tooManyRequests(granted.tenantId, '007'), record: { outcome: 'limited', ...received }, rate }
  const late = granted.findLateness(context.now())
  if (late) return { ...refuse(asAnswered(late), received), rate }
  const { answer, voucher } = await issue(granted, { assertion: assertion!, ...proof ? { proof } : {} }, context)
  context.interactions.put(granted.next(voucher.iat))
  return { answer, record: { outcome: 'issued', ...received, voucher }, rate }
}

function checkRequest (form: TokenForm, decoded: DecodedAssertion | Failure, { assertionAudience }: DecisionContext): Refusal | undefined {
  const parameters = demand('0015', checkParameters(form))
  if (parameters) return parameters
  if ('code' in decoded) return refusal('0002', [decoded])
  return demand('0002', checkAssertion(decoded, { audience: assertionAudience, clientId: form.client_id }, asyncClaims))
}

function demand (code: RequestErrorCode, failures: readonly Failure[]): Refusal | undefined {
  return failures.length > 0 ? refusal(code, failures) : undefined
}

/** Codes that this endpoint answers with 400. All others end as 500, many that are 400 at the other one included. */
const told: ReadonlySet<RequestErrorCode> = new Set(['0006', '0015', '0016', '0017', '0018', '0019', '0020', '0021', '0022', '0023', '0024', '0027', '0028', '0029'])

function asAnswered (because: Refusal): Refusal {
  return { ...because, status: told.has(because.code) ? 400 : 500 }
}
