import type { CertificateName } from './certificate-name.ts'

/**
 * What the platform (PDND) knows and the gateway believes: the nouns, the states and the port through which policies read them.
 * Spellings are the platform's own; adapters convert from the UPPER_SNAKE of its API.
 */

export const descriptorStates = ['Draft', 'Published', 'Deprecated', 'Suspended', 'Archived', 'WaitingForApproval', 'Archiving',
  'ArchivingSuspended'] as const
export type DescriptorState = (typeof descriptorStates)[number]

export const agreementStates = ['Draft', 'Suspended', 'Archived', 'Pending', 'Active', 'MissingCertifiedAttributes', 'Rejected'] as const
export type AgreementState = (typeof agreementStates)[number]

export const purposeVersionStates = ['Draft', 'Active', 'Suspended', 'Archived', 'WaitingForApproval', 'Rejected'] as const
export type PurposeVersionState = (typeof purposeVersionStates)[number]

export const delegationKinds = ['DelegatedConsumer', 'DelegatedProducer'] as const
export type DelegationKind = (typeof delegationKinds)[number]

export const delegationStates = ['WaitingForApproval', 'Active', 'Rejected', 'Revoked'] as const
export type DelegationState = (typeof delegationStates)[number]

/** An administration that joined the platform (ente aderente): a producer, a consumer, or both. */
export interface Tenant {
  readonly id: string
  readonly name: string
  readonly externalId: { readonly origin: string, readonly value: string }
  /** The client certificates of its machines; any that is trusted will do where there are none (ID_AUTH_CHANNEL_02). */
  readonly certificates?: readonly CertificateName[]
  /** Ids of the certified attributes that it has. */
  readonly attributes?: readonly string[]
}

/** A consumer's client and the purposes that it was linked to. */
export interface Client {
  readonly id: string
  readonly consumerId: string
  readonly name: string
  readonly kind: 'Consumer' | 'Api'
  readonly purposes: readonly string[]
  /** What it calls itself in tokens that it signs with a certificate (iss, sub, client_id), beside its id and its consumer's. */
  readonly knownAs?: readonly string[]
}

/** An application of an administration that calls from inside, for purposes like any consumer's: the platform knows nothing of it. Its keys and certificates are for `InternalClients`. */
export type InternalClient = Pick<Client, 'id' | 'consumerId' | 'name' | 'purposes'>

/**
 * How an e-service version answers asynchronously: the callback comes within `responseTime` of the start, and what was asked for can be
 * fetched for `resourceAvailableTime` after it (both in seconds); `maxResultSet` bounds what one callback announces, in entities.
 */
export interface AsyncExchangeProperties {
  readonly responseTime: number
  readonly resourceAvailableTime: number
  readonly confirmation: boolean
  readonly bulk?: boolean
  readonly maxResultSet: number
}

/** An attribute that somebody certified, which an e-service version asks of its consumers; those that have it may call so often a day. */
export interface CertifiedAttribute { readonly id: string, readonly dailyCallsPerConsumer?: number }

/** One published version of an e-service: `voucherLifespan` in seconds (60-86400), `dailyCalls*` in calls per day. */
export interface Descriptor {
  readonly id: string
  readonly version: number
  readonly state: DescriptorState
  readonly audience: readonly string[]
  readonly voucherLifespan: number
  readonly dailyCallsPerConsumer: number
  readonly dailyCallsTotal: number
  /** What is asked of consumers: one attribute of every group. */
  readonly attributes?: { readonly certified: readonly (readonly CertifiedAttribute[])[] }
  /** Only on a version that is called by asynchronous exchange, and then in no other way. */
  readonly asyncExchangeProperties?: AsyncExchangeProperties
}

export interface EService {
  readonly id: string
  readonly producerId: string
  readonly name: string
  readonly descriptors: readonly Descriptor[]
}

/** A consumer's right to use one descriptor of an e-service (richiesta di fruizione). */
export interface Agreement {
  readonly id: string
  readonly eserviceId: string
  readonly descriptorId: string
  readonly producerId: string
  readonly consumerId: string
  readonly state: AgreementState
}

export interface PurposeVersion { readonly id: string, readonly state: PurposeVersionState, readonly dailyCalls: number }

/** Why a consumer uses an e-service (finalità); `dailyCalls` of the Active version is its declared daily load. */
export interface Purpose {
  readonly id: string
  readonly eserviceId: string
  readonly consumerId: string
  readonly title: string
  readonly versions: readonly PurposeVersion[]
  /** The delegation under which somebody else declared it for its consumer, where one did. */
  readonly delegationId?: string
}

/** That one administration acts for another on one e-service (delega): the delegate for the delegator. */
export interface Delegation {
  readonly id: string
  readonly kind: DelegationKind
  readonly delegatorId: string
  readonly delegateId: string
  readonly eserviceId: string
  readonly state: DelegationState
}

/** What of a caller is to be known before anything is concluded: the e-service and the consumer's agreement on it, the purpose with its delegation, the client with its tenant. */
export interface RegistryIds {
  readonly eserviceId?: string | undefined
  readonly consumerId?: string | undefined
  readonly purposeId?: string | undefined
  readonly clientId?: string | undefined
}

/** `settled`: what the reads say is what the platform says. `undecided`: it cannot be told now, and nothing may be concluded from what is not there. */
export type Settled = 'settled' | 'undecided'

/**
 * What is known of the platform at this moment, read by id. `undefined` means "not known here", never "allowed".
 * Reads are synchronous: a known id never waits. Whether "not known here" means that the platform has no such thing is said by `settle`.
 */
export interface Registry {
  /** Has what is named looked up where it is not known here, once and for a bounded time; answers at once where it is. Never throws. */
  settle (ids: RegistryIds): Settled | Promise<Settled>
  tenant (id: string): Tenant | undefined
  client (id: string): Client | undefined
  eservice (id: string): EService | undefined
  /** The agreement of a consumer on an e-service that counts: the `Active` one if there is one, otherwise the latest. */
  agreement (eserviceId: string, consumerId: string): Agreement | undefined
  purpose (id: string): Purpose | undefined
  delegation (id: string): Delegation | undefined
}

/** States in which the platform still issues vouchers for a descriptor: a consumer keeps its version until it upgrades. */
export const usableDescriptorStates: ReadonlySet<DescriptorState> = new Set(['Published', 'Deprecated', 'Archiving'])

/** The version of a purpose whose declared load counts, or undefined when none is active. */
export function activeVersion (purpose: Purpose): PurposeVersion | undefined {
  return purpose.versions.find((version) => version.state === 'Active')
}

/**
 * How many calls a day a consumer may make to an e-service version: the most that one of its certified attributes gives it there, even if that is
 * less than what holds for whoever has none that gives any.
 */
export function consumerDailyCalls ({ attributes, dailyCallsPerConsumer }: Descriptor, consumer: Tenant | undefined): number {
  if (!attributes || !consumer?.attributes) return dailyCallsPerConsumer
  const own = consumer.attributes
  const given = attributes.certified.flat().flatMap((one) => one.dailyCallsPerConsumer !== undefined && own.includes(one.id) ? [one.dailyCallsPerConsumer] : [])
  return given.length > 0 ? Math.max(...given) : dailyCallsPerConsumer
}
