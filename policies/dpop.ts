import { createHash } from 'node:crypto'
import { readCredentials } from './caller.ts'
import { firstFailure } from './check.ts'
import type { Denial } from './denials.ts'
import { proofChecks, proofHeaderChecks, readProof, verifyProof } from './dpop-proof.ts'
import type { ProofSubject } from './dpop-proof.ts'
import type { Call, Facts, Policy } from './policy.ts'
import { ProofKeys, thumbprintOf } from './proof-key.ts'
import type { ReplayVerdict } from './replay.ts'
import { normaliseUri } from './uri.ts'

/** The key that the caller proved to hold; null for a voucher that is bound to none, where none is demanded. */
export type DpopFact = { readonly jkt: string } | null

/** How long a proof that was used is remembered after its `iat`, in seconds: longer than it could be used again. */
const rememberedSeconds = 70

/** Proves that the caller holds the key to which its voucher is bound (DPoP, RFC 9449). */
export const dpop: Policy<'dpop', 'caller'> = {
  name: 'dpop',
  stage: 'before-body',
  needs: ['caller'],
  denials: ['dpop-required', 'dpop-missing', 'dpop-unverifiable', 'dpop-replayed', 'replay-filter-unavailable', ...new Set([...proofHeaderChecks, ...proofChecks].map((check) => check.code))],
  prepare: ({ replay }, { publicUrl }) => {
    const keys = new ProofKeys()
    const base = publicUrl.replace(/\/$/, '')
    return (call) => {
      const { caller: { jkt, scheme }, demands } = call
      if (jkt === undefined) return demands.dpop ? unbound : scheme === 'Bearer' ? null : wrongScheme
      if (scheme === 'Bearer') return boundAsBearer
      const proof = judgeProof(call, jkt, base, keys)
      if ('denial' in proof) return proof
      const { jti, iat } = proof.claims as { jti: string, iat: number }
      const verdict = replay.note(replayKey(jkt, jti), (iat + rememberedSeconds) * 1000, call.now)
      const decide = (settled: ReplayVerdict): DpopFact | Denial => settled === 'first' ? { jkt } : settled === 'seen' ? replayed : undecided
      return verdict instanceof Promise ? verdict.then(decide) : decide(verdict)
    }
  }
}

const unbound: Denial = { denial: 'dpop-required', check: 'cnf', detail: 'This operation takes only a voucher that is bound to a key.', reason: 'the operation demands DPoP and the voucher is bound to no key' }
const boundAsBearer: Denial = { denial: 'dpop-required', check: 'Authorization', detail: 'The voucher is bound to a key.', reason: 'a voucher that is bound to a key came with the scheme Bearer' }
const wrongScheme: Denial = { denial: 'dpop-binding-mismatch', check: 'cnf', detail: 'The voucher is bound to no key.', reason: 'a voucher that is bound to no key came with the scheme DPoP' }
const replayed: Denial = { denial: 'dpop-replayed', check: 'DPoP jti', reason: 'the proof was used before' }
const undecided: Denial = { denial: 'replay-filter-unavailable', check: 'DPoP jti', reason: 'it cannot be told whether the proof was used before', retryAfter: 5 }

/** What of a proof does not depend on whether it was used before. */
function judgeProof (call: Call & Pick<Facts, 'caller'>, jkt: string, base: string, keys: ProofKeys): ProofSubject | Denial {
  const proof = readProof(call.proofs)
  if ('denial' in proof) return proof
  const jwk = proof.header['jwk'] as Readonly<Record<string, unknown>>
  const thumbprint = thumbprintOf(jwk)
  const key = keys.import(jwk, thumbprint)
  const denial = verifyProof(proof, key)
  if (denial) return denial
  const subject = subjectOf(call, proof.claims, { jkt, thumbprint }, base)
  const failure = firstFailure(proofChecks, subject)
  if (failure) return failure
  if (key) keys.remember(thumbprint, key)
  return subject
}

function subjectOf ({ authorization, method, path, now }: Call, claims: ProofSubject['claims'], binding: Pick<ProofSubject, 'jkt' | 'thumbprint'>, base: string): ProofSubject {
  const credentials = readCredentials(authorization)
  return {
    ...binding,
    claims,
    method,
    // Never from Host or a forwarded header: a caller must not be able to choose what its proof is compared with.
    url: normaliseUri(base + path),
    origin: base,
    voucher: 'denial' in credentials ? '' : credentials.voucher,
    now: Math.floor(now / 1000)
  }
}

// Only a digest is kept: what a filter holds is not to be of use to anybody.
function replayKey (jkt: string, jti: string): string {
  return createHash('sha256').update(`${jkt} ${jti}`).digest('base64url')
}
