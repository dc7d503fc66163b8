import type { Demands } from '../policies/demands.ts'

interface Contradiction { readonly holds: (demands: Demands) => boolean, readonly says: string }

const contradictions: readonly Contradiction[] = [
  {
    holds: ({ singleUse, trust, dpop, integrity }) => singleUse && trust.includes('pdnd') && !dpop && !integrity,
    says: 'ID_AUTH_REST_02 needs something that can be used once, which a voucher is not: add dpop: required, or INTEGRITY_REST_02'
  },
  {
    // Without a body there is no signature, and then nothing that could be used once.
    holds: ({ singleUse, trust, dpop, integrity }) => singleUse && trust.includes('pdnd') && !dpop && integrity?.emptyBody === 'unsigned',
    says: 'ID_AUTH_REST_02 by the signature alone needs integrity.emptyBody: signed, otherwise a call without a body carries nothing that can be used once'
  },
  { holds: ({ nonRepudiation, integrity }) => nonRepudiation && !integrity, says: 'PROFILE_NON_REPUDIATION_01 keeps the signed request: add INTEGRITY_REST_01 or INTEGRITY_REST_02' },
  { holds: ({ trust, integrity }) => integrity !== undefined && trust.includes('x509') && !integrity.trust.includes('x509'), says: 'a caller with trust x509 has no key on the platform for INTEGRITY_REST_02: add INTEGRITY_REST_01, or take x509 out of trust' },
  { holds: ({ trust, evidence }) => evidence?.bound === true && trust.includes('x509'), says: 'AUDIT_REST_02 is bound to a voucher, which a caller with trust x509 has not: take x509 out of trust, or use AUDIT_REST_01' },
  { holds: ({ trust, dpop }) => dpop && trust.includes('x509'), says: 'dpop: required binds a voucher, which a caller with trust x509 has not: take one of the two out' },
  { holds: ({ trust, scope }) => scope !== undefined && trust.includes('x509'), says: 'async needs the scope of a voucher, which a caller with trust x509 has not: take x509 out of trust' },
  { holds: ({ scope, nonBlocking }) => scope !== undefined && nonBlocking === 'push', says: 'the answer to nonBlocking: push goes to X-ReplyTo, that of async to the urlCallback of the start: take one of the two out' }
]

/** Demands of one operation that cannot all be met, or that would promise what nothing provides, as sentences that say what to mend. */
export function findContradictions (demands: Demands): readonly string[] {
  return contradictions.filter(({ holds }) => holds(demands)).map(({ says }) => `x-modi: ${says}`)
}
