import { explainChecks } from './check.ts'
import type { Line } from './check.ts'
import { digestChecks } from './digest.ts'
import { explainToken } from './explain-token.ts'
import type { Signers } from './explain-token.ts'
import { integrityChecks, needsNoToken, readMessage, signatureKind, subjectOf } from './integrity.ts'
import type { Call, Terms } from './policy.ts'

/**
 * Every check of the signature over a call's message, as lines in the order of admission; none where none is demanded. Whether it was used before is
 * not asked: to explain a call must not use it up. `clientId` is that of the voucher.
 */
export function explainIntegrity (call: Call | undefined, clientId: string, terms: Terms, signers: Signers | undefined): readonly Line[] {
  const demand = call?.demands.integrity
  if (!call || !demand) return []
  // Refused before its body was read: nobody is to be asked for keys then.
  if (call.body === undefined) return [{ check: signatureKind.header, outcome: 'not checked', expected: 'a signature over the message', got: 'the body was not read' }]
  const message = readMessage(call, demand)
  if (needsNoToken(message)) return explainChecks(digestChecks, message)
  const { lines, signed } = explainToken(message.tokens, signatureKind, demand.trust, signers, call.now)
  if (!signed) return [...lines, ...explainChecks(digestChecks, message)]
  return [...lines, ...explainChecks(integrityChecks, subjectOf(message, signed.token, { signer: signed.signer, clientId }, call, terms))]
}
