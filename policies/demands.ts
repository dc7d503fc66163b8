import type { AgreedClaims } from './agreed-claims.ts'

/** By what a caller or a signature is known: a key deposited on the platform, or an X.509 certificate of somebody outside it. */
export const trusts = ['pdnd', 'x509'] as const
export type Trust = (typeof trusts)[number]

/** Every kind of caller: those that a contract can take, and the administration's own applications, which call on a listener of their own. */
export const callerKinds = [...trusts, 'internal'] as const
export type CallerKind = (typeof callerKinds)[number]

/** On which listener a call came: that of the e-services' consumers, or that of internal applications. */
export type Listener = 'public' | 'internal'

/** The scopes of an asynchronous exchange (PDND), in the order in which an interaction goes through them. */
export const asyncScopes = ['start_interaction', 'callback_invocation', 'get_resource', 'confirmation'] as const
export type AsyncScope = (typeof asyncScopes)[number]

/** What an operation is in a non-blocking interaction (NONBLOCK_PUSH_REST, NONBLOCK_PULL_REST). */
export const nonBlockingSteps = ['push', 'pull-request', 'pull-status', 'pull-result'] as const
export type NonBlockingStep = (typeof nonBlockingSteps)[number]

/** ModI patterns that a contract can name. */
export const patterns = ['ID_AUTH_CHANNEL_01', 'ID_AUTH_CHANNEL_02', 'ID_AUTH_REST_01', 'ID_AUTH_REST_02', 'INTEGRITY_REST_01', 'INTEGRITY_REST_02',
  'AUDIT_REST_01', 'AUDIT_REST_02', 'PROFILE_CONF_ID_AUTH_01', 'PROFILE_NON_REPUDIATION_01'] as const
export type Pattern = (typeof patterns)[number]

/** A signature over the message (INTEGRITY_REST_01 by certificate, INTEGRITY_REST_02 by a key of the platform). */
export interface IntegrityDemand {
  /** By what the signature may be known: any of these. */
  readonly trust: readonly Trust[]
  /** Headers (lower case) that must be signed besides Digest, Content-Type and Content-Encoding. */
  readonly headers: readonly string[]
  /** Whether a request without a body must be signed too. One that is signed all the same is checked. */
  readonly emptyBody: 'unsigned' | 'signed'
  /** Content codings (lower case) in which a body may come; the digest is that of the coded bytes. */
  readonly contentCodings: readonly string[]
}

/** Tracking evidence (AUDIT_REST_01, AUDIT_REST_02). */
export interface EvidenceDemand {
  /** By what the signature of the evidence may be known: any of these. */
  readonly trust: readonly Trust[]
  /** True when the voucher must hold the digest of the evidence (AUDIT_REST_02). */
  readonly bound: boolean
  /** The claims that were agreed (userID, userLocation, LoA or others), where the contract describes them. */
  readonly claims: AgreedClaims | undefined
}

/** What the contract of an operation demands of a call beyond what holds for all (`x-modi`). It can only add. */
export interface Demands {
  /** The patterns that it names, for documentation. */
  readonly patterns: readonly Pattern[]
  /** The kinds of caller that it takes. */
  readonly trust: readonly Trust[]
  /** TLS (ID_AUTH_CHANNEL_01), or TLS with a client certificate (ID_AUTH_CHANNEL_02). */
  readonly channel: 'any' | 'tls' | 'mutual-tls'
  /** Only a voucher that is bound to a key is taken. */
  readonly dpop: boolean
  /** The call must carry something that can be used once (ID_AUTH_REST_02). */
  readonly singleUse: boolean
  readonly integrity: IntegrityDemand | undefined
  readonly evidence: EvidenceDemand | undefined
  /** The answer is signed with a key of the producer keychain. */
  readonly signedResponse: boolean
  /** The signed request is kept as evidence before it is answered (PROFILE_NON_REPUDIATION_01). */
  readonly nonRepudiation: boolean
  readonly scope: AsyncScope | undefined
  readonly nonBlocking: NonBlockingStep | undefined
}

/** What holds where a contract says nothing. */
export const noDemands: Demands = {
  patterns: [], trust: ['pdnd'], channel: 'any', dpop: false, singleUse: false, integrity: undefined, evidence: undefined, signedResponse: false,
  nonRepudiation: false, scope: undefined, nonBlocking: undefined
}
