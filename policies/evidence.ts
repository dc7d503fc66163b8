import type { KeyObject } from 'node:crypto'
import type { CallerFact } from './caller.ts'
import { firstFailure } from './check.ts'
import type { EvidenceDemand } from './demands.ts'
import type { Denial } from './denials.ts'
import { digestChecks, evidenceClaimChecks, evidenceKind, evidenceValues, signerChecks, takeEvidence } from './evidence-token.ts'
import type { EvidenceSubject, TakenEvidence } from './evidence-token.ts'
import { signersFor, trustedFor } from './internal-caller.ts'
import type { Jws } from './jws.ts'
import { Lately } from './lately.ts'
import type { Call, Facts, Policy, Terms } from './policy.ts'
import type { Registry } from './registry.ts'
import { findSigner, tokenHeaderChecks, verifyToken } from './signed-token.ts'
import type { Signer } from './signed-token.ts'

/**
 * The tracking evidence that came with a call: the SHA-256 of the token in lower-case hexadecimal, and the key that signed it (its kid, or the thumbprint
 * of its certificate). It holds nothing of the claims, which are personal data. Null where none is demanded.
 */
export type EvidenceFact = { readonly digest: string, readonly signer: string } | null

/**
 * Proves that the caller says, signed, for whom and from where it calls (AUDIT_REST_01), and that the voucher was asked for with this very
 * evidence (AUDIT_REST_02). What is not demanded is not looked at: neither evidence nor the digest of a voucher.
 */
export const evidence: Policy<'evidence', 'caller' | 'purpose'> = {
  name: 'evidence',
  stage: 'before-body',
  needs: ['caller', 'purpose'],
  denials: [...new Set(['evidence-missing', 'evidence-malformed', 'evidence-unverifiable', 'trust-source-unavailable', ...[...digestChecks, ...signerChecks, ...evidenceClaimChecks].map((check) => check.code)] as const)],
  prepare: (ports, terms) => {
    const verified = new VerifiedEvidence()
    return (call) => {
      const { demands: { evidence: demand }, caller, now } = call
      if (!demand) return null
      const taken = readEvidence(call, caller, demand)
      if ('denial' in taken) return taken
      const { token, digest } = taken
      const finish = (signer: Signer | Denial): EvidenceFact | Denial => {
        if ('denial' in signer) return signer
        const denial = verified.verify(taken, signer) ?? firstFailure(signerChecks, { signer, caller }) ?? firstFailure(evidenceClaimChecks, subjectOf(call, token, demand, terms, ports.registry()))
        return denial ?? { digest, signer: signer.id }
      }
      // Asked on every call, even when the signature is known to be good: a key that was deleted proves nothing any more.
      const signer = findSigner(token, evidenceKind, signersFor(caller, ports), now)
      return signer instanceof Promise ? signer.then(finish) : finish(signer)
    }
  }
}

/** What of evidence is judged before its signature: that there is one piece, of the right form, and that it goes with the voucher. */
function readEvidence ({ rawHeaders }: Call, caller: CallerFact, { bound, trust }: EvidenceDemand): TakenEvidence | Denial {
  const taken = takeEvidence(evidenceValues(rawHeaders))
  if ('denial' in taken) return taken
  const mismatch = firstFailure(digestChecks, { digest: taken.digest, evidenceDigest: caller.evidenceDigest, bound })
  if (mismatch) return mismatch
  const failure = firstFailure(tokenHeaderChecks(evidenceKind, trustedFor(caller, trust)), taken.token.header)
  // Before the signature is verified the caller is not told which part is wrong.
  return failure ? { denial: failure.denial, check: failure.check, reason: failure.reason } : taken
}

/** What the claims of a call's evidence are held against. */
export function subjectOf ({ now, caller }: Pick<Call, 'now'> & { readonly caller: Pick<Facts['caller'], 'kind' | 'clientId' | 'consumerId' | 'purposeId'> }, { claims }: Jws, { bound, claims: agreed }: EvidenceDemand, { audience, evidenceAudience }: Terms, registry: Registry): EvidenceSubject {
  return { claims, caller, names: namesOf(caller, registry), bound, agreed, audience: [...audience, ...evidenceAudience], now: Math.floor(now / 1000) }
}

// Who signs with a certificate has no client on the platform, and no id from there to give.
function namesOf ({ kind, clientId, consumerId }: Pick<CallerFact, 'kind' | 'clientId' | 'consumerId'>, registry: Registry): readonly string[] {
  return kind !== 'x509' ? [clientId] : [clientId, consumerId, ...registry.client(clientId)?.knownAs ?? []]
}

const maxRemembered = 10_000

/**
 * Evidence whose signature was verified, by its digest and with the key that verified it, so that it is verified once although it comes with every call
 * of a voucher's life. Only that is remembered: not the token, nor anything that it says.
 */
class VerifiedEvidence {
  readonly #keys = new Lately<KeyObject>(maxRemembered)

  /** Undefined when the evidence is genuine; verifies it unless that was done before with the same key. */
  verify ({ token, digest }: TakenEvidence, signer: Signer): Denial | undefined {
    const known = this.#keys.get(digest)
    if (known === signer.key || known?.equals(signer.key)) return undefined
    const denial = verifyToken(token, signer, evidenceKind)
    if (denial) return denial
    this.#keys.set(digest, signer.key)
    return undefined
  }
}
