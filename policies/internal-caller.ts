import type { CallerFact } from './caller.ts'
import { firstFailure, shown } from './check.ts'
import type { Check } from './check.ts'
import type { ClientCertificate } from './channel.ts'
import type { Credentials } from './credentials.ts'
import type { CallerKind, Demands, Trust } from './demands.ts'
import type { Denial, DenialCode } from './denials.ts'
import type { Jws } from './jws.ts'
import type { FoundClientKey } from './keys.ts'
import { factOf, knownClientOf, ownClaimChecks, ownTokenDenials, ownTokenKind, ownTokenOf, takeOnce, useChecks, whenSettled } from './own-token.ts'
import type { KnownClient } from './own-token.ts'
import { registryUnavailable } from './platform-state.ts'
import type { Answer, Call, Ports, Terms } from './policy.ts'
import type { InternalClient } from './registry.ts'
import { tokenHeaderChecks, verifyToken } from './signed-token.ts'
import type { TokenKind } from './signed-token.ts'

/**
 * The way in of the administration's own applications, on a listener of their own: a token that they sign with a key that is registered here (after RFC
 * 7523, 3), or a connection with a certificate that is. For what they call the registry says, as of any consumer.
 */

/** How their tokens are called and refused. The type is one of their own: nothing else that the same key signs can be taken for such a token (RFC 8725, 3.11). */
export const internalTokenKind: TokenKind = { ...ownTokenKind, typ: 'client-authentication+jwt', lifetimeSeconds: 600 }

/** True when a header says that it is that of such a token. */
export function isInternalType (typ: unknown): boolean {
  return typeof typ === 'string' && typ.toLowerCase() === internalTokenKind.typ
}

/** What the operation demands that such a caller could never bring; `byToken` is false over mutual TLS. */
interface Means { readonly demands: Demands, readonly byToken: boolean }

/** What of an operation's demands only a voucher can meet. */
export const needsVoucher = ({ dpop, scope, evidence }: Demands): readonly string[] => [...dpop ? ['DPoP'] : [], ...scope === undefined ? [] : ['an asynchronous exchange'], ...evidence?.bound ? ['evidence that a voucher is bound to (AUDIT_REST_02)'] : []]
const needsToken = ({ demands: { singleUse, integrity }, byToken }: Means): boolean => singleUse && !byToken && integrity?.emptyBody !== 'signed'

/** What an operation demands of a voucher is never waived: internal applications do without that operation. */
export const meansChecks: readonly Check<Means>[] = [
  {
    name: 'demands of the operation',
    code: 'caller-kind-not-trusted',
    holds: ({ demands }) => needsVoucher(demands).length === 0,
    expected: ({ demands }) => needsVoucher(demands).length === 0 ? 'any caller' : `a voucher, because it demands ${needsVoucher(demands).join(', ')}`,
    got: () => 'an internal application'
  },
  {
    name: 'single use',
    code: 'caller-kind-not-trusted',
    holds: (means) => !needsToken(means),
    expected: (means) => needsToken(means) ? 'a token, because each call needs something that is used once (ID_AUTH_REST_02)' : 'any',
    got: ({ byToken }) => byToken ? 'a token' : 'a certificate only'
  }
]

/** What the header of such a token must be before it is looked at who signed it: kid is the thumbprint of the key, also where there is one only, so that a second one can be added at any time. */
export const internalHeaderChecks = tokenHeaderChecks(internalTokenKind, ['internal'])

/** What its claims must say by themselves. */
export const internalClaimChecks = ownClaimChecks(internalTokenKind, true)

/** Whose it is, and for what and on which version is called. */
export const internalClientChecks: readonly Check<KnownClient>[] = [
  ...['iss', 'sub'].map((claim): Check<KnownClient> => ({
    name: `Authorization ${claim}`,
    code: 'token-claims-invalid',
    holds: ({ claims, client }) => claims[claim] === client?.id,
    expected: ({ client }) => `the client that the key is registered with, ${shown(client?.id)}`,
    got: ({ claims, client }) => claims[claim] === undefined ? 'nothing' : claims[claim] === client?.id ? 'that client' : 'another name'
  })),
  ...useChecks
]

/** What must be true of a certificate with which an internal application connects: it is known by nothing but itself, whoever issued it. `now` in epoch ms. */
export const internalCertificateChecks: readonly Check<{ readonly certificate: ClientCertificate, readonly client: InternalClient | undefined, readonly now: number }>[] = [
  { name: 'client', code: 'client-unknown', holds: ({ client }) => client !== undefined, expected: () => 'a certificate that is registered with an internal client', got: ({ client }) => client ? `that of ${shown(client.id)}` : 'one that is registered with none' },
  {
    name: 'client certificate validity',
    code: 'client-certificate-untrusted',
    holds: ({ certificate: { notBefore, notAfter }, now }) => notBefore <= now && now <= notAfter,
    expected: () => 'one that is valid now',
    got: ({ certificate: { notBefore, notAfter }, now }) => now < notBefore ? 'one that is not valid yet' : now > notAfter ? 'one that is no longer valid' : 'such a certificate'
  }
]

const codesOf = (...tables: readonly (readonly { readonly code: DenialCode }[])[]): readonly DenialCode[] => [...new Set(tables.flat().map(({ code }) => code))]

/** Every way in which an internal application is refused, by its token and by its certificate. */
export const internalTokenDenials: readonly DenialCode[] = [...codesOf(meansChecks, internalHeaderChecks, internalClaimChecks, internalClientChecks), ...ownTokenDenials]
export const internalCertificateDenials: readonly DenialCode[] = [...codesOf(internalCertificateChecks, meansChecks, useChecks), registryUnavailable.denial]

type Came = Pick<Call, 'demands' | 'now'>

/** Which internal application calls on one e-service. */
export interface Internal {
  /** What a token of an application proves; which operation it came for decides whether it can be used again. */
  prove (credentials: Credentials, token: Jws, call: Came): Answer<CallerFact>
  /** What the certificate of a connection proves, where no token came. */
  proveByCertificate (certificate: ClientCertificate, call: Came): Answer<CallerFact>
}

export function prepareInternal ({ internalClients, registry, replay }: Pick<Ports, 'internalClients' | 'registry' | 'replay'>, terms: Terms): Internal {
  const settle = (client: InternalClient, claims: Jws['claims'], conclude: () => Answer<CallerFact>): Answer<CallerFact> => whenSettled(registry(), { claims, client, eserviceId: terms.eserviceId }, conclude)
  return {
    prove ({ scheme }, token, { demands, now }) {
      const failure = firstFailure(internalHeaderChecks, token.header)
      // Before the signature is verified the caller is not told which part is wrong.
      if (failure) return { denial: failure.denial, check: failure.check, reason: failure.reason }
      const found = internalClients.byKey(token.header['kid'] as string)
      const denial = verifyInternal(token, found) ?? firstFailure(meansChecks, { demands, byToken: true }) ?? firstFailure(internalClaimChecks, ownTokenOf(token.claims, internalAudience(terms), now, demands))
      if (denial) return denial
      const { client } = found as NonNullable<typeof found>
      return settle(client, token.claims, () => {
        const known = knownClientOf(token.claims, client, terms, registry())
        const caller = (): CallerFact => ({ ...factOf('internal', known), kid: token.header['kid'] as string, scheme })
        return firstFailure(internalClientChecks, known) ?? (demands.singleUse ? takeOnce(replay, caller(), token.claims, now) : caller())
      })
    },
    proveByCertificate (certificate, { demands, now }) {
      const client = internalClients.byCertificate(certificate.thumbprint)
      const denial = firstFailure(internalCertificateChecks, { certificate, client, now }) ?? firstFailure(meansChecks, { demands, byToken: false })
      if (denial) return denial
      return settle(client as InternalClient, {}, () => {
        const known = knownClientOf({}, client, terms, registry())
        return firstFailure(useChecks, known) ?? factByCertificate(known, certificate)
      })
    }
  }
}

/** Verifies a token with the key that is registered under its kid; undefined when it is genuine. */
export function verifyInternal (token: Jws, found: ReturnType<Ports['internalClients']['byKey']>): Denial | undefined {
  return found ? verifyToken(token, found, internalTokenKind) : { denial: ownTokenKind.unverifiable, check: 'Authorization key', reason: 'no internal client has a key with the id that its header names' }
}

/** What a certificate proves. It comes without a scheme: what goes with no key of its own goes as Bearer. */
export function factByCertificate (known: KnownClient, { thumbprint }: Pick<ClientCertificate, 'thumbprint'>): CallerFact {
  return { ...factOf('internal', known), kid: thumbprint, scheme: 'Bearer' }
}

/** What `aud` of an internal application's token may be: the audience of the e-service, or its URL on the listener. */
export function internalAudience ({ audience, internal }: Pick<Terms, 'audience' | 'internal'>): readonly string[] {
  return [...audience, ...internal?.eservice === undefined ? [] : [internal.eservice]]
}

/** By what a signature may be known that goes with a call: an internal application signs with the keys of its registration, whatever the contract says of others. */
export function trustedFor ({ kind }: Pick<CallerFact, 'kind'>, demanded: readonly Trust[]): readonly CallerKind[] {
  return kind === 'internal' ? ['internal'] : demanded
}

/** Where the keys of such signatures are looked up: those of internal applications never on the platform, and nobody else's among theirs. */
export function signersFor<Signers extends Pick<Ports, 'clientKeys' | 'internalClients'>> ({ kind }: Pick<CallerFact, 'kind'>, signers: Signers): Signers {
  if (kind !== 'internal') return signers
  const find = (kid: string): FoundClientKey => {
    const found = signers.internalClients.byKey(kid)
    return found ? { key: found.key, clientId: found.client.id } : 'unknown'
  }
  return { ...signers, clientKeys: { find } }
}
