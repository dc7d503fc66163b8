import type { Registry } from '../../policies/registry.ts'
import { checkSignature } from './assertion-signature.ts'
import { checkAssertion, decodeAssertion, isUuid } from './client-assertion.ts'
import type { DecodedAssertion } from './client-assertion.ts'
import { failure, refusal, shown } from './error-codes.ts'
import type { Failure, Refusal, RequestErrorCode } from './error-codes.ts'
import type { KeyStore } from './key-store.ts'
import { checkState, findEntitlement, findKey } from './platform-state.ts'
import type { DepositedKey, Entitlement } from './platform-state.ts'
import { assertionType, grantType } from './token-form.ts'
import type { TokenForm } from './token-form.ts'

/** What a token request is examined against; `now` in epoch ms. */
export interface ExaminationContext {
  readonly registry: Registry
  readonly keys: KeyStore
  readonly assertionAudience: string
  readonly now: () => number
}

/** One step of the platform's processing, with its refusal when it failed; skipped when it could not be made. */
export interface Step {
  readonly name: StepName
  readonly result: 'PASSED' | 'FAILED' | 'SKIPPED'
  readonly refusal?: Refusal
}

/** The steps in the platform's order, under the names of its own debug tool. */
export type StepName = 'requestParametersValidation' | 'clientAssertionValidation' | 'publicKeyRetrieve' |
  'clientAssertionSignatureVerification' | 'platformStatesVerification'

/** The result of all steps: the first failed one is the platform's answer, the others are for who mends the request. */
export interface Examination {
  readonly steps: readonly Step[]
  readonly refusal?: Refusal | undefined
  readonly assertion?: DecodedAssertion
  readonly entitlement?: Entitlement
}

/**
 * Makes every check that the platform makes before it issues a voucher, in its order, and goes on after a failure
 * wherever the next step can still be made. No failure and no entitlement means: a client of the interop API.
 */
export async function examine (form: TokenForm, context: ExaminationContext): Promise<Examination> {
  const parameters = step('requestParametersValidation', '0001', checkParameters(form))
  const assertion = decodeAssertion(form.client_assertion)
  if ('code' in assertion) {
    const unread = [step('clientAssertionValidation', '0002', [assertion]), skipped('publicKeyRetrieve'),
      skipped('clientAssertionSignatureVerification'), skipped('platformStatesVerification')]
    return conclude([parameters, ...unread])
  }
  const expected = { audience: context.assertionAudience, clientId: form.client_id }
  const claims = step('clientAssertionValidation', '0002', checkAssertion(assertion, expected))
  const found = lookUp(assertion, context)
  if (found === undefined || 'failures' in found) {
    const retrieve: Step = found ? failed('publicKeyRetrieve', found) : skipped('publicKeyRetrieve')
    const rest = [skipped('clientAssertionSignatureVerification'), skipped('platformStatesVerification')]
    return { ...conclude([parameters, claims, retrieve, ...rest]), assertion }
  }
  const wrong = await checkSignature(form.client_assertion, found.key.publicKey, context.now())
  const signature = step('clientAssertionSignatureVerification', '0003', wrong ? [wrong] : [])
  const { state, entitlement } = examineState(assertion, found, context.registry)
  const examination = conclude([parameters, claims, { name: 'publicKeyRetrieve', result: 'PASSED' }, signature, state])
  return { ...examination, assertion, ...entitlement ? { entitlement } : {} }
}

function checkParameters ({ client_assertion_type: type, grant_type: grant }: TokenForm): Failure[] {
  return [
    ...type === assertionType ? [] : [failure('0002', `received ${shown(type)}`)],
    ...grant === grantType ? [] : [failure('0003', `received ${shown(grant)}`)]
  ]
}

function lookUp (assertion: DecodedAssertion, context: ExaminationContext): DepositedKey | Refusal | undefined {
  const { sub: clientId, purposeId: claim } = assertion.payload
  const { kid } = assertion.header
  if (!isUuid(clientId) || typeof kid !== 'string') return undefined
  const purposeId = isUuid(claim) ? claim : undefined
  return findKey(context.registry, context.keys, { clientId, kid, purposeId })
}

interface ExaminedState { readonly state: Step, readonly entitlement?: Entitlement }

function examineState (assertion: DecodedAssertion, { client }: DepositedKey, registry: Registry): ExaminedState {
  const { purposeId } = assertion.payload
  const name = 'platformStatesVerification'
  if (client.kind === 'Api') return { state: step(name, '0008', []) }
  if (!purposeId) return { state: step(name, '0008', [failure('0030')]) }
  if (!isUuid(purposeId)) return { state: skipped(name) }
  const entitlement = findEntitlement(registry, purposeId)
  if ('failures' in entitlement) return { state: failed(name, entitlement) }
  return { state: step(name, '0008', checkState(entitlement)), entitlement }
}

function step (name: StepName, code: RequestErrorCode, failures: readonly Failure[]): Step {
  return failures.length > 0 ? failed(name, refusal(code, failures)) : { name, result: 'PASSED' }
}

function failed (name: StepName, because: Refusal): Step {
  return { name, result: 'FAILED', refusal: because }
}

function skipped (name: StepName): Step {
  return { name, result: 'SKIPPED' }
}

function conclude (steps: readonly Step[]): Examination {
  return { steps, refusal: steps.find((each) => each.refusal)?.refusal }
}
