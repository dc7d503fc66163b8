import { errors, importJWK, jwtVerify } from 'jose'
import type { JWK } from 'jose'
import type { DecodedJws } from './compact-jws.ts'
import { proofFailure } from './error-codes.ts'
import type { Failure } from './error-codes.ts'

/** Checks the signature of a proof whose header was accepted, with the key in that header; undefined means it holds. */
export async function checkProofSignature (compact: string, proof: DecodedJws, now: number): Promise<Failure | undefined> {
  const { header } = proof
  try {
    const alg = String(header.alg)
    const key = await importJWK(header.jwk as JWK, alg)
    await jwtVerify(compact, key, { algorithms: [alg], currentDate: new Date(now) })
    return undefined
  } catch (error) {
    return proofSignatureFailure(error)
  }
}

/** The platform's code for what the JOSE library threw: whatever it is, it is a failure. */
export function proofSignatureFailure (error: unknown): Failure {
  if (error instanceof errors.JWSSignatureVerificationFailed) return proofFailure('0019')
  if (error instanceof errors.JWTClaimValidationFailed) return proofFailure('0015', error.message)
  if (error instanceof errors.JWSInvalid) return proofFailure('0015', error.message)
  if (error instanceof errors.JOSEError) return proofFailure('0014', error.code)
  return proofFailure('0001')
}
