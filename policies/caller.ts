import { aheadSeconds, audiencesOf, maxLifetimeSeconds } from './claim.ts'
import { firstFailure, shown, shownTime } from './check.ts'
import type { Check } from './check.ts'
import type { Denial } from './denials.ts'
import { readJws, verifyJws } from './jws.ts'
import type { Jws } from './jws.ts'
import type { FoundKey, Keys } from './keys.ts'
import type { Policy, Terms } from './policy.ts'
import { formChecks, headerChecks } from './voucher.ts'
import type { VoucherClaims } from './voucher.ts'

/** Who calls, proved by a verified voucher (ID_AUTH_REST_01). `consumerId` is the delegator where a delegation is in play. */
export interface CallerFact {
  readonly clientId: string
  readonly consumerId: string
  readonly producerId: string
  readonly purposeId: string
  readonly eserviceId: string
  readonly descriptorId: string
  readonly jti: string
  readonly kid: string
  /** The thumbprint of the key that the voucher is bound to, and the scheme that it came with: whether they go together is for the policy `dpop` to say. */
  readonly jkt: string | undefined
  readonly scheme: Scheme
}

/** How a voucher is presented (RFC 6750; RFC 9449, 7.1). */
export type Scheme = 'Bearer' | 'DPoP'
export interface Credentials { readonly scheme: Scheme, readonly voucher: string }

interface Subject { readonly claims: VoucherClaims, readonly terms: Terms, readonly now: number }

/**
 * What the claims of a verified voucher must say for this e-service, in order (LGP Allegato 3; RFC 8725; RFC 9068, 4). The ids come before
 * the audience, which differs with them: "another e-service" says more than "another audience".
 */
export const claimChecks: readonly Check<Subject>[] = [
  { name: 'iss', code: 'voucher-issuer-mismatch', holds: ({ claims, terms }) => claims.iss === terms.issuer, expected: ({ terms }) => shown(terms.issuer), got: ({ claims }) => shown(claims.iss) },
  { name: 'sub', code: 'voucher-claims-invalid', holds: ({ claims }) => claims.sub === claims.client_id, expected: ({ claims }) => `client_id, ${shown(claims.client_id)}`, got: ({ claims }) => shown(claims.sub) },
  { name: 'exp', code: 'voucher-expired', holds: ({ claims, now }) => claims.exp > now, expected: ({ now }) => `later than ${shownTime(now)}`, got: ({ claims }) => shownTime(claims.exp) },
  { name: 'nbf', code: 'voucher-not-yet-valid', holds: ({ claims, now }) => claims.nbf <= now + aheadSeconds, expected: ({ now }) => `not later than ${shownTime(now + aheadSeconds)}`, got: ({ claims }) => shownTime(claims.nbf) },
  { name: 'iat', code: 'voucher-not-yet-valid', holds: ({ claims, now }) => claims.iat <= now + aheadSeconds, expected: ({ now }) => `not later than ${shownTime(now + aheadSeconds)}`, got: ({ claims }) => shownTime(claims.iat) },
  { name: 'lifetime', code: 'voucher-lifetime-exceeded', holds: ({ claims }) => claims.exp - claims.iat <= maxLifetimeSeconds, expected: () => `${maxLifetimeSeconds} s at most`, got: ({ claims }) => `${claims.exp - claims.iat} s` },
  { name: 'producerId', code: 'producer-mismatch', holds: ({ claims, terms }) => claims.producerId === terms.producerId, expected: ({ terms }) => shown(terms.producerId), got: ({ claims }) => shown(claims.producerId) },
  { name: 'eserviceId', code: 'eservice-mismatch', holds: ({ claims, terms }) => claims.eserviceId === terms.eserviceId, expected: ({ terms }) => shown(terms.eserviceId), got: ({ claims }) => shown(claims.eserviceId) },
  { name: 'descriptorId', code: 'descriptor-mismatch', holds: ({ claims, terms }) => terms.descriptorIds.includes(claims.descriptorId), expected: ({ terms }) => terms.descriptorIds.map(shown).join(' or '), got: ({ claims }) => shown(claims.descriptorId) },
  { name: 'aud', code: 'voucher-audience-mismatch', holds: ({ claims, terms }) => audiencesOf(claims.aud).some((one) => terms.audience.includes(one)), expected: ({ terms }) => terms.audience.map(shown).join(' or '), got: ({ claims }) => shown(claims.aud) }
]

/** Proves who calls by the voucher in `Authorization: Bearer` or, when it is bound to a key, `Authorization: DPoP`. */
export const caller: Policy<'caller'> = {
  name: 'caller',
  stage: 'before-body',
  needs: [],
  denials: ['malformed-request', 'address-limit-exceeded', 'voucher-missing', 'trust-source-unavailable', ...new Set([...headerChecks, ...formChecks, ...claimChecks].map((check) => check.code)), 'voucher-unverifiable'],
  prepare: ({ keys }, terms) => {
    const verified = new VerifiedVouchers(keys)
    return ({ authorization, now, blockedSeconds }) => {
      const credentials = readCredentials(authorization)
      if ('denial' in credentials) return credentials
      const { scheme, voucher: token } = credentials
      const judge = (read: Jws): CallerFact | Denial => judgeClaims(read, scheme, terms, now)
      const read = verified.recall(token)
      if (read) return judge(read)
      // Verifying costs more than sending: from a blocked address only vouchers pass that were verified before.
      if (blockedSeconds > 0) return blockedAddress(blockedSeconds)
      const voucher = readVoucher(token)
      if ('denial' in voucher) return voucher
      const finish = (found: FoundKey): CallerFact | Denial => {
        const denial = verifySignature(voucher, found)
        if (denial) return denial
        verified.remember(token, voucher)
        return judge(voucher)
      }
      const found = keys.find(voucher.header['kid'] as string)
      return found instanceof Promise ? found.then(finish) : finish(found)
    }
  }
}

/** The refusal of a caller whose address is blocked and who has not proved who it is. */
export function blockedAddress (seconds: number): Denial {
  return { denial: 'address-limit-exceeded', check: 'address', retryAfter: seconds }
}

/** The voucher in one Authorization header, with its scheme (RFC 6750, 2.1; RFC 9449, 7.1; the scheme's case is free, exactly one space). */
export function readCredentials (authorization: readonly string[]): Credentials | Denial {
  const [value, another] = authorization
  if (value === undefined || value === '') return { denial: 'voucher-missing', check: 'Authorization', reason: 'there is no Authorization header' }
  if (another !== undefined) return { denial: 'malformed-request', check: 'Authorization', reason: 'there are several Authorization headers' }
  if (value.includes(',')) return { denial: 'malformed-request', check: 'Authorization', detail: 'There are several credentials in one Authorization header.', reason: 'there are several credentials in one Authorization header' }
  if (/^(?:bearer|dpop)$/i.test(value.trim())) return { denial: 'voucher-missing', check: 'Authorization', reason: 'there is no voucher after the scheme' }
  const [, scheme, voucher] = /^(bearer|dpop) ([A-Za-z0-9._~+/=-]+)$/i.exec(value) ?? []
  if (voucher === undefined) return { denial: 'voucher-missing', check: 'Authorization', reason: 'it is not of the form: Bearer <voucher>, or DPoP <voucher>' }
  return { scheme: scheme?.toLowerCase() === 'dpop' ? 'DPoP' : 'Bearer', voucher }
}

/** A voucher whose form and header are right; the signature is still to be verified. */
export function readVoucher (token: string): Jws | Denial {
  const read = readJws(token)
  if (typeof read === 'string') return { denial: 'voucher-malformed', check: 'form', reason: read }
  const failure = firstFailure(headerChecks, read.header)
  // Before the signature is verified the caller is not told which part is wrong.
  return failure ? { denial: failure.denial, check: failure.check, reason: failure.reason } : read
}

/** Verifies RS256 with the key that was found for the voucher's kid. */
export function verifySignature (voucher: Jws, found: FoundKey): Denial | undefined {
  if (found === 'unavailable') return { denial: 'trust-source-unavailable', check: 'signature', reason: 'the keys of the platform cannot be fetched now', retryAfter: 30 }
  if (found === 'unknown') return { denial: 'voucher-unverifiable', check: 'signature', reason: 'the platform has no key with the id that its header names' }
  return verifyJws(voucher, 'RS256', found.key) ? undefined : { denial: 'voucher-unverifiable', check: 'signature', reason: 'the signature does not match' }
}

function judgeClaims (voucher: Jws, scheme: Scheme, terms: Terms, nowMs: number): CallerFact | Denial {
  const failure = firstFailure(formChecks, voucher.claims)
  if (failure) return failure
  const claims = voucher.claims as unknown as VoucherClaims
  const denial = firstFailure(claimChecks, { claims, terms, now: Math.floor(nowMs / 1000) })
  if (denial) return denial
  return {
    clientId: claims.client_id,
    consumerId: claims.consumerId,
    producerId: claims.producerId,
    purposeId: claims.purposeId,
    eserviceId: claims.eserviceId,
    descriptorId: claims.descriptorId,
    jti: claims.jti,
    kid: voucher.header['kid'] as string,
    jkt: claims.cnf?.jkt,
    scheme
  }
}

const maxRemembered = 10_000

/**
 * Vouchers whose signature was verified, by their exact text, so that it is verified once. Only the signature is remembered: the claims
 * are judged anew on every call, and everything is forgotten when the platform's keys change.
 */
class VerifiedVouchers {
  readonly #keys: Keys
  readonly #tokens = new Map<string, Jws>()
  #epoch = -1
  constructor (keys: Keys) {
    this.#keys = keys
  }

  recall (token: string): Jws | undefined {
    if (this.#epoch !== this.#keys.epoch) {
      this.#tokens.clear()
      this.#epoch = this.#keys.epoch
    }
    const voucher = this.#tokens.get(token)
    // A key serves on only for so long while its source is away, and what it verified with it.
    return voucher && this.#keys.known(voucher.header['kid'] as string) ? voucher : undefined
  }

  remember (token: string, voucher: Jws): void {
    if (this.#tokens.size >= maxRemembered) this.#tokens.delete(this.#tokens.keys().next().value as string)
    this.#tokens.set(token, voucher)
  }
}
