import { calculateJwkThumbprint } from 'jose'
import type { JWK } from 'jose'
import type { DecodedJws } from './compact-jws.ts'
import { checkProof, decodeProof } from './dpop-proof.ts'
import type { ProofExpectation } from './dpop-proof.ts'
import { proofFailure, shown } from './error-codes.ts'
import { checkProofSignature } from './proof-signature.ts'
import { skipped, step } from './step.ts'
import type { Step } from './step.ts'

/** A proof that holds: the thumbprint of its key (RFC 7638) and what makes it single use, `iat` in epoch seconds. */
export interface DpopProof { readonly jkt: string, readonly jti: string, readonly iat: number }

/** What became of the `DPoP` header: no steps when there was none, no proof when it failed. */
export interface ProofExamination {
  readonly steps: readonly Step[]
  readonly proof?: DpopProof
  readonly proofClaims?: DecodedJws['payload']
}

/** Makes the checks on a DPoP proof that need no memory, in the platform's order. */
export async function examineProof (header: string | undefined, expected: ProofExpectation): Promise<ProofExamination> {
  if (header === undefined) return { steps: [] }
  const unverified = skipped('dpopProofSignatureVerification')
  const decoded = decodeProof(header)
  if ('code' in decoded) return { steps: [step('dpopProofValidation', '0009', [decoded]), unverified] }
  const proofClaims = decoded.payload
  const validation = step('dpopProofValidation', '0009', checkProof(decoded, expected))
  if (validation.refusal) return { steps: [validation, unverified], proofClaims }
  const wrong = await checkProofSignature(header, decoded, expected.now)
  const signature = step('dpopProofSignatureVerification', '0010', wrong ? [wrong] : [])
  if (wrong) return { steps: [validation, signature], proofClaims }
  const jkt = await calculateJwkThumbprint(decoded.header.jwk as JWK)
  const { jti, iat } = proofClaims as { jti: string, iat: number }
  return { steps: [validation, signature], proofClaims, proof: { jkt, jti, iat } }
}

/** The last step for a proof that holds, made when all others passed: whether this is its first use. */
export function firstUseStep ({ jti }: DpopProof, isFirst: boolean): Step {
  return step('dpopProofFirstUse', '0012', isFirst ? [] : [proofFailure('0005', `received ${shown(jti)}`)])
}
