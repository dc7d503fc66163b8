import { shown } from './check.ts'
import type { Check } from './check.ts'
import { isAudience, isText, isTime, isUuid } from './claim.ts'
import { asyncScopes } from './demands.ts'
import type { AsyncScope } from './demands.ts'
import { isRecord, shownAlgorithm, steeringMembers } from './jws.ts'
import type { Jws } from './jws.ts'

/** What only a voucher of an asynchronous exchange says: the step, the interaction and, with a start, where the callback goes. */
export interface VoucherExchange { readonly scope: AsyncScope, readonly interactionId: string, readonly urlCallback?: string | undefined }

/** The same as what is known of a call by it; `issuedAt` is when the voucher was issued, in epoch seconds. */
export interface CallExchange extends VoucherExchange { readonly issuedAt: number }

/** The claims of an e-service voucher that admission reads (PDND, RFC 9068); times in epoch seconds. */
export interface VoucherClaims extends Partial<VoucherExchange> {
  readonly iss: string
  readonly aud: string | readonly string[]
  readonly sub: string
  readonly client_id: string
  readonly jti: string
  readonly iat: number
  readonly nbf: number
  readonly exp: number
  readonly purposeId: string
  readonly producerId: string
  readonly consumerId: string
  readonly eserviceId: string
  readonly descriptorId: string
  /** The key that the voucher is bound to (RFC 7800; RFC 9449, 6.1). */
  readonly cnf?: { readonly jkt: string }
  /** The SHA-256, in hexadecimal, of the tracking evidence with which the voucher was asked for (AUDIT_REST_02). */
  readonly digest?: { readonly alg: 'SHA256', readonly value: string }
}

/** True for the type of a voucher (RFC 9068, 2.1), in any case: no token of another kind has it. */
export const isVoucherType = (typ: unknown): boolean => typeof typ === 'string' && /^(?:application\/)?at\+jwt$/i.test(typ)

/** What the header of a voucher must be before its signature is looked at (PDND; RFC 8725, 3.1 and 3.11). */
export const headerChecks: readonly Check<Jws['header']>[] = [
  {
    name: 'typ',
    code: 'voucher-malformed',
    holds: ({ typ }) => isVoucherType(typ),
    expected: () => '"at+jwt"',
    got: ({ typ }) => shown(typ)
  },
  { name: 'alg', code: 'voucher-malformed', holds: ({ alg }) => alg === 'RS256', expected: () => '"RS256"', got: ({ alg }) => shownAlgorithm(alg) },
  {
    name: 'kid',
    code: 'voucher-malformed',
    holds: ({ kid }) => typeof kid === 'string' && /^[\x21-\x7e]{1,200}$/.test(kid),
    expected: () => 'the id of a key of the platform',
    // Anything can be written there, and it is looked at before anybody is known: it is not repeated in a log.
    got: ({ kid }) => typeof kid === 'string' ? `a text of ${kid.length} characters` : kid === undefined ? 'nothing' : 'no text'
  },
  {
    name: 'header members',
    code: 'voucher-malformed',
    holds: (header) => !steeringMembers.some((member) => Object.hasOwn(header, member)),
    expected: () => `none of ${steeringMembers.join(', ')}`,
    got: (header) => steeringMembers.filter((member) => Object.hasOwn(header, member)).join(', ') || 'none'
  }
]

// Only jkt: a confirmation that is not checked here would be one that is ignored.
const isBinding = (value: unknown): boolean => value === undefined ||
  (isRecord(value) && Object.keys(value).length === 1 && typeof value['jkt'] === 'string' && /^[A-Za-z0-9_-]{43}$/.test(value['jkt']))

// The platform copies it from the client assertion and looks at its length only, so its case is free.
const isEvidenceDigest = (value: unknown): boolean => value === undefined ||
  (isRecord(value) && Object.keys(value).length === 2 && value['alg'] === 'SHA256' && typeof value['value'] === 'string' && /^[0-9a-f]{64}$/i.test(value['value']))

const optional = (accepts: (value: unknown) => boolean) => (value: unknown): boolean => value === undefined || accepts(value)
const isScope = (value: unknown): boolean => asyncScopes.some((scope) => scope === value)

interface Form { readonly name: keyof VoucherClaims, readonly accepts: (value: unknown) => boolean, readonly expected: string }

const forms: readonly Form[] = [
  { name: 'iss', accepts: isText, expected: 'a string' },
  { name: 'aud', accepts: isAudience, expected: 'a string or a non-empty list of strings' },
  ...(['jti', 'sub', 'client_id', 'purposeId', 'producerId', 'consumerId', 'eserviceId', 'descriptorId'] as const).map((name) => ({ name, accepts: isUuid, expected: 'a UUID in lower case' })),
  ...(['iat', 'nbf', 'exp'] as const).map((name) => ({ name, accepts: isTime, expected: 'a time in whole epoch seconds' })),
  { name: 'cnf', accepts: isBinding, expected: 'nothing, or a key bound by jkt alone' },
  { name: 'digest', accepts: isEvidenceDigest, expected: 'nothing, or alg SHA256 and a value of 64 hexadecimal digits' },
  { name: 'scope', accepts: optional(isScope), expected: `nothing, or ${asyncScopes.join(', ')}` },
  { name: 'interactionId', accepts: optional(isUuid), expected: 'nothing, or a UUID in lower case' },
  { name: 'urlCallback', accepts: optional(isText), expected: 'nothing, or a URL of 2000 characters at most' }
]

// None of the three means anything without the others.
const isExchange = ({ scope, interactionId, urlCallback }: Jws['claims']): boolean =>
  (scope === undefined) === (interactionId === undefined) && (scope === 'start_interaction') === (urlCallback !== undefined)

const exchangeCheck: Check<Jws['claims']> = {
  name: 'scope, interactionId, urlCallback',
  code: 'voucher-claims-invalid',
  holds: isExchange,
  expected: () => 'none of them, or scope with interactionId and, for start_interaction alone, urlCallback',
  got: (claims) => ['scope', 'interactionId', 'urlCallback'].filter((name) => claims[name] !== undefined).join(', ') || 'none of them'
}

/** The form of every claim that admission reads. Passing all of them makes the claims `VoucherClaims`. */
export const formChecks: readonly Check<Jws['claims']>[] = [...forms.map(({ name, accepts, expected }): Check<Jws['claims']> => ({
  name: `${name} (form)`,
  code: 'voucher-claims-invalid',
  holds: (claims) => accepts(claims[name]),
  expected: () => expected,
  got: (claims) => accepts(claims[name]) ? 'as expected' : claims[name] === undefined ? 'nothing' : `a value of another form (${Array.isArray(claims[name]) ? 'array' : typeof claims[name]})`
})), exchangeCheck]

/** The claims without those of another form: what they hold is unknown, so it must not be shown either. */
export function withoutMalformed (claims: Jws['claims']): Partial<VoucherClaims> {
  const malformed = new Set<string>(forms.filter(({ name, accepts }) => !accepts(claims[name])).map(({ name }) => name))
  return Object.fromEntries(Object.entries(claims).filter(([name]) => !malformed.has(name)))
}
