import type { AgreementState, DelegationState, DescriptorState, PurposeVersionState } from '../../policies/registry.ts'

/**
 * The changes of state that the platform knows, each with the event that it emits (the producer is the one who suspends, the consumer
 * the one who archives). What is not here does not happen on the platform.
 */
export type Transitions<State extends string> = Readonly<Record<State, Partial<Readonly<Record<State, string>>>>>

export const purposeTransitions: Transitions<PurposeVersionState> = {
  Draft: { Active: 'PURPOSE_ACTIVATED', WaitingForApproval: 'PURPOSE_WAITING_FOR_APPROVAL' },
  WaitingForApproval: { Active: 'PURPOSE_VERSION_ACTIVATED', Rejected: 'PURPOSE_VERSION_REJECTED' },
  Active: { Suspended: 'PURPOSE_VERSION_SUSPENDED_BY_PRODUCER', Archived: 'PURPOSE_ARCHIVED' },
  Suspended: { Active: 'PURPOSE_VERSION_UNSUSPENDED_BY_PRODUCER', Archived: 'PURPOSE_ARCHIVED' },
  Rejected: {},
  Archived: {}
}

export const agreementTransitions: Transitions<AgreementState> = {
  Draft: {
    Pending: 'AGREEMENT_SUBMITTED',
    Active: 'AGREEMENT_ACTIVATED',
    MissingCertifiedAttributes: 'AGREEMENT_SET_MISSING_CERTIFIED_ATTRIBUTES_BY_PLATFORM'
  },
  MissingCertifiedAttributes: { Draft: 'AGREEMENT_SET_DRAFT_BY_PLATFORM' },
  Pending: { Active: 'AGREEMENT_ACTIVATED', Rejected: 'AGREEMENT_REJECTED' },
  Active: { Suspended: 'AGREEMENT_SUSPENDED_BY_PRODUCER', Archived: 'AGREEMENT_ARCHIVED_BY_CONSUMER' },
  Suspended: { Active: 'AGREEMENT_UNSUSPENDED_BY_PRODUCER', Archived: 'AGREEMENT_ARCHIVED_BY_CONSUMER' },
  Rejected: {},
  Archived: {}
}

/** Of delegations, without whose they are: CONSUMER_ or PRODUCER_ stands before it. */
export const delegationTransitions: Transitions<DelegationState> = {
  WaitingForApproval: { Active: 'DELEGATION_APPROVED', Rejected: 'DELEGATION_REJECTED', Revoked: 'DELEGATION_REVOKED' },
  Active: { Revoked: 'DELEGATION_REVOKED' },
  Rejected: {},
  Revoked: {}
}

const published = 'ESERVICE_DESCRIPTOR_PUBLISHED'
const activated = 'ESERVICE_DESCRIPTOR_ACTIVATED'
const suspended = 'ESERVICE_DESCRIPTOR_SUSPENDED'
const archived = 'ESERVICE_DESCRIPTOR_ARCHIVED'
const scheduled = 'ESERVICE_DESCRIPTOR_ARCHIVING_SCHEDULED'
const canceled = 'ESERVICE_DESCRIPTOR_ARCHIVING_CANCELED'

/** Of descriptors; one becomes Deprecated when another is published, which is that other's event. */
export const descriptorTransitions: Transitions<DescriptorState> = {
  Draft: { Published: published },
  WaitingForApproval: { Published: 'ESERVICE_DESCRIPTOR_APPROVED_BY_DELEGATOR' },
  Published: { Suspended: suspended, Archiving: scheduled, Archived: archived },
  Deprecated: { Suspended: suspended, Archiving: scheduled, Archived: archived },
  Suspended: { Published: activated, Deprecated: activated, ArchivingSuspended: scheduled, Archived: archived },
  Archiving: { Published: canceled, Deprecated: canceled, ArchivingSuspended: suspended, Archived: archived },
  ArchivingSuspended: { Archiving: activated, Suspended: canceled, Archived: archived },
  Archived: {}
}
