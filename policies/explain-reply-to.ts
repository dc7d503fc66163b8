import { explainChecks } from './check.ts'
import type { Line } from './check.ts'
import type { Explained } from './explained.ts'
import { headerValues } from './header-values.ts'
import { replyChecks } from './reply-url.ts'
import type { ReplySubject } from './reply-url.ts'

/** The lines of the policy `replyTo`. Nobody is asked for the addresses of a host. */
export function explainReplyTo ({ caller, call, context: { terms } }: Explained): readonly Line[] {
  if (!call) return []
  const targets = terms.replyTo.filter(({ consumer }) => consumer === caller.consumerId)
  if (call.demands.nonBlocking === 'push') return explainUrl('X-ReplyTo', { values: headerValues(call.rawHeaders, 'x-replyto'), targets, listed: true })
  const callback = caller.exchange?.urlCallback
  return callback === undefined ? [] : explainUrl('urlCallback', { values: [callback], targets, listed: false })
}

function explainUrl (name: string, subject: ReplySubject): readonly Line[] {
  return [...explainChecks(replyChecks(name), subject), { check: `${name} host`, outcome: 'not checked', expected: 'one with public addresses only', got: 'its addresses are not looked up for an explanation' }]
}
