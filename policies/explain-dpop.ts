import { explainChecks, failedLine } from './check.ts'
import type { Line } from './check.ts'
import { bindingChecks, subjectOf } from './dpop.ts'
import { proofChecks, proofHeaderChecks, takeProof, verifyProof } from './dpop-proof.ts'
import type { ExplainContext, Explained, ExplainedCall } from './explained.ts'
import { thumbprintOf } from './jwk.ts'
import { ProofKeys } from './proof-keys.ts'

/** The lines of the policy `dpop`. Whether a proof was used before is not asked: to explain a call must not use it up. */
export function explainDpop ({ caller: { jkt, scheme }, call, context }: Explained): readonly Line[] {
  if (!call) {
    const line = { check: 'cnf', expected: 'a DPoP proof with every call, if it is bound to a key' }
    return [jkt === undefined ? { ...line, outcome: 'pass', got: 'a voucher that is bound to none' } : { ...line, outcome: 'not checked', got: 'bound to a key: the DPoP proof of a call is not here' }]
  }
  const lines = explainChecks(bindingChecks, { jkt, scheme, demands: call.demands })
  return jkt === undefined || scheme === 'Bearer' ? lines : [...lines, ...explainProof(call, jkt, context)]
}

function explainProof (call: ExplainedCall, jkt: string, { terms: { publicUrl, dpopNonces }, nonces }: ExplainContext): readonly Line[] {
  const form = { check: 'DPoP form', expected: 'one JWS in compact form' }
  const proof = takeProof(call.proofs)
  if ('denial' in proof) return [failedLine(form, proof)]
  const lines: readonly Line[] = [{ ...form, outcome: 'pass', got: 'such a proof' }, ...explainChecks(proofHeaderChecks, proof.header)]
  if (lines.some(({ outcome }) => outcome === 'fail')) return lines
  const jwk = proof.header['jwk'] as Readonly<Record<string, unknown>>
  const thumbprint = thumbprintOf(jwk)
  const signature = { check: 'DPoP signature', expected: 'one by the key in jwk' }
  const denial = verifyProof(proof, new ProofKeys().import(jwk, thumbprint))
  const subject = subjectOf(call, proof.claims, { jkt, thumbprint, origin: new URL(publicUrl).origin, acceptsNonce: dpopNonces && nonces ? (nonce) => nonces.accepts(nonce, call.now) : undefined })
  const nonceUnknown = dpopNonces && !nonces
  return [
    ...lines,
    denial ? failedLine(signature, denial) : { ...signature, outcome: 'pass', got: 'a valid signature' },
    ...explainChecks(proofChecks, subject).map((line) => nonceUnknown && line.check === 'DPoP nonce' ? { ...line, outcome: 'not checked' as const, expected: 'a nonce of the gateway', got: 'the secret of its nonces is not here' } : line)
  ]
}
