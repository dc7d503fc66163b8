import type { KeyObject } from 'node:crypto'
import type { CallerFact } from './caller.ts'
import { firstFailure, shown } from './check.ts'
import type { Check } from './check.ts'
import type { FoundCertificate } from './certificates.ts'
import { isText, isUuid } from './claim.ts'
import type { Credentials } from './credentials.ts'
import type { Denial } from './denials.ts'
import type { Jws } from './jws.ts'
import { registryUnavailable } from './platform-state.ts'
import type { Answer, Call, Ports, Terms } from './policy.ts'
import type { Agreement, Client, Purpose, Registry, Settled } from './registry.ts'
import { replayKey } from './replay.ts'
import type { ReplayVerdict } from './replay.ts'
import { tokenClaimChecks, tokenHeaderChecks, verifyToken } from './signed-token.ts'
import type { TokenKind, TokenSubject } from './signed-token.ts'

/**
 * The way in of a consumer that cannot join the platform: a token that it signs itself with an X.509 certificate, of which everything else
 * is known from the local registry (ID_AUTH_REST_01 and _02 with direct trust).
 */

/** How such a token is called and refused. */
export const callerToken = {
  header: 'Authorization',
  missing: 'voucher-missing',
  malformed: 'token-malformed',
  unverifiable: 'token-unverifiable',
  claims: 'token-claims-invalid',
  audience: 'token-audience-mismatch',
  expired: 'token-expired',
  notYetValid: 'token-not-yet-valid'
} as const satisfies TokenKind

/** How long after its `iat` a token is taken that is good for one call, in seconds: what was used must be remembered for no longer. */
const singleUseSeconds = 300

/** What the header of such a token must be before it is looked at who signed it. */
export const certifiedHeaderChecks = tokenHeaderChecks(callerToken, ['x509'])

/** A verified token; `singleUse` says whether the operation takes it once only (ID_AUTH_REST_02), `agreed` which claims it has evidence say. */
export interface CertifiedToken extends TokenSubject { readonly singleUse: boolean, readonly agreed: readonly string[] }

/** Claims of what the same key signs for another end, and others get to see: a signature over a message, tracking evidence (RFC 8725, 3.12). */
const foreignClaims = ['signed_headers', 'dnonce', 'userID', 'userLocation', 'LoA']
const ownClaims: ReadonlySet<string> = new Set(['iss', 'sub', 'client_id', 'aud', 'iat', 'nbf', 'exp', 'jti', 'purposeId'])
const foreignTo = ({ agreed }: CertifiedToken): readonly string[] => [...new Set([...foreignClaims, ...agreed])].filter((name) => !ownClaims.has(name))
const foreignIn = (token: CertifiedToken): readonly string[] => foreignTo(token).filter((name) => Object.hasOwn(token.claims, name))

const isId = (value: unknown): value is string => isText(value) && value.length <= 200
const timeOf = (value: unknown): number => Number(value)

/** What its claims must say by themselves. */
export const certifiedClaimChecks: readonly Check<CertifiedToken>[] = [
  ...tokenClaimChecks(callerToken),
  {
    name: 'Authorization claims',
    code: 'token-claims-invalid',
    holds: (token) => foreignIn(token).length === 0,
    expected: (token) => `a token that was made to call with, without ${foreignTo(token).join(', ')}`,
    got: (token) => foreignIn(token).join(', ') || 'such a token'
  },
  {
    name: 'Authorization age',
    code: 'token-expired',
    holds: ({ claims: { iat }, singleUse, now }) => !singleUse || now - timeOf(iat) < singleUseSeconds,
    expected: ({ singleUse }) => singleUse ? `less than ${singleUseSeconds} s, because the token is good for one call` : 'any',
    got: ({ claims: { iat }, now }) => `${now - timeOf(iat)} s`
  },
  {
    name: 'Authorization jti',
    code: 'token-claims-invalid',
    holds: ({ claims: { jti }, singleUse }) => isId(jti) || (jti === undefined && !singleUse),
    expected: ({ singleUse }) => `${singleUse ? '' : 'nothing, or '}a text of 1 to 200 characters`,
    got: ({ claims: { jti } }) => jti === undefined ? 'nothing' : isId(jti) ? 'such a text' : 'a value of another form'
  }
]

/** A verified token and what the registry holds of who signed it: its purposes and its agreement on this e-service. */
export interface CertifiedClient {
  readonly claims: Jws['claims']
  readonly terms: Terms
  readonly client: Client | undefined
  readonly purposes: readonly Purpose[]
  readonly agreement: Agreement | undefined
}

function isNameOf (client: Client | undefined, name: unknown): boolean {
  return client !== undefined && [client.id, client.consumerId, ...client.knownAs ?? []].some((one) => one === name)
}

/** Who the client is, and for what and on which version it calls. */
export const certifiedClientChecks: readonly Check<CertifiedClient>[] = [
  { name: 'client', code: 'client-unknown', holds: ({ client }) => client !== undefined, expected: () => 'a certificate that is registered with a client', got: ({ client }) => client ? `that of ${shown(client.id)}` : 'one that is registered with none' },
  ...['iss', 'sub', 'client_id'].map((claim): Check<CertifiedClient> => ({
    name: `Authorization ${claim}`,
    code: 'token-claims-invalid',
    holds: ({ claims, client }) => claims[claim] === undefined || isNameOf(client, claims[claim]),
    expected: () => 'nothing, or the id of the client or of its consumer, or a name that it is registered with',
    got: ({ claims, client }) => claims[claim] === undefined ? 'nothing' : isNameOf(client, claims[claim]) ? 'such a name' : 'another name'
  })),
  {
    name: 'Authorization purposeId (form)',
    code: 'token-claims-invalid',
    holds: ({ claims: { purposeId } }) => purposeId === undefined || isUuid(purposeId),
    expected: () => 'nothing, or a UUID in lower case',
    got: ({ claims: { purposeId } }) => purposeId === undefined ? 'nothing' : isUuid(purposeId) ? 'such a UUID' : 'a value of another form'
  },
  {
    name: 'Authorization purposeId',
    code: 'purpose-mismatch',
    holds: ({ claims: { purposeId }, client }) => purposeId === undefined || client?.purposes.some((one) => one === purposeId) === true,
    expected: () => 'nothing, or a purpose of the client',
    got: ({ claims: { purposeId } }) => isUuid(purposeId) ? shown(purposeId) : 'nothing'
  },
  {
    name: 'purpose of the client',
    code: 'purpose-unknown',
    holds: ({ claims: { purposeId }, purposes }) => purposeId !== undefined || purposes.length === 1,
    expected: ({ purposes }) => purposes.length > 1 ? `one of its purposes on this e-service in the claim purposeId: ${purposes.map(({ id }) => shown(id)).join(' or ')}` : 'a client with a purpose on this e-service',
    got: ({ claims: { purposeId }, purposes }) => purposeId === undefined ? `no claim, and ${purposes.length} purposes on this e-service` : 'the claim'
  },
  {
    name: 'agreement version',
    code: 'descriptor-mismatch',
    // Where there is no agreement the policy of that name says so.
    holds: ({ agreement, terms }) => agreement === undefined || terms.descriptorIds.includes(agreement.descriptorId),
    expected: ({ terms }) => terms.descriptorIds.map(shown).join(' or '),
    got: ({ agreement }) => shown(agreement?.descriptorId)
  }
]

/** Every way in which such a token is refused. */
export const certificateDenials = [...new Set([...certifiedHeaderChecks, ...certifiedClaimChecks, ...certifiedClientChecks].map((check) => check.code)),
  callerToken.unverifiable, 'trust-source-unavailable', registryUnavailable.denial, 'token-replayed', 'replay-filter-unavailable'] as const

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
    const settled = registry().settle({ eserviceId: terms.eserviceId, consumerId: clientWith(certificate.clientId, registry())?.consumerId })
    const decide = (known: Settled): Answer<CallerFact> => known === 'settled' ? identify(token, certificate, credentials, call) : registryUnavailable
    return settled instanceof Promise ? settled.then(decide) : decide(settled)
  }
  const identify = ({ claims }: Jws, { clientId, thumbprint }: TrustedCertificate, { scheme }: Credentials, { demands: { singleUse, evidence }, now }: Pick<Call, 'demands' | 'now'>): Answer<CallerFact> => {
    const client = clientOf(claims, clientId, terms, registry())
    const failure = firstFailure(certifiedClaimChecks, { claims, audience: terms.audience, now: Math.floor(now / 1000), singleUse, agreed: evidence?.claims?.names ?? [] }) ?? firstFailure(certifiedClientChecks, client)
    if (failure) return failure
    const caller = { ...factOf(client), kid: thumbprint, scheme }
    if (!singleUse) return caller
    const { exp, iat } = claims as { exp: number, iat: number }
    const verdict = replay.note(replayKey('x509', thumbprint, caller.jti as string), Math.min(exp, iat + singleUseSeconds) * 1000, now, iat * 1000)
    const decide = (settled: ReplayVerdict): CallerFact | Denial => settled === 'first' ? caller : settled === 'seen' ? replayed : undecided
    return verdict instanceof Promise ? verdict.then(decide) : decide(verdict)
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
  if ('untrusted' in found) return { denial: callerToken.unverifiable, check, reason: found.untrusted }
  return verifyToken(token, found, callerToken)
}

/** What the registry holds of who signed a token. */
export function clientOf (claims: Jws['claims'], clientId: string | undefined, terms: Terms, registry: Registry): CertifiedClient {
  const client = clientWith(clientId, registry)
  const purposes = (client?.purposes ?? []).flatMap((id) => registry.purpose(id) ?? []).filter(({ eserviceId }) => eserviceId === terms.eserviceId)
  return { claims, terms, client, purposes, agreement: client && registry.agreement(terms.eserviceId, client.consumerId) }
}

function clientWith (id: string | undefined, registry: Registry): Client | undefined {
  return id === undefined ? undefined : registry.client(id)
}

/** What is proved of a client that is known, once all checks have passed. */
export function factOf ({ claims, terms, client, purposes, agreement }: CertifiedClient): Omit<CallerFact, 'kid' | 'scheme'> {
  const { id, consumerId } = client as Client
  return {
    kind: 'x509',
    clientId: id,
    consumerId,
    producerId: terms.producerId,
    purposeId: claims['purposeId'] as string | undefined ?? purposes[0]?.id as string,
    eserviceId: terms.eserviceId,
    // Without an agreement there is no version to speak of, and no admission: the policy `agreement` sees to that.
    descriptorId: agreement?.descriptorId ?? terms.descriptorIds[0] as string,
    jti: claims['jti'] as string | undefined,
    jkt: undefined,
    evidenceDigest: undefined
  }
}

const replayed: Denial = { denial: 'token-replayed', check: 'Authorization jti', reason: 'the token was used before' }
const undecided: Denial = { denial: 'replay-filter-unavailable', check: 'Authorization jti', reason: 'it cannot be told whether the token was used before', retryAfter: 5 }
