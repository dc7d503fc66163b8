import type { KeyObject } from 'node:crypto'
import { errors, jwtVerify } from 'jose'
import { failure } from './error-codes.ts'
import type { Failure } from './error-codes.ts'

/** Checks RS256 signature, `exp` and `nbf` (no tolerance) at `now` (epoch ms); undefined means that all hold. */
export async function checkSignature (compact: string, key: KeyObject, now: number): Promise<Failure | undefined> {
  try {
    await jwtVerify(compact, key, { algorithms: ['RS256'], currentDate: new Date(now) })
    return undefined
  } catch (error) {
    return signatureFailure(error)
  }
}

/** The platform's code for what the JOSE library threw: whatever it is, it is a failure. */
export function signatureFailure (error: unknown): Failure {
  if (error instanceof errors.JWTExpired) return failure('0017')
  if (error instanceof errors.JWSSignatureVerificationFailed) return failure('0033')
  if (error instanceof errors.JWTClaimValidationFailed && error.claim === 'nbf') return failure('0019')
  if (error instanceof errors.JWTClaimValidationFailed) return failure('0018', error.message)
  if (error instanceof errors.JWSInvalid) return failure('0018', error.message)
  if (error instanceof errors.JOSEError) return failure('0016', error.code)
  return failure('0001')
}
