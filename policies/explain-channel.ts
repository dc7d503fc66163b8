import { channelChecks, isOwn, tenantOf } from './channel.ts'
import { explainChecks } from './check.ts'
import type { Line } from './check.ts'
import type { Explained } from './explained.ts'

const demanded = { tls: ['TLS', 'a call over TLS'], 'mutual-tls': ['client certificate', 'a call over TLS with a client certificate'] } as const

/** The lines of the policy `channel`. What a saved call came on nobody can tell. */
export function explainChannel ({ caller, call, context: { registry, signers, now } }: Explained): readonly Line[] {
  if (!call || call.demands.channel === 'any') return []
  const { demands: { channel }, connection } = call
  if (!connection) return [{ check: demanded[channel][0], outcome: 'not checked', expected: demanded[channel][1], got: 'the connection of the call is not here' }]
  const own = channelChecks.filter(({ code }) => channel === 'mutual-tls' || code === 'tls-required')
  return explainChecks(own, { channel: connection, demanded: channel, tenant: tenantOf(registry, caller), own: signers !== undefined && isOwn(connection, caller, signers.internalClients), now })
}
