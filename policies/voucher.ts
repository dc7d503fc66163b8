import { parseJson } from '../openapi/json.ts'
import type { Check } from './check.ts'
import { shown } from './check.ts'

/** The claims of an e-service voucher that admission reads (PDND, RFC 9068); times in epoch seconds. */
export interface VoucherClaims {
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
}

/** A JWS in compact form taken apart (RFC 7515), nothing verified yet. */
export interface ReadToken {
  readonly header: Readonly<Record<string, unknown>>
  readonly claims: Readonly<Record<string, unknown>>
  readonly signed: string
  readonly signature: Buffer
}

const maxVoucherBytes = 8192

/**
 * Takes a voucher apart. Strict, because a lenient reader gives one token several spellings: three canonical base64url segments, JSON
 * objects without duplicate members. Gives the sentence that says what is wrong otherwise; never throws, never repeats the token.
 */
export function readToken (token: string): ReadToken | string {
  if (token.length > maxVoucherBytes) return `it is longer than ${maxVoucherBytes} bytes`
  const segments = token.split('.')
  const [header, claims, signature] = segments.map(decodeSegment)
  if (segments.length !== 3) return `it has ${segments.length} segments instead of 3`
  if (!header || !claims || !signature) return 'a segment is not canonical base64url'
  const readHeader = parseJson(header)
  if ('fault' in readHeader) return `its header cannot be read: ${readHeader.fault}`
  const readClaims = parseJson(claims)
  if ('fault' in readClaims) return `its claims cannot be read: ${readClaims.fault}`
  if (!isRecord(readHeader.value) || !isRecord(readClaims.value)) return 'its header and claims must be JSON objects'
  return { header: readHeader.value, claims: readClaims.value, signed: token.slice(0, token.lastIndexOf('.')), signature }
}

function isRecord (value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

// Re-encoding is the one sure test that no other spelling of the same bytes was sent (hardening against signature malleability).
function decodeSegment (segment: string): Buffer | undefined {
  if (segment === '') return undefined
  const bytes = Buffer.from(segment, 'base64url')
  return bytes.toString('base64url') === segment ? bytes : undefined
}

const steering = ['crit', 'b64', 'zip', 'cty', 'enc', 'jwk', 'jku', 'x5u', 'x5c']

/** What the header of a voucher must be before its signature is looked at (PDND; RFC 8725, 3.1 and 3.11). */
export const headerChecks: readonly Check<ReadToken['header']>[] = [
  {
    name: 'typ',
    code: 'voucher-malformed',
    holds: ({ typ }) => typeof typ === 'string' && /^(?:application\/)?at\+jwt$/i.test(typ),
    expected: () => '"at+jwt"',
    got: ({ typ }) => shown(typ)
  },
  { name: 'alg', code: 'voucher-malformed', holds: ({ alg }) => alg === 'RS256', expected: () => '"RS256"', got: ({ alg }) => shown(alg) },
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
    holds: (header) => !steering.some((member) => Object.hasOwn(header, member)),
    expected: () => `none of ${steering.join(', ')}`,
    got: (header) => steering.filter((member) => Object.hasOwn(header, member)).join(', ') || 'none'
  }
]

const uuid = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/
const isUuid = (value: unknown): boolean => typeof value === 'string' && uuid.test(value)
/** True for a time in whole epoch seconds. Beyond the year 9999 a number is no time but an attempt to never expire. */
export const isTime = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) > 0 && (value as number) < 253_402_300_800
const isText = (value: unknown): boolean => typeof value === 'string' && value !== '' && value.length <= 2000
const isAudience = (value: unknown): boolean => isText(value) || (Array.isArray(value) && value.length > 0 && value.every(isText))

// Only jkt: a confirmation that is not checked here would be one that is ignored.
const isBinding = (value: unknown): boolean => value === undefined ||
  (isRecord(value) && Object.keys(value).length === 1 && typeof value['jkt'] === 'string' && /^[A-Za-z0-9_-]{43}$/.test(value['jkt']))

interface Form { readonly name: keyof VoucherClaims, readonly accepts: (value: unknown) => boolean, readonly expected: string }

const forms: readonly Form[] = [
  { name: 'iss', accepts: isText, expected: 'a string' },
  { name: 'aud', accepts: isAudience, expected: 'a string or a non-empty list of strings' },
  ...(['jti', 'sub', 'client_id', 'purposeId', 'producerId', 'consumerId', 'eserviceId', 'descriptorId'] as const).map((name) => ({ name, accepts: isUuid, expected: 'a UUID in lower case' })),
  ...(['iat', 'nbf', 'exp'] as const).map((name) => ({ name, accepts: isTime, expected: 'a time in whole epoch seconds' })),
  { name: 'cnf', accepts: isBinding, expected: 'nothing, or a key bound by jkt alone' }
]

/** The form of every claim that admission reads. Passing all of them makes the claims `VoucherClaims`. */
export const formChecks: readonly Check<ReadToken['claims']>[] = forms.map(({ name, accepts, expected }) => ({
  name: `${name} (form)`,
  code: 'voucher-claims-invalid',
  holds: (claims) => accepts(claims[name]),
  expected: () => expected,
  got: (claims) => accepts(claims[name]) ? 'as expected' : claims[name] === undefined ? 'nothing' : `a value of another form (${Array.isArray(claims[name]) ? 'array' : typeof claims[name]})`
}))

/** The claims without those of another form: what they hold is unknown, so it must not be shown either. */
export function withoutMalformed (claims: ReadToken['claims']): Partial<VoucherClaims> {
  const malformed = new Set<string>(forms.filter(({ name, accepts }) => !accepts(claims[name])).map(({ name }) => name))
  return Object.fromEntries(Object.entries(claims).filter(([name]) => !malformed.has(name)))
}
