import type { Demands } from '../policies/demands.ts'
import type { Config } from './config.ts'
import type { EServiceConfig } from './eservice-config.ts'

/** Something that a contract can demand and only a configuration can make possible. */
interface Means {
  readonly demanded: (demands: Demands) => boolean
  readonly there: (config: Config, eservice: EServiceConfig) => boolean
  readonly says: string
}

const behindProxy = ({ trustedProxies }: Config): boolean => trustedProxies.length > 0

const byCertificate = ({ trust, integrity, evidence }: Demands): boolean => [trust, integrity?.trust ?? [], evidence?.trust ?? []].some((one) => one.includes('x509'))

const means: readonly Means[] = [
  { demanded: byCertificate, there: ({ x509 }) => x509 !== undefined, says: 'takes X.509 certificates (trust: x509, INTEGRITY_REST_01): configure x509, with mode and what is trusted' },
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
  },
  { demanded: ({ nonBlocking }) => nonBlocking === 'push', there: (_config, { replyTo }) => replyTo.length > 0, says: 'answers to X-ReplyTo (nonBlocking: push): name in replyTo where each consumer may have its answers sent' },
  {
    demanded: ({ signedResponse }) => signedResponse,
    there: (_config, { keychain }) => keychain !== undefined,
    says: 'demands signed answers (response: signed, PROFILE_NON_REPUDIATION_01): configure keychain, the folder with the private keys of the producer keychain'
  },
  {
    demanded: ({ nonRepudiation }) => nonRepudiation,
    there: (_config, { evidence }) => evidence !== undefined,
    says: 'demands that requests are kept as evidence (PROFILE_NON_REPUDIATION_01): configure evidence, with keys and retentionDays'
  }
]

/** Throws naming every operation whose demands no call could ever meet with this configuration, and what to configure. */
export function refuseUnmeetable (config: Config, eservice: EServiceConfig, demands: ReadonlyMap<string, Demands>): void {
  const faults = means.filter(({ there }) => !there(config, eservice)).flatMap(({ demanded, says }) =>
    [...demands].filter(([, one]) => demanded(one)).map(([id]) => `e-service "${eservice.name}": operation "${id}" ${says}`))
  if (faults.length > 0) throw new Error(faults.join('\n'))
}
