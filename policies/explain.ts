import { certificateOf } from './caller.ts'
import { failedLine } from './check.ts'
import type { Line } from './check.ts'
import { readCredentials } from './credentials.ts'
import { explainCaller } from './explain-caller.ts'
import type { ExplainedCaller } from './explain-certified.ts'
import { explainChannel } from './explain-channel.ts'
import { explainDpop } from './explain-dpop.ts'
import { explainEvidence } from './explain-evidence.ts'
import { explainGrant } from './explain-grant.ts'
import { explainIntegrity } from './explain-integrity.ts'
import { explainInternalCertificate } from './explain-internal.ts'
import { explainInteraction } from './explain-interaction.ts'
import { explainAgreement, explainDelegation, explainDescriptor, explainPurpose } from './explain-platform.ts'
import { explainReplyTo } from './explain-reply-to.ts'
import type { Explain, ExplainContext, Explained, ExplainedCall } from './explained.ts'
import { readJws } from './jws.ts'
import { policies } from './order.ts'
import type { Facts } from './policy.ts'

// A limit depends on what others sent, a transition only takes the step that `interaction` explains, and what the registry does not know it cannot explain.
const nothing: Explain = () => []

/** How each policy is explained; `caller` comes first and says who the others are about. Adding a policy is a line here too. */
const explanations: Readonly<Record<Exclude<keyof Facts, 'caller'>, Explain>> = {
  dpop: explainDpop,
  channel: explainChannel,
  platformState: nothing,
  descriptor: explainDescriptor,
  agreement: explainAgreement,
  purpose: explainPurpose,
  delegation: explainDelegation,
  grant: explainGrant,
  interaction: explainInteraction,
  evidence: explainEvidence,
  burst: nothing,
  replyTo: explainReplyTo,
  integrity: explainIntegrity,
  transition: nothing,
  quota: nothing
}

/**
 * Every check that admission makes of a voucher or of a caller's own token, and of the call that it came with where there is one, as lines in the
 * order of admission, without stopping at the first that fails. The tables are those of admission. Signatures are never shown. A line is "not checked"
 * when what it depends on is missing; that is never a pass.
 */
export function explainVoucher (token: string, context: ExplainContext): readonly Line[] {
  return explainAll(explainCaller(token, context), context)
}

function explainAll ({ lines, caller }: ExplainedCaller, context: ExplainContext): readonly Line[] {
  const explain = (name: keyof Facts): readonly Line[] => {
    if (name === 'caller') return lines
    return caller ? explanations[name]({ caller, call: context.call, context } satisfies Explained) : []
  }
  return policies.flatMap(({ name }) => withRefusal(explain(name), name, context))
}

/** Every check that admission makes of a call; see `explainVoucher`. */
export function explainCall (call: ExplainedCall, context: Omit<ExplainContext, 'call'>): readonly Line[] {
  const certificate = certificateOf(call)
  if (certificate) return explainAll(explainInternalCertificate(certificate, { ...context, call }), { ...context, call })
  if (call.listener === 'internal' && call.authorization.length === 0 && !call.connection) return [connectionMissing]
  const credentials = readCredentials(call.authorization)
  if ('denial' in credentials) return [failedLine({ check: credentials.check, expected: 'one header: Bearer <voucher>, or DPoP <voucher>' }, credentials)]
  return explainVoucher(credentials.voucher, { ...context, call })
}

/** What a saved call of an internal application came on nobody can tell. */
const connectionMissing: Line = { check: 'client certificate', outcome: 'not checked', expected: 'a token, or the certificate of an internal client', got: 'the connection of the call is not here' }

/** The id of the platform's key that a call's voucher names; empty where it names none. */
export function kidOf ({ authorization }: Pick<ExplainedCall, 'authorization'>): string {
  const credentials = readCredentials(authorization)
  const read = 'denial' in credentials ? '' : readJws(credentials.voucher)
  const kid = typeof read === 'string' ? '' : read.header['kid']
  return typeof kid === 'string' ? kid : ''
}

/** The policy that refused says so even where no check of a table did. */
function withRefusal (lines: readonly Line[], name: keyof Facts, { refused }: ExplainContext): readonly Line[] {
  const refusing = refused && policies.find((policy) => refused.proved[policy.name] === undefined)?.name
  if (!refused || name !== refusing || lines.some(({ outcome }) => outcome === 'fail')) return lines
  return [...lines, failedLine({ check: refused.denial.check, expected: 'nothing that speaks against it' }, refused.denial)]
}
