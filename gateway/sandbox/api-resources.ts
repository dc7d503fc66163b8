import type { Agreement, CertifiedAttribute, Client, Delegation, Descriptor, EService, Purpose, PurposeVersion, Tenant } from '../../policies/registry.ts'

/** The registry's nouns as the interop API shows them: its names, its spelling of states, what has no value left out. */

/** When everything in the registry came to be: it does not say, and the platform always does. */
const createdAt = '2026-01-01T00:00:00.000Z'

/** A state in the spelling of the API: `WaitingForApproval` is `WAITING_FOR_APPROVAL`. */
export function apiState (state: string): string {
  return state.replaceAll(/(?<=[a-z])(?=[A-Z])/g, '_').toUpperCase()
}

/** A client; only its owner is told more than whose it is. */
export function showClient ({ id, consumerId, name }: Client, tenantId: string): object {
  return consumerId === tenantId ? { id, consumerId, name, description: name, createdAt } : { id, consumerId }
}

export function showTenant ({ id, externalId, name }: Tenant): object {
  return { id, externalId, name, kind: 'PA', createdAt, onboardedAt: createdAt }
}

export function showEService ({ id, producerId, name, descriptors }: EService): object {
  const asyncExchange = descriptors.some(({ asyncExchangeProperties }) => asyncExchangeProperties !== undefined)
  return { id, producerId, name, description: name, technology: 'REST', mode: 'DELIVER', asyncExchange }
}

/** A descriptor; its `version` is text, as on the platform. */
export function showDescriptor (descriptor: Descriptor): object {
  const { id, version, state, audience, voucherLifespan, dailyCallsPerConsumer, dailyCallsTotal, asyncExchangeProperties } = descriptor
  return {
    id,
    version: `${version}`,
    state: apiState(state),
    audience,
    voucherLifespan,
    dailyCallsPerConsumer,
    dailyCallsTotal,
    serverUrls: audience,
    agreementApprovalPolicy: 'AUTOMATIC',
    publishedAt: createdAt,
    ...asyncExchangeProperties && { asyncExchangeProperties }
  }
}

/** A certified attribute that a tenant has. */
export function showHeldAttribute (id: string): object {
  return { id, assignedAt: createdAt }
}

/** A certified attribute that a version asks of its consumers; the registry knows no more of it than its id. */
export function showAskedAttribute ({ group, id, dailyCallsPerConsumer }: { readonly group: number } & CertifiedAttribute): object {
  return { groupIndex: group, attribute: { id, name: id, description: id, createdAt }, ...dailyCallsPerConsumer !== undefined && { dailyCallsPerConsumer } }
}

/** An agreement; one that is suspended was suspended by its producer, here. */
export function showAgreement ({ id, eserviceId, descriptorId, producerId, consumerId, state }: Agreement): object {
  const suspensions = { suspendedByConsumer: false, suspendedByProducer: state === 'Suspended', suspendedByPlatform: false }
  return { id, eserviceId, descriptorId, producerId, consumerId, state: apiState(state), ...suspensions, createdAt }
}

/** A delegation; its kind is that of the list in which it stands. */
export function showDelegation ({ id, delegatorId, delegateId, eserviceId, state }: Delegation): object {
  return { id, delegatorId, delegateId, eserviceId, state: apiState(state), createdAt, submittedAt: createdAt }
}

/** A purpose with the versions that count: the one in use, one that waits for approval, and the last if it was rejected. */
export function showPurpose ({ id, eserviceId, consumerId, title, versions, delegationId }: Purpose): object {
  const current = versions.findLast(({ state }) => state !== 'WaitingForApproval' && state !== 'Rejected')
  const waiting = versions.findLast(({ state }) => state === 'WaitingForApproval')
  const rejected = versions.at(-1)?.state === 'Rejected' ? versions.at(-1) : undefined
  return {
    id,
    eserviceId,
    consumerId,
    suspendedByConsumer: false,
    suspendedByProducer: current?.state === 'Suspended',
    title,
    description: title,
    createdAt,
    isFreeOfCharge: true,
    ...delegationId !== undefined && { delegationId },
    ...current && { currentVersion: showVersion(current) },
    ...waiting && { waitingForApprovalVersion: showVersion(waiting) },
    ...rejected && { rejectedVersion: showVersion(rejected) }
  }
}

function showVersion ({ id, state, dailyCalls }: PurposeVersion): object {
  return { id, state: apiState(state), dailyCalls, createdAt }
}
