import { isUuid } from '../../policies/claim.ts'
import { isRecord } from '../../policies/jws.ts'
import type { Agreement, AsyncExchangeProperties, CertifiedAttribute, Client, Delegation, DelegationKind, Descriptor, EService, Purpose, PurposeVersion, Tenant } from '../../policies/registry.ts'

/** The documents of the interop API as the registry's nouns: its names, our spelling of states. Undefined where a document is no such noun. */

type Fields = Readonly<Record<string, unknown>>

/** Reads a document whose members have these names and hold ids; `read` sees nothing else. */
function withIds<Noun> (document: unknown, names: readonly string[], read: (fields: Fields) => Noun | undefined): Noun | undefined {
  return isRecord(document) && names.every((name) => isUuid(document[name])) ? read(document) : undefined
}

/** `WAITING_FOR_APPROVAL` is `WaitingForApproval`. A state that is not known here stays what it is: it is none that admits. */
function stateOf (value: unknown): string | undefined {
  if (typeof value !== 'string' || !/^[A-Z]+(?:_[A-Z]+)*$/.test(value)) return undefined
  return value.toLowerCase().split('_').map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('')
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0
const isText = (value: unknown): value is string => typeof value === 'string'

/** A purpose with the versions that the platform shows of it: the one in use, one that waits, one that was rejected. */
export function purposeOf (document: unknown): Purpose | undefined {
  return withIds(document, ['id', 'eserviceId', 'consumerId'], ({ id, eserviceId, consumerId, title, delegationId, currentVersion, waitingForApprovalVersion, rejectedVersion }) => {
    const shown = [currentVersion, waitingForApprovalVersion, rejectedVersion].filter((version) => version !== undefined && version !== null)
    const versions = shown.flatMap((version) => versionOf(version) ?? [])
    if (versions.length < shown.length || (delegationId !== undefined && !isUuid(delegationId))) return undefined
    const purpose = { id, eserviceId, consumerId, title: isText(title) ? title : '', versions } as Purpose
    return delegationId === undefined ? purpose : { ...purpose, delegationId }
  })
}

function versionOf (document: unknown): PurposeVersion | undefined {
  return withIds(document, ['id'], ({ id, state, dailyCalls }) => {
    const spelled = stateOf(state)
    return spelled && isCount(dailyCalls) ? { id, state: spelled, dailyCalls } as PurposeVersion : undefined
  })
}

export function agreementOf (document: unknown): Agreement | undefined {
  return withIds(document, ['id', 'eserviceId', 'descriptorId', 'producerId', 'consumerId'], ({ id, eserviceId, descriptorId, producerId, consumerId, state }) => {
    const spelled = stateOf(state)
    return spelled ? { id, eserviceId, descriptorId, producerId, consumerId, state: spelled } as Agreement : undefined
  })
}

/** An e-service with those of its versions that were asked for. */
export function eserviceOf (document: unknown, descriptors: readonly Descriptor[]): EService | undefined {
  return withIds(document, ['id', 'producerId'], ({ id, producerId, name }) => ({ id, producerId, name: isText(name) ? name : '', descriptors }) as EService)
}

/** A version of an e-service; its number is text on the platform. */
export function descriptorOf (document: unknown): Descriptor | undefined {
  return withIds(document, ['id'], ({ id, version, state, audience, voucherLifespan, dailyCallsPerConsumer, dailyCallsTotal, asyncExchangeProperties }) => {
    const spelled = stateOf(state)
    const counts = [Number(version), voucherLifespan, dailyCallsPerConsumer, dailyCallsTotal]
    if (!spelled || !counts.every(isCount) || !Array.isArray(audience) || !audience.every(isText)) return undefined
    const descriptor = { id, version: Number(version), state: spelled, audience, voucherLifespan, dailyCallsPerConsumer, dailyCallsTotal } as Descriptor
    if (asyncExchangeProperties === undefined || asyncExchangeProperties === null) return descriptor
    return isExchange(asyncExchangeProperties) ? { ...descriptor, asyncExchangeProperties } : undefined
  })
}

function isExchange (value: unknown): value is AsyncExchangeProperties {
  return isRecord(value) && [value['responseTime'], value['resourceAvailableTime'], value['maxResultSet']].every(isCount) && typeof value['confirmation'] === 'boolean'
}

/** A client; only its owner is told its name, and nobody its purposes. */
export function clientOf (document: unknown): Client | undefined {
  return withIds(document, ['id', 'consumerId'], ({ id, consumerId, name }) => ({ id, consumerId, name: isText(name) ? name : '', kind: 'Consumer', purposes: [] }) as unknown as Client)
}

export function tenantOf (document: unknown): Tenant | undefined {
  return withIds(document, ['id'], ({ id, name, externalId }) => {
    const { origin, value } = isRecord(externalId) ? externalId : {}
    return isText(name) && isText(origin) && isText(value) ? { id: id as string, name, externalId: { origin, value } } : undefined
  })
}

/** An attribute that a tenant was certified, and whether it still is. */
export function heldAttributeOf (document: unknown): { readonly id: string, readonly isHeld: boolean } | undefined {
  return withIds(document, ['id'], ({ id, revokedAt }) => revokedAt === undefined || revokedAt === null || isText(revokedAt) ? { id: id as string, isHeld: !isText(revokedAt) } : undefined)
}

/** An attribute that a version asks of its consumers, and of which group; how often those that have it may call where that is told. */
export function askedAttributeOf (document: unknown): { readonly group: number } & CertifiedAttribute | undefined {
  const { groupIndex: group, attribute, dailyCallsPerConsumer } = isRecord(document) ? document : {}
  return withIds(attribute, ['id'], ({ id }) => {
    if (!isCount(group)) return undefined
    if (dailyCallsPerConsumer === undefined || dailyCallsPerConsumer === null) return { group, id: id as string }
    return isCount(dailyCallsPerConsumer) ? { group, id: id as string, dailyCallsPerConsumer } : undefined
  })
}

/** A delegation; of which kind it is says the list that it stands in. */
export const delegationOf = (kind: DelegationKind) => (document: unknown): Delegation | undefined =>
  withIds(document, ['id', 'delegatorId', 'delegateId', 'eserviceId'], ({ id, delegatorId, delegateId, eserviceId, state }) => {
    const spelled = stateOf(state)
    return spelled ? { id, kind, delegatorId, delegateId, eserviceId, state: spelled } as Delegation : undefined
  })

/** An e-service with those versions that the other one has too. */
export function inCommon ({ descriptors, ...eservice }: EService, { descriptors: others }: EService): EService {
  return { ...eservice, descriptors: descriptors.filter(({ id }) => others.some((other) => other.id === id)) }
}
