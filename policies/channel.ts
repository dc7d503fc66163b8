import { isCertificateOf } from './certificate-name.ts'
import type { NamedCertificate } from './certificate-name.ts'
import { firstFailure, shownTime } from './check.ts'
import type { Check } from './check.ts'
import type { CallerFact } from './caller.ts'
import type { Demands } from './demands.ts'
import type { Denial } from './denials.ts'
import type { InternalClients } from './internal-clients.ts'
import { registryUnavailable } from './platform-state.ts'
import type { Policy } from './policy.ts'
import type { Registry, Settled, Tenant } from './registry.ts'

/** A certificate with which a client opened its connection; times in epoch ms, `untrusted` says why it is not trusted. */
export interface ClientCertificate extends NamedCertificate {
  readonly notBefore: number
  readonly notAfter: number
  readonly untrusted: string | undefined
}

/** What a call came on: `secure` is TLS, up to this gateway or up to a proxy that it trusts. */
export interface Channel { readonly secure: boolean, readonly certificate: ClientCertificate | undefined }

/** The certificate of the channel that was demanded; null where none was. */
export type ChannelFact = { readonly thumbprint: string } | null

/** `own`: the certificate is registered with the caller itself, an internal application. */
interface Subject { readonly channel: Channel, readonly now: number, readonly demanded: Demands['channel'], readonly tenant: Tenant | undefined, readonly own: boolean }

const day = (ms: number): string => shownTime(Math.floor(ms / 1000))

/** What the channel of a call must be (ID_AUTH_CHANNEL_01 and _02). A certificate belongs to a tenant where the registry says so. */
export const channelChecks: readonly Check<Subject>[] = [
  { name: 'TLS', code: 'tls-required', holds: ({ demanded, channel }) => demanded === 'any' || channel.secure, expected: () => 'a call over TLS', got: ({ channel }) => channel.secure ? 'such a call' : 'one without' },
  { name: 'client certificate', code: 'client-certificate-missing', holds: ({ demanded, channel }) => demanded !== 'mutual-tls' || channel.certificate !== undefined, expected: ({ demanded }) => demanded === 'mutual-tls' ? 'a client certificate' : 'none', got: ({ channel }) => channel.certificate ? 'one' : 'none' },
  {
    name: 'client certificate trust',
    code: 'client-certificate-untrusted',
    holds: ({ demanded, channel, own }) => demanded !== 'mutual-tls' || own || channel.certificate?.untrusted === undefined,
    expected: () => 'a certificate of an authority that is trusted here, not revoked',
    got: ({ channel: { certificate }, own }) => own ? 'one that is registered with the caller' : certificate?.untrusted ?? 'such a certificate'
  },
  {
    name: 'client certificate validity',
    code: 'client-certificate-untrusted',
    holds: ({ demanded, channel: { certificate }, now }) => demanded !== 'mutual-tls' || (certificate !== undefined && certificate.notBefore <= now && now <= certificate.notAfter),
    expected: ({ now }) => `one that is valid at ${day(now)}`,
    got: ({ channel: { certificate } }) => certificate ? `one from ${day(certificate.notBefore)} to ${day(certificate.notAfter)}` : 'none'
  },
  {
    name: 'client certificate tenant',
    code: 'client-certificate-mismatch',
    holds: isOfTenant,
    expected: ({ tenant }) => tenant?.certificates ? 'one that is registered for the consumer' : 'any',
    got: (subject) => isOfTenant(subject) ? subject.channel.certificate ? 'such a certificate' : 'none' : 'another one'
  }
]

function isOfTenant ({ demanded, channel: { certificate }, tenant, own }: Subject): boolean {
  return demanded !== 'mutual-tls' || own || !tenant?.certificates || (certificate !== undefined && tenant.certificates.some((name) => isCertificateOf(name, certificate)))
}

/** Whether the certificate of a call is registered with its caller itself: then nobody else has to answer for it. */
export function isOwn ({ certificate }: Channel, { kind, clientId }: CallerFact, internalClients: InternalClients): boolean {
  return kind === 'internal' && certificate !== undefined && internalClients.byCertificate(certificate.thumbprint)?.id === clientId
}

/** Whose machine connects: where a delegate calls for the consumer it is the delegate's. */
export function tenantOf (registry: Registry, { clientId, consumerId, producerId, exchange }: CallerFact): Tenant | undefined {
  // Who calls back is the producer; the consumer of such a voucher is the one that is called.
  if (exchange?.scope === 'callback_invocation') return registry.tenant(producerId)
  return registry.tenant(registry.client(clientId)?.consumerId ?? consumerId)
}

/** Proves that the call came on the channel that its contract demands (ID_AUTH_CHANNEL_01, ID_AUTH_CHANNEL_02). */
export const channel: Policy<'channel', 'caller'> = {
  name: 'channel',
  stage: 'before-body',
  needs: ['caller'],
  denials: [...new Set([...channelChecks.map((check) => check.code), registryUnavailable.denial])],
  prepare: ({ registry, internalClients }) => ({ connection: channel, demands, caller, now }) => {
    if (demands.channel === 'any') return null
    const decide = (settled: Settled): ChannelFact | Denial => {
      if (settled === 'undecided') return registryUnavailable
      const failure = firstFailure(channelChecks, { channel, demanded: demands.channel, tenant: tenantOf(registry(), caller), own: isOwn(channel, caller, internalClients), now })
      return failure ?? (channel.certificate ? { thumbprint: channel.certificate.thumbprint } : null)
    }
    // Whose machine it must be hangs on the client only where the connection says whose it is.
    const settled = demands.channel === 'mutual-tls' ? registry().settle({ clientId: caller.clientId }) : 'settled'
    return settled instanceof Promise ? settled.then(decide) : decide(settled)
  }
}
