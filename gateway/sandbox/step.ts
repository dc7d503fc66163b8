import { refusal } from './error-codes.ts'
import type { Failure, Refusal, RequestErrorCode } from './error-codes.ts'

/** One step of the platform's processing, with its refusal when it failed; skipped when it could not be made. */
export interface Step {
  readonly name: StepName
  readonly result: 'PASSED' | 'FAILED' | 'SKIPPED'
  readonly refusal?: Refusal
}

/** The steps under the names of the platform's debug tool, which knows none for DPoP: those three are ours. */
export type StepName = 'dpopProofValidation' | 'dpopProofSignatureVerification' | 'requestParametersValidation' |
  'clientAssertionValidation' | 'publicKeyRetrieve' | 'clientAssertionSignatureVerification' |
  'platformStatesVerification' | 'dpopProofFirstUse'

/** A step that was made: failed with the request's error code when there are failures. */
export function step (name: StepName, code: RequestErrorCode, failures: readonly Failure[]): Step {
  return failures.length > 0 ? failed(name, refusal(code, failures)) : { name, result: 'PASSED' }
}

/** A step that failed for a reason of its own. */
export function failed (name: StepName, because: Refusal): Step {
  return { name, result: 'FAILED', refusal: because }
}

/** A step that could not be made, because one before it failed. */
export function skipped (name: StepName): Step {
  return { name, result: 'SKIPPED' }
}
