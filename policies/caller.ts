import { certificateDenials, prepareCertified } from './certificate-caller.ts'
import type { Channel, ClientCertificate } from './channel.ts'
import { firstFailure } from './check.ts'
import type { Check } from './check.ts'
import { authorizationOf, readCredentials } from './credentials.ts'
import type { Scheme } from './credentials.ts'
import type { CallerKind } from './demands.ts'
import type { Denial } from './denials.ts'
import { internalCertificateDenials, internalTokenDenials, isInternalType, prepareInternal } from './internal-caller.ts'
import { readJws } from './jws.ts'
import type { Jws } from './jws.ts'
import type { Call, Policy } from './policy.ts'
import { trustOf } from './signed-token.ts'
import { isVoucherType } from './voucher.ts'
import type { CallExchange } from './voucher.ts'
import { prepareVouchers, voucherDenials } from './voucher-caller.ts'

/**
 * Who calls (ID_AUTH_REST_01), proved by a voucher of the platform, by a token that the caller signed with a certificate or, inside, as an application that
 * is registered here: `kind` says by which, and nothing behind it has to ask. `consumerId` is the delegator where a delegation is in play.
 */
export interface CallerFact {
  readonly kind: CallerKind
  readonly clientId: string
  readonly consumerId: string
  readonly producerId: string
  readonly purposeId: string
  readonly eserviceId: string
  readonly descriptorId: string
  /** Undefined only for a token by certificate that need not be used once and has none, and where a certificate came without a token. */
  readonly jti: string | undefined
  /** The key that signed: its id on the platform, its thumbprint, or that of its certificate. */
  readonly kid: string
  /** The thumbprint of the key that the voucher is bound to, and the scheme that it came with: whether they go together is for the policy `dpop` to say. */
  readonly jkt: string | undefined
  readonly scheme: Scheme
  /** The SHA-256 of the tracking evidence that the voucher was asked for with, in lower-case hexadecimal (AUDIT_REST_02). */
  readonly evidenceDigest: string | undefined
  /** What a voucher of an asynchronous exchange says of it; with `callback_invocation` the client is the producer's keychain. */
  readonly exchange?: CallExchange | undefined
}

/** By what a token that came is known, and what is taken where it came. */
interface Kind { readonly kind: CallerKind, readonly trust: readonly CallerKind[] }

const kindNames: Readonly<Record<CallerKind, string>> = { pdnd: 'a voucher of the platform', x509: 'a token signed with a certificate', internal: 'a token of an internal application' }

const applications: readonly CallerKind[] = ['internal']

/** The kinds of caller that an operation takes: what its contract says is about consumers, and where internal applications call nobody else does. */
export function callersOf ({ listener, demands }: Pick<Call, 'listener' | 'demands'>): readonly CallerKind[] {
  return listener === 'internal' ? applications : demands.trust
}

/** The kinds of caller are those of the operation, whatever another one takes. */
export const kindChecks: readonly Check<Kind>[] = [
  { name: 'kind of caller', code: 'caller-kind-not-trusted', holds: ({ kind, trust }) => trust.includes(kind), expected: ({ trust }) => trust.map((one) => kindNames[one]).join(' or '), got: ({ kind }) => kindNames[kind] }
]

/** By what a token would be known, going by its header alone. One that does not say it counts as what is taken, to be refused as a malformed one of that kind. */
export function kindOf (header: Jws['header'], [first = 'pdnd']: readonly CallerKind[]): CallerKind {
  if (isVoucherType(header['typ'])) return 'pdnd'
  if (isInternalType(header['typ'])) return 'internal'
  const trust = trustOf(header)
  return trust === undefined || (trust === 'pdnd' && first === 'internal') ? first : trust
}

/** The refusal of what is no token at all, where these kinds are taken. */
export function formlessToken (reason: string, [first]: readonly CallerKind[]): Denial {
  return { denial: first === 'x509' || first === 'internal' ? 'token-malformed' : 'voucher-malformed', check: 'form', reason }
}

/**
 * Proves who calls by the voucher in `Authorization: Bearer` (or `DPoP`, when it is bound to a key) or by the caller's own token in `Authorization: Bearer`, as the operation trusts;
 * where internal applications call by their token or, without one, by the certificate of the connection.
 */
export const caller: Policy<'caller'> = {
  name: 'caller',
  stage: 'before-body',
  needs: [],
  denials: [...new Set(['malformed-request', 'address-limit-exceeded', 'voucher-missing', 'caller-kind-not-trusted', ...voucherDenials, ...certificateDenials, ...internalTokenDenials, ...internalCertificateDenials] as const)],
  prepare: (ports, terms) => {
    const vouchers = prepareVouchers(ports, terms)
    const certified = prepareCertified(ports, terms)
    const internal = prepareInternal(ports, terms)
    return (call) => {
      const certificate = certificateOf(call)
      if (certificate) return internal.proveByCertificate(certificate, call)
      const { now, blockedSeconds, authorization: [written = '', another] } = call
      const trust = callersOf(call)
      const recall = (authorization: string): CallerFact | Denial | undefined => trust.includes('pdnd') ? vouchers.recall(authorization, now) : undefined
      // Nearly every call comes with a voucher that is known by the very text of its header.
      const known = another === undefined ? recall(written) : undefined
      if (known) return known
      const credentials = readCredentials(call.authorization)
      if ('denial' in credentials) return credentials
      const usual = authorizationOf(credentials)
      const knownOtherwise = usual === written ? undefined : recall(usual)
      if (knownOtherwise) return knownOtherwise
      // Verifying costs more than sending: from a blocked address only vouchers pass that were verified before.
      if (blockedSeconds > 0) return blockedAddress(blockedSeconds)
      const token = readJws(credentials.voucher)
      if (typeof token === 'string') return formlessToken(token, trust)
      const kind = kindOf(token.header, trust)
      const denial = firstFailure(kindChecks, { kind, trust })
      if (denial) return denial
      return kind === 'pdnd' ? vouchers.prove(credentials, token, now) : (kind === 'x509' ? certified : internal).prove(credentials, token, call)
    }
  }
}

/** The certificate that a call is judged by, because it came inside and nothing else did. That its sender has the key was proved when the connection was opened, whatever its address is blocked for. */
export function certificateOf ({ listener, authorization, connection }: Pick<Call, 'listener' | 'authorization'> & { readonly connection: Channel | undefined }): ClientCertificate | undefined {
  return listener === 'internal' && authorization.length === 0 ? connection?.certificate : undefined
}

/** The refusal of a caller whose address is blocked and who has not proved who it is. */
export function blockedAddress (seconds: number): Denial {
  return { denial: 'address-limit-exceeded', check: 'address', retryAfter: seconds }
}
