import type { Client, Registry } from '../../policies/registry.ts'
import { assertionType, grantType } from '../pdnd/voucher-request.ts'
import { checkSignature } from './assertion-signature.ts'
import { checkAssertion, decodeAssertion, isUuid } from './client-assertion.ts'
import type { DecodedAssertion } from './client-assertion.ts'
import type { DepositedKeys } from './deposited-keys.ts'
import { failure, shown } from './error-codes.ts'
import type { Failure, Refusal } from './error-codes.ts'
import { checkExchange, checkState, findEntitlement, findKey } from './platform-state.ts'
import type { ClientKey, Entitlement } from './platform-state.ts'
import { examineProof } from './proof-examination.ts'
import type { DpopProof } from './proof-examination.ts'
import { failed, skipped, step } from './step.ts'
import type { Step } from './step.ts'
import type { TokenForm } from './token-form.ts'

/** What a token request is examined against; `now` in epoch ms. */
export interface ExaminationContext {
  readonly registry: Registry
  readonly deposits: DepositedKeys
  readonly assertionAudience: string
  /** The address of the token endpoint, known once it listens. */
  readonly tokenUrl: () => string
  readonly now: () => number
}

/** A token request to examine: its form and its `DPoP` header, if there is one. */
export interface RequestToExamine { readonly form: TokenForm, readonly dpop: string | undefined }

/** The result of all steps: the first failed one is the platform's answer, the others are for who mends the request. */
export interface Examination {
  readonly steps: readonly Step[]
  readonly refusal?: Refusal | undefined
  readonly assertion?: DecodedAssertion
  readonly entitlement?: Entitlement
  /** The client of the interop API that asks: it needs no entitlement. */
  readonly apiClient?: Client
  /** What the DPoP proof says, whether it holds or not. */
  readonly proofClaims?: DecodedAssertion['payload']
  /** The DPoP proof when it holds; its first use is still to be checked, after the rate. */
  readonly proof?: DpopProof
}

/**
 * Makes every check that the platform makes before it issues a voucher, in its order, and goes on after a failure
 * wherever the next step can still be made. No failure means: there is an entitlement, or a client of the interop API.
 */
export async function examine ({ form, dpop }: RequestToExamine, context: ExaminationContext): Promise<Examination> {
  const { steps, ...proven } = await examineProof(dpop, { method: 'POST', url: context.tokenUrl(), now: context.now() })
  const examined = await examineForm(form, context)
  return { ...examined, ...proven, ...conclude([...steps, ...examined.steps]) }
}

async function examineForm (form: TokenForm, context: ExaminationContext): Promise<Omit<Examination, 'refusal'>> {
  const parameters = step('requestParametersValidation', '0001', checkParameters(form))
  const assertion = decodeAssertion(form.client_assertion)
  if ('code' in assertion) {
    const unread = [step('clientAssertionValidation', '0002', [assertion]), skipped('publicKeyRetrieve'),
      skipped('clientAssertionSignatureVerification'), skipped('platformStatesVerification')]
    return { steps: [parameters, ...unread] }
  }
  const expected = { audience: context.assertionAudience, clientId: form.client_id }
  const claims = step('clientAssertionValidation', '0002', checkAssertion(assertion, expected))
  const found = lookUp(assertion, context)
  if (found === undefined || 'failures' in found) {
    const retrieve: Step = found ? failed('publicKeyRetrieve', found) : skipped('publicKeyRetrieve')
    const rest = [skipped('clientAssertionSignatureVerification'), skipped('platformStatesVerification')]
    return { steps: [parameters, claims, retrieve, ...rest], assertion }
  }
  const wrong = await checkSignature(form.client_assertion, found.key.publicKey, context.now())
  const signature = step('clientAssertionSignatureVerification', '0003', wrong ? [wrong] : [])
  const { state, ...granted } = examineState(assertion, found, context.registry)
  const steps: Step[] = [parameters, claims, { name: 'publicKeyRetrieve', result: 'PASSED' }, signature, state]
  return { steps, assertion, ...granted }
}

/** What is wrong with the parameters of the form that the form itself does not bind. */
export function checkParameters ({ client_assertion_type: type, grant_type: grant }: TokenForm): Failure[] {
  return [
    ...type === assertionType ? [] : [failure('0002', `received ${shown(type)}`)],
    ...grant === grantType ? [] : [failure('0003', `received ${shown(grant)}`)]
  ]
}

function lookUp (assertion: DecodedAssertion, context: ExaminationContext): ClientKey | Refusal | undefined {
  const { sub: clientId, purposeId: claim } = assertion.payload
  const { kid } = assertion.header
  if (!isUuid(clientId) || typeof kid !== 'string') return undefined
  const purposeId = isUuid(claim) ? claim : undefined
  return findKey(context.registry, context.deposits, { clientId, kid, purposeId })
}

interface ExaminedState extends Pick<Examination, 'entitlement' | 'apiClient'> { readonly state: Step }

function examineState (assertion: DecodedAssertion, { client }: ClientKey, registry: Registry): ExaminedState {
  const { purposeId } = assertion.payload
  const name = 'platformStatesVerification'
  if (client.kind === 'Api') return { state: step(name, '0008', []), apiClient: client }
  if (!purposeId) return { state: step(name, '0008', [failure('0030')]) }
  if (!isUuid(purposeId)) return { state: skipped(name) }
  const entitlement = findEntitlement(registry, purposeId)
  if ('failures' in entitlement) return { state: failed(name, entitlement) }
  return { state: step(name, '0008', [...checkState(entitlement), ...checkExchange(entitlement)]), entitlement }
}

function conclude (steps: readonly Step[]): Pick<Examination, 'steps' | 'refusal'> {
  return { steps, refusal: steps.find((each) => each.refusal)?.refusal }
}
