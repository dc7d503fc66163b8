import type { CallerFact } from './caller.ts'
import { explainChecks } from './check.ts'
import type { Line } from './check.ts'
import { interactionChecks, propertiesOf, scopeChecks } from './interaction.ts'
import type { Interactions } from './interactions.ts'
import type { Call } from './policy.ts'
import type { Registry } from './registry.ts'
import type { VoucherClaims } from './voucher.ts'
import { exchangeOf } from './voucher-caller.ts'

/** What is known of asynchronous exchange; the interactions only where they are at hand. */
export interface ExchangeContext { readonly claims: VoucherClaims, readonly registry: Registry, readonly interactions: Pick<Interactions, 'find'> | undefined }

/** The lines of the policy `interaction`. Nothing of the interaction changes. */
export function explainExchange (call: Call | undefined, { claims, registry, interactions }: ExchangeContext): readonly Line[] {
  const exchange = exchangeOf(claims)
  if (!call) {
    const line = { check: 'scope', expected: 'a scope exactly where the operation takes one' }
    return [exchange ? { ...line, outcome: 'not checked', got: `${exchange.scope}: which scope the operation takes is not here` } : { ...line, outcome: 'pass', got: 'none' }]
  }
  const caller = { clientId: claims.client_id, consumerId: claims.consumerId, eserviceId: claims.eserviceId, descriptorId: claims.descriptorId } satisfies Partial<CallerFact>
  const subject = { caller, scope: exchange?.scope, demanded: call.demands.scope, properties: propertiesOf(registry, caller) }
  const lines = explainChecks(scopeChecks, subject)
  if (!exchange) return lines
  const known = interactions?.find(exchange.interactionId, call.now) ?? (interactions ? undefined : 'unavailable')
  if (known === 'unavailable' || known instanceof Promise) return [...lines, { check: 'interaction', outcome: 'not checked', expected: 'one that may go on', got: 'what is known of the interaction is not here' }]
  return [...lines, ...explainChecks(interactionChecks, { ...subject, known, now: call.now })]
}
