import { explainChecks } from './check.ts'
import type { Line } from './check.ts'
import type { Explained } from './explained.ts'
import { interactionChecks, propertiesOf, scopeChecks } from './interaction.ts'

/** The lines of the policy `interaction`. Nothing of the interaction changes. */
export function explainInteraction ({ caller, call, context: { registry, interactions } }: Explained): readonly Line[] {
  const { exchange } = caller
  if (!call) {
    const line = { check: 'scope', expected: 'a scope exactly where the operation takes one' }
    return [exchange ? { ...line, outcome: 'not checked', got: `${exchange.scope}: which scope the operation takes is not here` } : { ...line, outcome: 'pass', got: 'none' }]
  }
  const subject = { caller, scope: exchange?.scope, demanded: call.demands.scope, properties: propertiesOf(registry, caller) }
  const lines = explainChecks(scopeChecks, subject)
  if (!exchange) return lines
  const known = interactions?.find(exchange.interactionId, call.now, exchange.issuedAt * 1000) ?? (interactions ? undefined : 'unavailable')
  if (known === 'unavailable' || known instanceof Promise) return [...lines, { check: 'interaction', outcome: 'not checked', expected: 'one that may go on', got: 'what is known of the interaction is not here' }]
  return [...lines, ...explainChecks(interactionChecks, { ...subject, known, now: call.now })]
}
