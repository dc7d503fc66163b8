import type { AgreementFact } from './agreement.ts'
import type { OperationClass, Rate } from './burst.ts'
import type { CallerFact } from './caller.ts'
import type { Certificates } from './certificates.ts'
import type { Demands, Listener } from './demands.ts'
import type { Channel, ChannelFact } from './channel.ts'
import type { DelegationFact } from './delegation.ts'
import type { DescriptorFact } from './descriptor.ts'
import type { DpopFact } from './dpop.ts'
import type { Denial, DenialCode } from './denials.ts'
import type { EvidenceFact } from './evidence.ts'
import type { GrantFact } from './grant.ts'
import type { Grants } from './grants.ts'
import type { IntegrityFact } from './integrity.ts'
import type { InteractionFact } from './interaction.ts'
import type { Interactions } from './interactions.ts'
import type { InternalClients } from './internal-clients.ts'
import type { ClientKeys, Keys } from './keys.ts'
import type { Limiter, LimitState } from './limiter.ts'
import type { Nonces } from './nonce.ts'
import type { PlatformStateFact } from './platform-state.ts'
import type { PurposeFact } from './purpose.ts'
import type { QuotaFact, QuotaMode } from './quota.ts'
import type { QuotaCounters } from './quota-counters.ts'
import type { Registry } from './registry.ts'
import type { ReplayFilter } from './replay.ts'
import type { ReplyToFact } from './reply-to.ts'
import type { ReplyTarget } from './reply-url.ts'
import type { Resolver } from './resolver.ts'
import type { TransitionFact } from './transition.ts'

/** What a policy proves about a call, by the name of the policy that proves it. */
export interface Facts {
  caller: CallerFact
  dpop: DpopFact
  channel: ChannelFact
  platformState: PlatformStateFact
  descriptor: DescriptorFact
  agreement: AgreementFact
  purpose: PurposeFact
  delegation: DelegationFact
  grant: GrantFact
  interaction: InteractionFact
  evidence: EvidenceFact
  burst: LimitState
  replyTo: ReplyToFact
  integrity: IntegrityFact
  transition: TransitionFact
  quota: QuotaFact
}

/**
 * A call as policies see it: `authorization` and `proofs` hold every value of the headers Authorization and DPoP, `rawHeaders` all names and values in turn
 * as they came, `path` and `query` are those of the request target as it came, the one without the other; `now` is epoch milliseconds.
 */
export interface Call {
  readonly method: string
  readonly path: string
  readonly query: string
  readonly authorization: readonly string[]
  readonly proofs: readonly string[]
  readonly rawHeaders: readonly string[]
  /** Where the call came in; who may come there differs, what for does not. */
  readonly listener: Listener
  /** What the call came on; not to be confused with the fact of that name, which is what of it was demanded and proved. */
  readonly connection: Channel
  readonly demands: Demands
  /** Of the operation that is called; undefined until it was routed, and where no operation is. */
  readonly operationId: string | undefined
  readonly now: number
  /** Seconds for which the caller's address is blocked for what it sent before, 0 when it is not: only known vouchers pass then. */
  readonly blockedSeconds: number
  /** The bytes of the body as they came over the wire (transfer coding removed); undefined until they were read. */
  readonly body: Uint8Array | undefined
}

/** The world as policies see it. */
export interface Ports {
  readonly keys: Keys
  readonly clientKeys: ClientKeys
  readonly certificates: Certificates
  readonly internalClients: InternalClients
  readonly registry: () => Registry
  readonly burst: Limiter
  readonly quota: QuotaCounters
  readonly replay: ReplayFilter
  readonly nonces: Nonces
  readonly interactions: Interactions
  readonly resolver: Resolver
}

/** What the configuration says about the e-service that an operation belongs to. `publicUrl` is what callers know the gateway by. */
export interface Terms {
  readonly publicUrl: string
  /** What internal applications know the gateway and the e-service by; undefined where they cannot call. */
  readonly internal: { readonly url: string, readonly eservice: string | undefined } | undefined
  readonly issuer: string
  readonly producerId: string
  readonly eserviceId: string
  readonly descriptorIds: readonly string[]
  readonly audience: readonly string[]
  /** What `aud` of Agid-JWT-Signature may be besides that: the URL of the e-service, and what the configuration adds. */
  readonly signatureAudience: readonly string[]
  /** What `aud` of tracking evidence may be besides that. */
  readonly evidenceAudience: readonly string[]
  /** What a client may make of all operations together that are in no class. */
  readonly burst: Rate
  readonly classes: readonly OperationClass[]
  readonly quotaMode: QuotaMode
  /** DPoP proofs need a nonce of this gateway (RFC 9449, 9). */
  readonly dpopNonces: boolean
  /** Where consumers may have answers sent that come later. */
  readonly replyTo: readonly ReplyTarget[]
  /** What the producer granted to whom; without it whoever is entitled on the platform may call everything. */
  readonly grants: Grants | undefined
}

/** The stages in which policies run, in their order. */
export const stages = ['before-body', 'body', 'after-body'] as const
export type Stage = (typeof stages)[number]

export type Answer<T> = T | Denial | Promise<T | Denial>

/**
 * A policy proves one fact about a call or denies it. It is prepared once per e-service and then called for every request; it never
 * throws to refuse, and a throw is a 500, never a pass.
 */
export interface Policy<Name extends keyof Facts, Needs extends keyof Facts = never> {
  /** The fact it proves. */
  readonly name: Name
  /** Before the body is read, over its raw bytes, or after it was checked. */
  readonly stage: Stage
  /** Facts that must be proved before it; a wrong order is a boot error. */
  readonly needs: readonly Needs[]
  /** Every way in which it can refuse. */
  readonly denials: readonly DenialCode[]
  prepare (ports: Ports, terms: Terms): (call: Call & Pick<Facts, Needs>) => Answer<Facts[Name]>
}
