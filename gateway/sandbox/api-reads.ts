import type { Agreement, DelegationKind, Purpose } from '../../policies/registry.ts'
import type { ApiRead } from './api-call.ts'
import { apiProblem } from './api-problem.ts'
import { showAgreement, showClient, showDelegation, showDescriptor, showEService, showPurpose, showTenant } from './api-resources.ts'
import { isUuid } from './client-assertion.ts'
import type { DepositedKeys } from './deposited-keys.ts'
import type { LiveRegistry } from './live-registry.ts'

/** A key by its kid: everybody may read it, and one that was deleted is simply not there. */
const readKey = (kind: 'client' | 'keychain', member: 'clientId' | 'producerKeychainId'): ApiRead => ({ params }, { deposits }) => {
  const key = findKey(deposits, kind, params.kid!)
  return key ? { [member]: key.holder.id, jwk: key.jwk } : apiProblem('resourceNotFound', `There is no key with the kid ${params.kid}.`)
}

function findKey (deposits: DepositedKeys, kind: 'client' | 'keychain', kid: string) {
  const key = deposits.find(kid)
  return key?.holder.kind === kind ? key : undefined
}

const readClient: ApiRead = ({ tenantId, params }, { registry }) => {
  const client = registry.client(params.clientId!)
  // A client of the interop API is none that calls e-services: the platform does not show it here.
  return client?.kind === 'Consumer' ? showClient(client, tenantId) : apiProblem('clientNotFound', `Client ${params.clientId} not found`)
}

const readTenant: ApiRead = ({ params }, { registry }) => {
  const tenant = registry.tenant(params.tenantId!)
  return tenant ? showTenant(tenant) : apiProblem('resourceNotFound', `Tenant ${params.tenantId} not found`)
}

const readEService: ApiRead = ({ params }, { registry }) => {
  const eservice = registry.eservice(params.eserviceId!)
  return eservice ? showEService(eservice) : apiProblem('resourceNotFound', `EService ${params.eserviceId} not found`)
}

const readDescriptor: ApiRead = ({ params: { eserviceId, descriptorId } }, { registry }) => {
  const descriptor = registry.eservice(eserviceId!)?.descriptors.find(({ id }) => id === descriptorId)
  const detail = `Descriptor ${descriptorId} not found for eservice ${eserviceId}`
  return descriptor ? showDescriptor(descriptor) : apiProblem('eserviceDescriptorNotFound', detail)
}

/** Reads a purpose that the caller's tenant consumes or provides. */
const ofPurpose = (answer: (purpose: Purpose, registry: LiveRegistry) => object): ApiRead => ({ tenantId, params }, { registry }) => {
  const purpose = registry.purpose(params.purposeId!)
  if (purpose === undefined) return apiProblem('purposeNotFound', `Purpose ${params.purposeId} not found`)
  return isPartyToPurpose(purpose, tenantId, registry) ? answer(purpose, registry) : notYours('purpose')
}

const readAgreement: ApiRead = ({ tenantId, params }, { registry }) => {
  const agreement = registry.current().agreements.find(({ id }) => id === params.agreementId)
  if (agreement === undefined) return apiProblem('resourceNotFound', `Agreement ${params.agreementId} not found`)
  return isPartyToAgreement(agreement, tenantId) ? showAgreement(agreement) : notYours('agreement')
}

/** The agreement behind a purpose, as long as it is in force or suspended. */
function readPurposeAgreement ({ id, eserviceId, consumerId }: Purpose, registry: LiveRegistry): object {
  const candidates = registry.current().agreements.filter((each) => each.eserviceId === eserviceId && each.consumerId === consumerId)
  const agreement = candidates.find(({ state }) => state === 'Active') ?? candidates.find(({ state }) => state === 'Suspended')
  return agreement ? showAgreement(agreement) : apiProblem('purposeAgreementNotFound', `No active agreement found for purpose ${id}`)
}

const readDelegation = (kind: DelegationKind): ApiRead => ({ params }, { registry }) => {
  const delegation = registry.delegation(params.delegationId!)
  return delegation?.kind === kind ? showDelegation(delegation) : apiProblem('resourceNotFound', `Delegation ${params.delegationId} not found`)
}

/** Whether a tenant may read a purpose: as its consumer, or as the producer of its e-service. */
export function isPartyToPurpose ({ consumerId, eserviceId }: Purpose, tenantId: string, registry: LiveRegistry): boolean {
  return consumerId === tenantId || registry.eservice(eserviceId)?.producerId === tenantId
}

/** Whether a tenant may read an agreement: as its consumer or its producer. */
export function isPartyToAgreement ({ consumerId, producerId }: Agreement, tenantId: string): boolean {
  return consumerId === tenantId || producerId === tenantId
}

function notYours (what: string): object {
  return apiProblem('unauthorizedError', `Only the consumer and the producer of the ${what} may read it.`)
}

/** Refuses ids that are none before anything is looked up; a kid is text of any form. */
const withIds = (read: ApiRead): ApiRead => (call, data) => {
  const wrong = Object.entries(call.params).find(([name, value]) => name !== 'kid' && !isUuid(value))
  return wrong ? apiProblem('badRequestError', `${wrong[0]} must be a UUID.`) : read(call, data)
}

const reads: Readonly<Record<string, ApiRead>> = {
  '/keys/:kid': readKey('client', 'clientId'),
  '/producerKeys/:kid': readKey('keychain', 'producerKeychainId'),
  '/clients/:clientId': readClient,
  '/tenants/:tenantId': readTenant,
  '/eservices/:eserviceId': readEService,
  '/eservices/:eserviceId/descriptors/:descriptorId': readDescriptor,
  '/consumerDelegations/:delegationId': readDelegation('DelegatedConsumer'),
  '/producerDelegations/:delegationId': readDelegation('DelegatedProducer'),
  '/purposes/:purposeId': ofPurpose(showPurpose),
  '/purposes/:purposeId/agreement': ofPurpose(readPurposeAgreement),
  '/agreements/:agreementId': readAgreement
}

/** The reads of one resource, by path. */
export const resourceReads: Readonly<Record<string, ApiRead>> =
  Object.fromEntries(Object.entries(reads).map(([path, read]) => [path, withIds(read)]))
