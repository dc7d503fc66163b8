import type { CallerFact } from './caller.ts'
import { firstFailure } from './check.ts'
import type { Check } from './check.ts'
import { readCredentials } from './credentials.ts'
import type { Denial } from './denials.ts'
import { proofChecks, proofHeaderChecks, readProof, verifyProof } from './dpop-proof.ts'
import type { ProofSubject } from './dpop-proof.ts'
import type { Call, Facts, Policy } from './policy.ts'
import { thumbprintOf } from './jwk.ts'
import { ProofKeys } from './proof-keys.ts'
import { replayKey } from './replay.ts'
import type { ReplayVerdict } from './replay.ts'
import { normaliseUri } from './uri.ts'

/** The key that the caller proved to hold, and the nonce for its next proof where one is needed; null for a voucher that is bound to none, where none is demanded. */
export type DpopFact = { readonly jkt: string, readonly nonce?: string | undefined } | null

/** How long a proof that was used is remembered after its `iat`, in seconds: longer than it could be used again. */
const rememberedSeconds = 70

/** Whether voucher, scheme and operation go together, before there is any proof to look at (RFC 9449, 7.1 and 7.2). */
export const bindingChecks: readonly Check<Pick<CallerFact, 'jkt' | 'scheme'> & Pick<Call, 'demands'>>[] = [
  { name: 'cnf', code: 'dpop-required', holds: ({ jkt, demands }) => jkt !== undefined || !demands.dpop, expected: ({ demands }) => demands.dpop ? 'a voucher that is bound to a key' : 'any voucher', got: ({ jkt }) => jkt === undefined ? 'one that is bound to none' : 'such a voucher' },
  { name: 'scheme of a bound voucher', code: 'dpop-required', holds: ({ jkt, scheme }) => jkt === undefined || scheme === 'DPoP', expected: () => 'DPoP', got: ({ jkt, scheme }) => jkt === undefined ? 'no bound voucher' : scheme },
  { name: 'scheme of an unbound voucher', code: 'dpop-binding-mismatch', holds: ({ jkt, scheme }) => jkt !== undefined || scheme === 'Bearer', expected: () => 'Bearer', got: ({ jkt, scheme }) => jkt === undefined ? scheme : 'no unbound voucher' }
]

/** Proves that the caller holds the key to which its voucher is bound (DPoP, RFC 9449). */
export const dpop: Policy<'dpop', 'caller'> = {
  name: 'dpop',
  stage: 'before-body',
  needs: ['caller'],
  denials: ['dpop-missing', 'dpop-unverifiable', 'dpop-replayed', 'replay-filter-unavailable', ...new Set([...bindingChecks, ...proofHeaderChecks, ...proofChecks].map((check) => check.code))],
  prepare: ({ replay, nonces }, { publicUrl, dpopNonces }) => {
    const keys = new ProofKeys()
    const { origin } = new URL(publicUrl)
    return (call) => {
      const { caller: { jkt, scheme }, demands } = call
      const mismatch = firstFailure(bindingChecks, { jkt, scheme, demands })
      if (mismatch) return mismatch
      if (jkt === undefined) return null
      const acceptsNonce = dpopNonces ? (nonce: unknown) => nonces.accepts(nonce, call.now) : undefined
      const nonce = dpopNonces ? nonces.current(call.now) : undefined
      const proof = judgeProof(call, { jkt, origin, acceptsNonce }, keys)
      const withNonce = (denial: Denial): Denial => nonce === undefined ? denial : { ...denial, nonce }
      if ('denial' in proof) return withNonce(proof)
      const { jti, iat } = proof.claims as { jti: string, iat: number }
      const verdict = replay.note(replayKey('DPoP', jkt, jti), (iat + rememberedSeconds) * 1000, call.now, iat * 1000)
      const decide = (settled: ReplayVerdict): DpopFact | Denial => settled === 'first' ? { jkt, ...nonce !== undefined && { nonce } } : settled === 'seen' ? withNonce(replayed) : undecided
      return verdict instanceof Promise ? verdict.then(decide) : decide(verdict)
    }
  }
}

const replayed: Denial = { denial: 'dpop-replayed', check: 'DPoP jti', reason: 'the proof was used before' }
const undecided: Denial = { denial: 'replay-filter-unavailable', check: 'DPoP jti', reason: 'it cannot be told whether the proof was used before', retryAfter: 5 }

/** What of a proof does not depend on whether it was used before. */
function judgeProof (call: Call & Pick<Facts, 'caller'>, known: Pick<ProofSubject, 'jkt' | 'origin' | 'acceptsNonce'>, keys: ProofKeys): ProofSubject | Denial {
  const proof = readProof(call.proofs)
  if ('denial' in proof) return proof
  const jwk = proof.header['jwk'] as Readonly<Record<string, unknown>>
  const thumbprint = thumbprintOf(jwk)
  const key = keys.import(jwk, thumbprint)
  const denial = verifyProof(proof, key)
  if (denial) return denial
  const subject = subjectOf(call, proof.claims, { ...known, thumbprint })
  const failure = firstFailure(proofChecks, subject)
  if (failure) return failure
  if (key) keys.remember(thumbprint, key)
  return subject
}

/** What the claims of a call's proof are held against. */
export function subjectOf ({ authorization, method, path, now }: Pick<Call, 'authorization' | 'method' | 'path' | 'now'>, claims: ProofSubject['claims'], known: Pick<ProofSubject, 'jkt' | 'thumbprint' | 'origin' | 'acceptsNonce'>): ProofSubject {
  const credentials = readCredentials(authorization)
  return {
    ...known,
    claims,
    method,
    // Never from Host or a forwarded header: a caller must not be able to choose what its proof is compared with.
    url: normaliseUri(known.origin + path),
    voucher: 'denial' in credentials ? '' : credentials.voucher,
    now: Math.floor(now / 1000)
  }
}
