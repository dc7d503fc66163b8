import type { RegistryFile } from '../adapters/registry-file.ts'
import { activeVersion } from '../../policies/registry.ts'
import type { AgreementState, DelegationState, DescriptorState, PurposeVersion, PurposeVersionState } from '../../policies/registry.ts'
import type { EventLog, PlatformEvent } from './event-log.ts'
import type { LiveRegistry } from './live-registry.ts'
import { sandboxProblem } from './problem.ts'
import type { Problem } from './problem.ts'
import { named } from './registry-names.ts'
import { agreementTransitions, delegationTransitions, descriptorTransitions, purposeTransitions } from './state-transitions.ts'
import type { Transitions } from './state-transitions.ts'

/** What a change of state goes into. */
export interface ChangeContext { readonly registry: LiveRegistry, readonly events: EventLog }

/** What was changed, by its ids, and the event that tells it. */
export type Changed = { readonly state: string, readonly event: PlatformEvent } & Readonly<Record<`${string}Id`, string>>

/** Changes the state of a purpose's version: the one that is named, else the Active one, else the last. */
export function changePurpose (
  { registry, events }: ChangeContext,
  name: string,
  { state, versionId }: { readonly state: PurposeVersionState, readonly versionId?: string }
): Changed | Problem {
  const file = registry.current()
  const purpose = named(file.purposes, name, 'purpose')
  if ('error' in purpose) return unknown(purpose.error)
  const version = versionId === undefined ? activeVersion(purpose) ?? purpose.versions.at(-1) : purpose.versions.find(({ id }) => id === versionId)
  if (version === undefined) return unknown(`the purpose has no version with the id "${versionId}"`)
  const eventType = findEvent(purposeTransitions, version.state, state)
  if (typeof eventType !== 'string') return eventType
  const versions = purpose.versions.map((each) => each.id === version.id ? { ...each, state } : superseded(each, state))
  registry.replace({ ...file, purposes: swap(file.purposes, { ...purpose, versions }) })
  const subject = { purposeId: purpose.id, purposeVersionId: version.id }
  const producerId = registry.eservice(purpose.eserviceId)!.producerId
  const event = events.emit('purposeEvents', { eventType, subject, seenBy: [purpose.consumerId, producerId] })
  return { purposeId: purpose.id, versionId: version.id, state, event }
}

/** A version that becomes Active takes the place of the one that was in use. */
function superseded (version: PurposeVersion, state: PurposeVersionState): PurposeVersion {
  const inUse = version.state === 'Active' || version.state === 'Suspended'
  return state === 'Active' && inUse ? { ...version, state: 'Archived' } : version
}

/** Changes the state of an agreement. */
export function changeAgreement ({ registry, events }: ChangeContext, id: string, state: AgreementState): Changed | Problem {
  const file = registry.current()
  const agreement = file.agreements.find((each) => each.id === id)
  if (agreement === undefined) return unknown(`no agreement has the id "${id}"`)
  const eventType = findEvent(agreementTransitions, agreement.state, state)
  if (typeof eventType !== 'string') return eventType
  registry.replace({ ...file, agreements: swap(file.agreements, { ...agreement, state }) })
  const seenBy = [agreement.consumerId, agreement.producerId]
  const event = events.emit('agreementEvents', { eventType, subject: { agreementId: id }, seenBy })
  return { agreementId: id, state, event }
}

/** Changes the state of a delegation. What stands on it stays as it is: the platform archives it in its own time. */
export function changeDelegation ({ registry, events }: ChangeContext, id: string, state: DelegationState): Changed | Problem {
  const file = registry.current()
  const delegation = registry.delegation(id)
  if (delegation === undefined) return unknown(`no delegation has the id "${id}"`)
  const eventType = findEvent(delegationTransitions, delegation.state, state)
  if (typeof eventType !== 'string') return eventType
  registry.replace({ ...file, delegations: swap(file.delegations ?? [], { ...delegation, state }) })
  const [channel, whose] = delegation.kind === 'DelegatedConsumer' ? ['consumerDelegationEvents', 'CONSUMER'] as const : ['producerDelegationEvents', 'PRODUCER'] as const
  const event = events.emit(channel, { eventType: `${whose}_${eventType}`, subject: { delegationId: id } })
  return { delegationId: id, state, event }
}

/** Changes the state of an e-service's descriptor. */
export function changeDescriptor (
  { registry, events }: ChangeContext,
  { eservice: name, descriptorId }: { readonly eservice: string, readonly descriptorId: string },
  state: DescriptorState
): Changed | Problem {
  const file = registry.current()
  const eservice = named(file.eservices, name, 'e-service')
  if ('error' in eservice) return unknown(eservice.error)
  const descriptor = eservice.descriptors.find(({ id }) => id === descriptorId)
  if (descriptor === undefined) return unknown(`the e-service has no descriptor with the id "${descriptorId}"`)
  const eventType = findEvent(descriptorTransitions, descriptor.state, state)
  if (typeof eventType !== 'string') return eventType
  const descriptors = swap(eservice.descriptors, { ...descriptor, state })
  registry.replace({ ...file, eservices: swap<RegistryFile['eservices'][number]>(file.eservices, { ...eservice, descriptors }) })
  const subject = { eserviceId: eservice.id, descriptorId }
  const event = events.emit('eserviceEvents', { eventType, subject })
  return { ...subject, state, event }
}

function swap<Item extends { readonly id: string }> (items: readonly Item[], changed: Item): Item[] {
  return items.map((item) => item.id === changed.id ? changed : item)
}

function findEvent<State extends string> (transitions: Transitions<State>, from: State, to: State): string | Problem {
  const reachable = Object.keys(transitions[from]).join(', ') || 'nothing else'
  const detail = `on the platform what is ${from} does not become ${to}, only ${reachable}`
  return transitions[from][to] ?? sandboxProblem(409, 'No such change of state', detail)
}

function unknown (error: string): Problem {
  return sandboxProblem(404, 'Not found', error)
}
