import { aheadSeconds, audiencesOf, maxLifetimeSeconds } from './claim.ts'
import { firstFailure, shown, shownTime } from './check.ts'
import type { Check } from './check.ts'
import type { CallerFact } from './caller.ts'
import { authorizationOf } from './credentials.ts'
import type { Credentials, Scheme } from './credentials.ts'
import type { Denial } from './denials.ts'
import { verifyJws } from './jws.ts'
import type { Jws } from './jws.ts'
import type { FoundKey, Keys } from './keys.ts'
import { Lately } from './lately.ts'
import type { Answer, Ports, Terms } from './policy.ts'
import { formChecks, headerChecks } from './voucher.ts'
import type { CallExchange, VoucherClaims } from './voucher.ts'

/** The platform's way in: a voucher proves who calls (ID_AUTH_REST_01 with trust by PDND). */

interface Subject { readonly claims: VoucherClaims, readonly terms: Terms, readonly now: number }

/** What passing time changes of a verdict. */
const timelyChecks: readonly Check<Subject>[] = [
  { name: 'exp', code: 'voucher-expired', holds: ({ claims, now }) => claims.exp > now, expected: ({ now }) => `later than ${shownTime(now)}`, got: ({ claims }) => shownTime(claims.exp) },
  { name: 'nbf', code: 'voucher-not-yet-valid', holds: ({ claims, now }) => claims.nbf <= now + aheadSeconds, expected: ({ now }) => `not later than ${shownTime(now + aheadSeconds)}`, got: ({ claims }) => shownTime(claims.nbf) },
  { name: 'iat', code: 'voucher-not-yet-valid', holds: ({ claims, now }) => claims.iat <= now + aheadSeconds, expected: ({ now }) => `not later than ${shownTime(now + aheadSeconds)}`, got: ({ claims }) => shownTime(claims.iat) }
]

/**
 * What the claims of a verified voucher must say for this e-service, in order (LGP Allegato 3; RFC 8725; RFC 9068, 4). The ids come before
 * the audience, which differs with them: "another e-service" says more than "another audience".
 */
export const claimChecks: readonly Check<Subject>[] = [
  { name: 'iss', code: 'voucher-issuer-mismatch', holds: ({ claims, terms }) => claims.iss === terms.issuer, expected: ({ terms }) => shown(terms.issuer), got: ({ claims }) => shown(claims.iss) },
  { name: 'sub', code: 'voucher-claims-invalid', holds: ({ claims }) => claims.sub === claims.client_id, expected: ({ claims }) => `client_id, ${shown(claims.client_id)}`, got: ({ claims }) => shown(claims.sub) },
  ...timelyChecks,
  { name: 'lifetime', code: 'voucher-lifetime-exceeded', holds: ({ claims }) => claims.exp - claims.iat <= maxLifetimeSeconds, expected: () => `${maxLifetimeSeconds} s at most`, got: ({ claims }) => `${claims.exp - claims.iat} s` },
  { name: 'producerId', code: 'producer-mismatch', holds: ({ claims, terms }) => claims.producerId === terms.producerId, expected: ({ terms }) => shown(terms.producerId), got: ({ claims }) => shown(claims.producerId) },
  { name: 'eserviceId', code: 'eservice-mismatch', holds: ({ claims, terms }) => claims.eserviceId === terms.eserviceId, expected: ({ terms }) => shown(terms.eserviceId), got: ({ claims }) => shown(claims.eserviceId) },
  { name: 'descriptorId', code: 'descriptor-mismatch', holds: ({ claims, terms }) => terms.descriptorIds.includes(claims.descriptorId), expected: ({ terms }) => terms.descriptorIds.map(shown).join(' or '), got: ({ claims }) => shown(claims.descriptorId) },
  { name: 'aud', code: 'voucher-audience-mismatch', holds: ({ claims, terms }) => audiencesOf(claims.aud).some((one) => terms.audience.includes(one)), expected: ({ terms }) => terms.audience.map(shown).join(' or '), got: ({ claims }) => shown(claims.aud) }
]

/** Every way in which a voucher is refused. */
export const voucherDenials = ['trust-source-unavailable', ...new Set([...headerChecks, ...formChecks, ...claimChecks].map((check) => check.code)), 'voucher-unverifiable'] as const

/** Who calls by voucher on one e-service; `now` in epoch ms. */
export interface Vouchers {
  /** What a voucher proves whose signature was verified before, by the value of the Authorization header that it comes in; undefined when it was not, or when that may not be relied on any more. */
  recall (authorization: string, now: number): CallerFact | Denial | undefined
  /** What a voucher proves that comes for the first time. */
  prove (credentials: Credentials, voucher: Jws, now: number): Answer<CallerFact>
}

export function prepareVouchers ({ keys }: Pick<Ports, 'keys'>, terms: Terms): Vouchers {
  const verified = new VerifiedVouchers(keys)
  return {
    recall: (authorization, now) => verified.recall(authorization)?.judge(terms, now),
    prove (credentials, voucher, now) {
      const failure = firstFailure(headerChecks, voucher.header)
      // Before the signature is verified the caller is not told which part is wrong.
      if (failure) return { denial: failure.denial, check: failure.check, reason: failure.reason }
      const { epoch } = keys
      const finish = (found: FoundKey): CallerFact | Denial => {
        const denial = verifySignature(voucher, found)
        if (denial) return denial
        const one = new VerifiedVoucher(voucher, credentials.scheme)
        // While a key was waited for, the keys can have changed: what it verified is then good for this call only.
        if (keys.epoch === epoch) verified.remember(authorizationOf(credentials), one)
        return one.judge(terms, now)
      }
      const found = keys.find(voucher.header['kid'] as string)
      return found instanceof Promise ? found.then(finish) : finish(found)
    }
  }
}

/** Verifies RS256 with the key that was found for the voucher's kid. */
export function verifySignature (voucher: Jws, found: FoundKey): Denial | undefined {
  if (found === 'unavailable') return { denial: 'trust-source-unavailable', check: 'signature', reason: 'the keys of the platform cannot be fetched now', retryAfter: 30 }
  if (found === 'unknown') return { denial: 'voucher-unverifiable', check: 'signature', reason: 'the platform has no key with the id that its header names' }
  return verifyJws(voucher, 'RS256', found.key) ? undefined : { denial: 'voucher-unverifiable', check: 'signature', reason: 'the signature does not match' }
}

function judgeClaims (read: Jws['claims'], terms: Terms, nowMs: number): VoucherClaims | Denial {
  const failure = firstFailure(formChecks, read)
  if (failure) return failure
  const claims = read as unknown as VoucherClaims
  return firstFailure(claimChecks, { claims, terms, now: Math.floor(nowMs / 1000) }) ?? claims
}

/** What a voucher with these claims proves, that the key `kid` signed. */
export function factOf (claims: VoucherClaims, kid: string, scheme: Scheme): CallerFact {
  return {
    kind: 'pdnd',
    clientId: claims.client_id,
    consumerId: claims.consumerId,
    producerId: claims.producerId,
    purposeId: claims.purposeId,
    eserviceId: claims.eserviceId,
    descriptorId: claims.descriptorId,
    jti: claims.jti,
    kid,
    jkt: claims.cnf?.jkt,
    scheme,
    evidenceDigest: claims.digest?.value.toLowerCase(),
    exchange: exchangeOf(claims)
  }
}

/** The step of an asynchronous exchange that a voucher is for, if it is; its claims have the right form. */
function exchangeOf ({ scope, interactionId, urlCallback, iat }: VoucherClaims): CallExchange | undefined {
  return scope === undefined || interactionId === undefined ? undefined : { scope, interactionId, urlCallback, issuedAt: iat }
}

/** What a voucher says whose signature was verified. What it proves once holds for as long as time does not change it. */
class VerifiedVoucher {
  readonly kid: string
  readonly #claims: Jws['claims']
  readonly #scheme: Scheme
  #fact: CallerFact | undefined

  constructor (voucher: Jws, scheme: Scheme) {
    // Of a voucher that is remembered nothing more is: there are many.
    this.#claims = voucher.claims
    this.#scheme = scheme
    this.kid = voucher.header['kid'] as string
  }

  judge (terms: Terms, now: number): CallerFact | Denial {
    if (this.#fact && !firstFailure(timelyChecks, { claims: this.#claims as unknown as VoucherClaims, terms, now: Math.floor(now / 1000) })) return this.#fact
    const judged = judgeClaims(this.#claims, terms, now)
    if ('denial' in judged) return judged
    return this.#fact = factOf(judged, this.kid, this.#scheme)
  }
}

const maxRemembered = 10_000

/**
 * Vouchers whose signature was verified, by the exact text of the header that they come in, so that it is verified once. Everything is forgotten when the
 * platform's keys change.
 */
class VerifiedVouchers {
  readonly #keys: Keys
  readonly #byAuthorization = new Lately<VerifiedVoucher>(maxRemembered)
  #epoch = -1
  constructor (keys: Keys) {
    this.#keys = keys
  }

  recall (authorization: string): VerifiedVoucher | undefined {
    if (this.#epoch !== this.#keys.epoch) {
      this.#byAuthorization.clear()
      this.#epoch = this.#keys.epoch
    }
    const voucher = this.#byAuthorization.get(authorization)
    // A key serves on only for so long while its source is away, and what it verified with it.
    return voucher && this.#keys.known(voucher.kid) ? voucher : undefined
  }

  remember (authorization: string, voucher: VerifiedVoucher): void {
    this.#byAuthorization.set(authorization, voucher)
  }
}
