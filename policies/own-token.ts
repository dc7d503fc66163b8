import type { CallerFact } from './caller.ts'
import { shown } from './check.ts'
import type { Check } from './check.ts'
import { isText, isUuid } from './claim.ts'
import type { CallerKind } from './demands.ts'
import type { Denial } from './denials.ts'
import type { Jws } from './jws.ts'
import { registryUnavailable } from './platform-state.ts'
import type { Answer, Call, Terms } from './policy.ts'
import type { Agreement, Client, Purpose, Registry, Settled } from './registry.ts'
import { replayKey } from './replay.ts'
import type { ReplayFilter, ReplayVerdict } from './replay.ts'
import { tokenClaimChecks } from './signed-token.ts'
import type { TokenKind, TokenSubject } from './signed-token.ts'

/**
 * What is common to callers that make their token themselves instead of bringing a voucher, with the key of a certificate or with one that is registered
 * here: what the token must say, and what the registry must hold of who made it.
 */

/** How such a token is called and refused. */
export const ownTokenKind = {
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

/** A verified token; `singleUse` says whether the operation takes it once only (ID_AUTH_REST_02), `agreed` which claims it has evidence say. */
export interface OwnToken extends TokenSubject { readonly singleUse: boolean, readonly agreed: readonly string[] }

/** What the claims of a call's token are held against; `now` of the call in epoch ms. */
export function ownTokenOf (claims: Jws['claims'], audience: readonly string[], now: number, demands: Call['demands'] | undefined): OwnToken {
  return { claims, audience, now: Math.floor(now / 1000), singleUse: demands?.singleUse ?? false, agreed: demands?.evidence?.claims?.names ?? [] }
}

/** Claims of what the same key signs for another end, and others get to see: a signature over a message, tracking evidence (RFC 8725, 3.12). */
const foreignClaims = ['signed_headers', 'dnonce', 'userID', 'userLocation', 'LoA']
const ownClaims: ReadonlySet<string> = new Set(['iss', 'sub', 'client_id', 'aud', 'iat', 'nbf', 'exp', 'jti', 'purposeId'])
const foreignTo = ({ agreed }: OwnToken): readonly string[] => [...new Set([...foreignClaims, ...agreed])].filter((name) => !ownClaims.has(name))
const foreignIn = (token: OwnToken): readonly string[] => foreignTo(token).filter((name) => Object.hasOwn(token.claims, name))

const isId = (value: unknown): value is string => isText(value) && value.length <= 200
const timeOf = (value: unknown): number => Number(value)

/** What the claims of such a token must say by themselves; `jti` is always needed where `jtiNeeded` says so, and otherwise where it is good for one call. */
export function ownClaimChecks (kind: TokenKind, jtiNeeded = false): readonly Check<OwnToken>[] {
  const needsJti = ({ singleUse }: OwnToken): boolean => jtiNeeded || singleUse
  return [
    ...tokenClaimChecks(kind),
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
      holds: (token) => isId(token.claims['jti']) || (token.claims['jti'] === undefined && !needsJti(token)),
      expected: (token) => `${needsJti(token) ? '' : 'nothing, or '}a text of 1 to 200 characters`,
      got: ({ claims: { jti } }) => jti === undefined ? 'nothing' : isId(jti) ? 'such a text' : 'a value of another form'
    }
  ]
}

/** What a caller says of itself, which is nothing where it brings no token, and what the registry holds of it: the client, its purposes and its agreement on this e-service. */
export interface KnownClient<Of extends OwnClient = OwnClient> {
  readonly claims: Jws['claims']
  readonly terms: Terms
  readonly client: Of | undefined
  readonly purposes: readonly Purpose[]
  readonly agreement: Agreement | undefined
}

type OwnClient = Pick<Client, 'id' | 'consumerId' | 'purposes'>

/** What the registry holds of a client. */
export function knownClientOf<Of extends OwnClient> (claims: Jws['claims'], client: Of | undefined, terms: Terms, registry: Registry): KnownClient<Of> {
  const purposes = (client?.purposes ?? []).flatMap((id) => registry.purpose(id) ?? []).filter(({ eserviceId }) => eserviceId === terms.eserviceId)
  return { claims, terms, client, purposes, agreement: client && registry.agreement(terms.eserviceId, client.consumerId) }
}

/** For what and on which version a client calls. */
export const useChecks: readonly Check<KnownClient>[] = [
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

/** What is proved of a client that is known, once all checks have passed. */
export function factOf (kind: CallerKind, { claims, terms, client, purposes, agreement }: KnownClient): Omit<CallerFact, 'kid' | 'scheme'> {
  const { id, consumerId } = client as OwnClient
  return {
    kind,
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

/** Concludes once the registry can say what is there of a client on an e-service: its agreement and, where its token names no purpose and none that is known here is on it, its purposes. */
export function whenSettled (registry: Registry, { claims: { purposeId }, client, eserviceId }: { readonly claims: Jws['claims'], readonly client: OwnClient | undefined, readonly eserviceId: string }, conclude: () => Answer<CallerFact>): Answer<CallerFact> {
  const purposes = purposeId === undefined ? client?.purposes ?? [] : []
  const isKnown = purposes.some((id) => registry.purpose(id)?.eserviceId === eserviceId)
  const settled = [registry.settle({ eserviceId, consumerId: client?.consumerId }), ...isKnown ? [] : purposes.map((id) => registry.settle({ purposeId: id }))]
  const decide = (all: readonly Settled[]): Answer<CallerFact> => all.includes('undecided') ? registryUnavailable : conclude()
  return settled.some((one) => one instanceof Promise) ? Promise.all(settled.map(async (one) => one)).then(decide) : decide(settled as readonly Settled[])
}

/** Notes that a caller's token was used which is good for one call; the caller, unless it was before. `now` in epoch ms. */
export function takeOnce (replay: ReplayFilter, caller: CallerFact, claims: Jws['claims'], now: number): Answer<CallerFact> {
  const { exp, iat } = claims as { exp: number, iat: number }
  const verdict = replay.note(replayKey(caller.kind as 'x509' | 'internal', caller.kid, caller.jti as string), Math.min(exp, iat + singleUseSeconds) * 1000, now, iat * 1000)
  const decide = (settled: ReplayVerdict): CallerFact | Denial => settled === 'first' ? caller : settled === 'seen' ? replayed : undecided
  return verdict instanceof Promise ? verdict.then(decide) : decide(verdict)
}

const replayed: Denial = { denial: 'token-replayed', check: 'Authorization jti', reason: 'the token was used before' }
const undecided: Denial = { denial: 'replay-filter-unavailable', check: 'Authorization jti', reason: 'it cannot be told whether the token was used before', retryAfter: 5 }

/** Refusals of such tokens that no check of a table makes. */
export const ownTokenDenials = [ownTokenKind.unverifiable, registryUnavailable.denial, replayed.denial, undecided.denial] as const
