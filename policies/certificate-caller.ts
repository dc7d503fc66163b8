import type { KeyObject } from 'node:crypto'
import type { CallerFact } from './caller.ts'
import { firstFailure, shown } from './check.ts'
import type { Check } from './check.ts'
import type { FoundCertificate } from './certificates.ts'
import type { Credentials } from './credentials.ts'
import type { Denial } from './denials.ts'
import type { Jws } from './jws.ts'
import { factOf, knownClientOf, ownClaimChecks, ownTokenDenials, ownTokenKind, ownTokenOf, takeOnce, useChecks, whenSettled } from './own-token.ts'
import type { KnownClient } from './own-token.ts'
import type { Answer, Call, Ports, Terms } from './policy.ts'
import type { Client, Registry } from './registry.ts'
import { tokenHeaderChecks, verifyToken } from './signed-token.ts'

/**
 * The way in of a consumer that cannot join the platform: a token that it signs itself with an X.509 certificate, of which everything else
 * is known from the local registry (ID_AUTH_REST_01 and _02 with direct trust).
 */

/** What the header of such a token must be before it is looked at who signed it. */
export const certifiedHeaderChecks = tokenHeaderChecks(ownTokenKind, ['x509'])

/** What its claims must say by themselves. */
export const certifiedClaimChecks = ownClaimChecks(ownTokenKind)

function isNameOf (client: Client | undefined, name: unknown): boolean {
  return client !== undefined && [client.id, client.consumerId, ...client.knownAs ?? []].some((one) => one === name)
}

/** Who the client is, and for what and on which version it calls. */
export const certifiedClientChecks: readonly Check<KnownClient<Client>>[] = [
  { name: 'client', code: 'client-unknown', holds: ({ client }) => client !== undefined, expected: () => 'a certificate that is registered with a client', got: ({ client }) => client ? `that of ${shown(client.id)}` : 'one that is registered with none' },
  ...['iss', 'sub', 'client_id'].map((claim): Check<KnownClient<Client>> => ({
    name: `Authorization ${claim}`,
    code: 'token-claims-invalid',
    holds: ({ claims, client }) => claims[claim] === undefined || isNameOf(client, claims[claim]),
    expected: () => 'nothing, or the id of the client or of its consumer, or a name that it is registered with',
    got: ({ claims, client }) => claims[claim] === undefined ? 'nothing' : isNameOf(client, claims[claim]) ? 'such a name' : 'another name'
  })),
  ...useChecks
]

/** Every way in which such a token is refused. */
export const certificateDenials = [...new Set([...certifiedHeaderChecks, ...certifiedClaimChecks, ...certifiedClientChecks].map((check) => check.code)), 'trust-source-unavailable', ...ownTokenDenials] as const

/** Who calls with a token of its own on one e-service. */
export interface Certified {
  /** What such a token proves; which operation it came for decides whether it can be used again. */
  prove (credentials: Credentials, token: Jws, call: Pick<Call, 'demands' | 'now'>): Answer<CallerFact>
}

export function prepareCertified ({ certificates, registry, replay }: Pick<Ports, 'certificates' | 'registry' | 'replay'>, terms: Terms): Certified {
  const judge = (token: Jws, found: FoundCertificate, credentials: Credentials, call: Pick<Call, 'demands' | 'now'>): Answer<CallerFact> => {
    const denial = verifyCertified(token, found)
    if (denial) return denial
    const certificate = found as TrustedCertificate
    return whenSettled(registry(), { claims: token.claims, client: clientWith(certificate.clientId, registry()), eserviceId: terms.eserviceId }, () => identify(token, certificate, credentials, call))
  }
  const identify = ({ claims }: Jws, { clientId, thumbprint }: TrustedCertificate, { scheme }: Credentials, { demands, now }: Pick<Call, 'demands' | 'now'>): Answer<CallerFact> => {
    const client = clientOf(claims, clientId, terms, registry())
    const failure = firstFailure(certifiedClaimChecks, ownTokenOf(claims, terms.audience, now, demands)) ?? firstFailure(certifiedClientChecks, client)
    if (failure) return failure
    const caller = { ...factOf('x509', client), kid: thumbprint, scheme }
    return demands.singleUse ? takeOnce(replay, caller, claims, now) : caller
  }
  return {
    prove (credentials, token, call) {
      const failure = firstFailure(certifiedHeaderChecks, token.header)
      // Before the signature is verified the caller is not told which part is wrong.
      if (failure) return { denial: failure.denial, check: failure.check, reason: failure.reason }
      const found = certificates.find(token.header, call.now)
      return found instanceof Promise ? found.then((settled) => judge(token, settled, credentials, call)) : judge(token, found, credentials, call)
    }
  }
}

type TrustedCertificate = Extract<FoundCertificate, { key: KeyObject }>

/** Verifies a token with the certificate that was found for its header; undefined when it is genuine. Whether the certificate belongs to a client is told only afterwards. */
export function verifyCertified (token: Jws, found: FoundCertificate): Denial | undefined {
  const check = 'Authorization certificate'
  if (found === 'unavailable') return { denial: 'trust-source-unavailable', check, reason: 'it cannot be told now whether the certificate is good', retryAfter: 30 }
  if ('untrusted' in found) return { denial: ownTokenKind.unverifiable, check, reason: found.untrusted }
  return verifyToken(token, found, ownTokenKind)
}

/** What the registry holds of who signed a token. */
export function clientOf (claims: Jws['claims'], clientId: string | undefined, terms: Terms, registry: Registry): KnownClient<Client> {
  return knownClientOf(claims, clientWith(clientId, registry), terms, registry)
}

function clientWith (id: string | undefined, registry: Registry): Client | undefined {
  return id === undefined ? undefined : registry.client(id)
}
