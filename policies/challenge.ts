import { denialType } from './denials.ts'
import type { DenialCode } from './denials.ts'
import type { Call } from './policy.ts'
import { proofAlgorithms } from './proof-keys.ts'

/**
 * WWW-Authenticate for a refusal (RFC 6750, 3; RFC 9449, 7.1), undefined where none belongs. The scheme is the one that the caller has to
 * use: DPoP where it came with it, where the operation demands it, and where the refusal is about it; never for internal applications, which have no voucher to bind.
 */
export function challengeOf (code: DenialCode, { authorization, demands, listener }: Pick<Call, 'authorization' | 'demands' | 'listener'>): string | undefined {
  const { challenge } = denialType(code)
  if (challenge === undefined) return undefined
  const error = challenge === null ? [] : [`error="${challenge}"`]
  const isDpop = listener === 'public' && (demands.dpop || code.startsWith('dpop-') || /^dpop(?: |$)/i.test(authorization[0] ?? ''))
  if (!isDpop) return ['Bearer', ...error].join(' ')
  return `DPoP ${[...error, `algs="${proofAlgorithms.join(' ')}"`].join(', ')}`
}
