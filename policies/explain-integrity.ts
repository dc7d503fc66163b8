import { explainChecks } from './check.ts'
import type { Line } from './check.ts'
import { digestChecks } from './digest.ts'
import { explainToken } from './explain-token.ts'
import type { Explained } from './explained.ts'
import { integrityChecks, needsNoToken, readMessage, signatureKind, subjectOf } from './integrity.ts'

/** The lines of the policy `integrity`. Whether a signature was used before is not asked: to explain a call must not use it up. */
export function explainIntegrity ({ caller, call, context: { terms, signers } }: Explained): readonly Line[] {
  const demand = call?.demands.integrity
  if (!call || !demand) return []
  // Refused before its body was read: nobody is to be asked for keys then.
  if (call.body === undefined) return [{ check: signatureKind.header, outcome: 'not checked', expected: 'a signature over the message', got: 'the body was not read' }]
  const message = readMessage(call, demand)
  if (needsNoToken(message)) return explainChecks(digestChecks, message)
  const { lines, signed } = explainToken(caller, message.tokens, signatureKind, demand.trust, signers, call.now)
  if (!signed) return [...lines, ...explainChecks(digestChecks, message)]
  return [...lines, ...explainChecks(integrityChecks, subjectOf(message, signed.token, { signer: signed.signer, clientId: caller.clientId }, call, terms))]
}
