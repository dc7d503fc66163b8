import type { KeyObject } from 'node:crypto'
import { aheadSeconds, audiencesOf, isAudience, isTime, maxLifetimeSeconds } from './claim.ts'
import { shown, shownTime } from './check.ts'
import type { Check } from './check.ts'
import type { CallerKind, Trust } from './demands.ts'
import type { Denial, DenialCode } from './denials.ts'
import { allAlgorithms, readJws, rsaAlgorithms, shownAlgorithm, verifyJws } from './jws.ts'
import type { Jws, SignatureAlgorithm } from './jws.ts'
import type { Ports } from './policy.ts'

/**
 * What the tokens have in common that a consumer signs itself (Agid-JWT-Signature, Agid-JWT-TrackingEvidence): one in its header field, a JWT
 * with the key named by kid (a key on the platform) or by certificate, and the times and the audience of a JWT.
 */

/** How a kind of token is called and refused. */
export interface TokenKind {
  /** The header field that it comes in. */
  readonly header: string
  /** Its explicit type (RFC 8725, 3.11), where it has another than JWT. */
  readonly typ?: string
  /** How long it may live, where that is less than anything may, in seconds. */
  readonly lifetimeSeconds?: number
  readonly missing: DenialCode
  readonly malformed: DenialCode
  readonly unverifiable: DenialCode
  readonly claims: DenialCode
  readonly audience: DenialCode
  readonly expired: DenialCode
  readonly notYetValid: DenialCode
}

/** Who signed a token: a client with one of its keys; `id` is the kid, or the thumbprint of the certificate. */
export interface Signer { readonly clientId: string, readonly id: string, readonly trust: Trust, readonly key: KeyObject }

/** What the claims of a token are held against; `url` is that of the call, where it is an audience too; `now` in epoch seconds. */
export interface TokenSubject { readonly claims: Jws['claims'], readonly audience: readonly string[], readonly url?: string, readonly now: number }

const certificateMembers = ['x5c', 'x5t#S256', 'x5u']
const steering = ['crit', 'b64', 'zip', 'cty', 'enc', 'jwk', 'jku', 'x5t']

const isType = (typ: unknown, wanted: string): boolean => typeof typ === 'string' && typ.toUpperCase() === wanted.toUpperCase()

/** How each kind of caller names the key that it signs with. */
const namedBy: Readonly<Record<CallerKind, Trust>> = { pdnd: 'pdnd', x509: 'x509', internal: 'pdnd' }
const keyNames: Readonly<Record<CallerKind, string>> = {
  pdnd: 'kid, the id of a key on the platform', x509: `a certificate (${certificateMembers.join(', ')})`, internal: 'kid, the thumbprint of a key that is registered here'
}

/** By what the header of a token says that it is signed, or undefined when it says nothing or two things. */
export function trustOf (header: Jws['header']): Trust | undefined {
  const byCertificate = certificateMembers.some((member) => Object.hasOwn(header, member))
  // A kid beside a certificate is a name that nobody asks for.
  return byCertificate ? 'x509' : typeof header['kid'] === 'string' ? 'pdnd' : undefined
}

/** What the header of a token must be before its signature is looked at (ModI INTEGRITY_REST_01 and _02, AUDIT_REST_01; RFC 8725, 3.1 and 3.11). */
export function tokenHeaderChecks ({ header: name, malformed: code, typ: wanted = 'JWT' }: Pick<TokenKind, 'header' | 'malformed' | 'typ'>, trusted: readonly CallerKind[]): readonly Check<Jws['header']>[] {
  // The platform holds RSA keys only.
  const algorithmsOf = (header: Jws['header']): readonly SignatureAlgorithm[] => trustOf(header) === 'x509' || trusted.includes('internal') ? allAlgorithms : rsaAlgorithms
  return [
    { name: `${name} typ`, code, holds: ({ typ }) => isType(typ, wanted), expected: () => shown(wanted), got: ({ typ }) => typ === undefined ? 'nothing' : isType(typ, wanted) ? 'that type' : 'another type' },
    { name: `${name} alg`, code, holds: (header) => algorithmsOf(header).some((one) => one === header['alg']), expected: (header) => algorithmsOf(header).join(', '), got: ({ alg }) => shownAlgorithm(alg) },
    {
      name: `${name} key`,
      code,
      holds: (header) => trusted.some((one) => namedBy[one] === trustOf(header)) && (trustOf(header) !== 'pdnd' || /^[A-Za-z0-9._~-]{1,200}$/.test(String(header['kid']))),
      expected: () => trusted.map((one) => keyNames[one]).join(', or '),
      // Anything can be written there, and it is looked at before anybody is known.
      got: (header) => trustOf(header) === undefined ? 'nothing' : trustOf(header) === 'x509' ? 'a certificate' : 'a kid'
    },
    { name: `${name} header members`, code, holds: (header) => !steering.some((member) => Object.hasOwn(header, member)), expected: () => `none of ${steering.join(', ')}`, got: (header) => steering.filter((member) => Object.hasOwn(header, member)).join(', ') || 'none' }
  ]
}

/** What the claims of a verified token must say, in order: `iat`, `exp` and `aud` are mandatory, `nbf` is checked where it is. */
export function tokenClaimChecks (kind: TokenKind): readonly Check<TokenSubject>[] {
  const { header: name, lifetimeSeconds = maxLifetimeSeconds } = kind
  const time = (claim: 'iat' | 'exp'): Check<TokenSubject> => ({
    name: `${name} ${claim} (form)`, code: kind.claims, holds: ({ claims }) => isTime(claims[claim]), expected: () => 'a time in whole epoch seconds', got: ({ claims }) => claims[claim] === undefined ? 'nothing' : isTime(claims[claim]) ? 'such a time' : 'a value of another form'
  })
  const shownClaim = (claim: string) => ({ claims }: TokenSubject): string => isTime(claims[claim]) ? shownTime(claims[claim]) : claims[claim] === undefined ? 'nothing' : 'no time'
  return [
    time('exp'),
    time('iat'),
    { name: `${name} exp`, code: kind.expired, holds: ({ claims, now }) => isTime(claims['exp']) && claims['exp'] > now, expected: ({ now }) => `later than ${shownTime(now)}`, got: shownClaim('exp') },
    { name: `${name} iat`, code: kind.notYetValid, holds: ({ claims, now }) => isTime(claims['iat']) && claims['iat'] <= now + aheadSeconds, expected: ({ now }) => `not later than ${shownTime(now + aheadSeconds)}`, got: shownClaim('iat') },
    { name: `${name} nbf`, code: kind.notYetValid, holds: ({ claims: { nbf }, now }) => nbf === undefined || (isTime(nbf) && nbf <= now + aheadSeconds), expected: ({ now }) => `none, or not later than ${shownTime(now + aheadSeconds)}`, got: shownClaim('nbf') },
    { name: `${name} lifetime`, code: kind.claims, holds: ({ claims: { exp, iat } }) => isTime(exp) && isTime(iat) && exp - iat <= lifetimeSeconds, expected: () => `${lifetimeSeconds} s at most`, got: ({ claims: { exp, iat } }) => isTime(exp) && isTime(iat) ? `${exp - iat} s` : 'no times' },
    {
      name: `${name} aud`,
      code: kind.audience,
      holds: ({ claims: { aud }, audience, url }) => isAudience(aud) && audiencesOf(aud).some((one) => audience.includes(one) || one === url),
      expected: ({ audience, url }) => [...audience.map(shown), ...url === undefined ? [] : ['the URL of the call']].join(' or '),
      got: ({ claims: { aud } }) => aud === undefined ? 'nothing' : isAudience(aud) ? shown(typeof aud === 'string' ? withoutPath(aud) : aud.map(withoutPath)) : 'a value of another form'
    }
  ]
}

// Where URLs of calls are audiences a path can hold what does not belong into a log.
function withoutPath (audience: string): string {
  return audience.replace(/^(https?:\/\/[^/?#]{1,200})[/?#][^]+/i, '$1/…')
}

/** The one token of a header field, taken apart, nothing checked yet. `values` are those of every such field. */
export function takeToken (values: readonly string[], kind: TokenKind): Jws | Denial {
  const [value, another] = values
  if (value === undefined || value === '') return { denial: kind.missing, check: kind.header, reason: `there is no ${kind.header} header` }
  if (another !== undefined || value.includes(',')) return { denial: kind.malformed, check: kind.header, reason: 'there are several' }
  const read = readJws(value)
  return typeof read === 'string' ? { denial: kind.malformed, check: `${kind.header} form`, reason: read } : read
}

/** Who the header says that signed, with its key from the trust source; a denial when it has none, or when it cannot be asked now. Nothing is verified yet. */
export function findSigner ({ header }: Jws, kind: TokenKind, { clientKeys, certificates }: Pick<Ports, 'clientKeys' | 'certificates'>, now: number): Signer | Denial | Promise<Signer | Denial> {
  const unverifiable = (reason: string): Denial => ({ denial: kind.unverifiable, check: `${kind.header} key`, reason })
  const unavailable: Denial = { denial: 'trust-source-unavailable', check: `${kind.header} key`, reason: 'the source of the key cannot be asked now', retryAfter: 30 }
  if (trustOf(header) === 'x509') {
    const decide = (found: Awaited<ReturnType<typeof certificates.find>>): Signer | Denial => {
      if (found === 'unavailable') return unavailable
      if ('untrusted' in found) return unverifiable(found.untrusted)
      if (found.clientId === undefined) return unverifiable('the certificate is registered with no client')
      return { clientId: found.clientId, id: found.thumbprint, trust: 'x509', key: found.key }
    }
    const found = certificates.find(header, now)
    return found instanceof Promise ? found.then(decide) : decide(found)
  }
  const kid = String(header['kid'])
  const decide = (found: Awaited<ReturnType<typeof clientKeys.find>>): Signer | Denial => {
    if (found === 'unavailable') return unavailable
    if (found === 'unknown') return unverifiable('there is no key with the id that its header names')
    return { clientId: found.clientId, id: kid, trust: 'pdnd', key: found.key }
  }
  const found = clientKeys.find(kid)
  return found instanceof Promise ? found.then(decide) : decide(found)
}

/** Verifies the signature of a token whose header passed its checks; undefined when it is genuine. */
export function verifyToken (token: Jws, { key }: Pick<Signer, 'key'>, kind: TokenKind): Denial | undefined {
  const genuine = verifyJws(token, token.header['alg'] as SignatureAlgorithm, key)
  return genuine ? undefined : { denial: kind.unverifiable, check: `${kind.header} signature`, reason: 'the signature does not match' }
}
