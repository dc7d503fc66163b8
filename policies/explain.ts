import { agreementChecks } from './agreement.ts'
import { claimChecks, verifySignature } from './caller.ts'
import type { CallerFact } from './caller.ts'
import { explainChecks } from './check.ts'
import type { Line } from './check.ts'
import { denials } from './denials.ts'
import { descriptorChecks } from './descriptor.ts'
import type { FoundKey } from './keys.ts'
import type { Terms } from './policy.ts'
import { purposeChecks } from './purpose.ts'
import type { Registry } from './registry.ts'
import { formChecks, headerChecks, readToken, withoutMalformed } from './voucher.ts'
import type { ReadToken, VoucherClaims } from './voucher.ts'

/** What an explanation is made against. `key` is 'not known here' when the platform's keys are not at hand (offline). `now` in epoch ms. */
export interface ExplainContext {
  readonly terms: Terms
  readonly registry: Registry
  readonly key: FoundKey | 'not known here'
  readonly now: number
}

/**
 * Every check that admission makes of a voucher, as lines in the same order, without stopping at the first that fails. The signature
 * itself is never shown. A line is "not checked" when what it depends on is missing; that is never a pass.
 */
export function explainVoucher (token: string, { terms, registry, key, now }: ExplainContext): readonly Line[] {
  const read = readToken(token)
  if (typeof read === 'string') return [{ check: 'form', outcome: 'fail', expected: 'a JWS in compact form', got: read, code: 'voucher-malformed', mend: denials['voucher-malformed'].mend }]
  const claims = withoutMalformed(read.claims) as VoucherClaims
  return [
    { check: 'form', outcome: 'pass', expected: 'a JWS in compact form', got: 'such a token' },
    ...explainChecks(headerChecks, read.header),
    signatureLine(read, key),
    ...explainChecks(formChecks, read.claims),
    ...explainChecks(claimChecks, { claims, terms, now: Math.floor(now / 1000) }),
    ...explainPlatform(claims, registry)
  ]
}

function signatureLine (read: ReadToken, key: ExplainContext['key']): Line {
  const line = { check: 'signature', expected: 'RS256 by a key of the platform' }
  if (key === 'not known here') return { ...line, outcome: 'not checked', got: 'signature not checked: key not known here' }
  const denial = verifySignature(read, key)
  if (!denial) return { ...line, outcome: 'pass', got: 'a valid signature' }
  return { ...line, outcome: 'fail', got: denial.reason ?? 'no valid signature', code: denial.denial, mend: denials[denial.denial].mend }
}

function explainPlatform (claims: VoucherClaims, registry: Registry): readonly Line[] {
  const caller = { consumerId: claims.consumerId, purposeId: claims.purposeId, eserviceId: claims.eserviceId, descriptorId: claims.descriptorId } as CallerFact
  const descriptor = registry.eservice(caller.eserviceId)?.descriptors.find((one) => one.id === caller.descriptorId)
  return [
    ...explainChecks(descriptorChecks, { descriptor }),
    ...explainChecks(agreementChecks, { agreement: registry.agreement(caller.eserviceId, caller.consumerId), caller }),
    ...explainChecks(purposeChecks, { purpose: registry.purpose(caller.purposeId), caller })
  ]
}
