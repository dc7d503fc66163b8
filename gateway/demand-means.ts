import type { Demands } from '../policies/demands.ts'
import type { Config, EServiceConfig } from './config.ts'

/** Something that a contract can demand and only a configuration can make possible. */
interface Means {
  readonly demanded: (demands: Demands) => boolean
  readonly there: (config: Config, eservice: EServiceConfig) => boolean
  readonly says: string
}

const behindProxy = ({ trustedProxies }: Config): boolean => trustedProxies.length > 0

const means: readonly Means[] = [
  {
    demanded: ({ integrity, evidence }) => [integrity, evidence].some((demand) => demand?.trust.includes('pdnd')),
    there: (config) => config.pdnd.api !== undefined,
    says: 'demands a signature that is known by a key on the platform (INTEGRITY_REST_02, AUDIT_REST_01, AUDIT_REST_02): configure pdnd.api, the client of the interop API with which such keys are looked up'
  },
  {
    demanded: ({ channel }) => channel === 'tls',
    there: (config) => config.listeners.public.tls !== undefined || behindProxy(config),
    says: 'demands TLS (ID_AUTH_CHANNEL_01): configure listeners.public.tls, or trustedProxies when a proxy in front ends TLS'
  },
  {
    demanded: ({ channel }) => channel === 'mutual-tls',
    there: (config) => config.listeners.public.tls?.clients !== undefined || behindProxy(config),
    says: 'demands client certificates (ID_AUTH_CHANNEL_02): configure listeners.public.tls.clients, or trustedProxies when a proxy in front verifies them and sends Client-Cert (RFC 9440)'
  }
]

/** Throws naming every operation whose demands no call could ever meet with this configuration, and what to configure. */
export function refuseUnmeetable (config: Config, eservice: EServiceConfig, demands: ReadonlyMap<string, Demands>): void {
  const faults = means.filter(({ there }) => !there(config, eservice)).flatMap(({ demanded, says }) =>
    [...demands].filter(([, one]) => demanded(one)).map(([id]) => `e-service "${eservice.name}": operation "${id}" ${says}`))
  if (faults.length > 0) throw new Error(faults.join('\n'))
}
