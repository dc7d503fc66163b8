import { agreementStates, delegationStates, purposeVersionStates } from '../../policies/registry.ts'
import type { Agreement, CertifiedAttribute, Delegation, DelegationKind, Purpose } from '../../policies/registry.ts'
import type { ApiCall, ApiData, ApiRead } from './api-call.ts'
import { apiProblem } from './api-problem.ts'
import { isPartyToAgreement, isPartyToPurpose, resourceReads } from './api-reads.ts'
import { apiState, showAgreement, showAskedAttribute, showDelegation, showHeldAttribute, showPurpose } from './api-resources.ts'
import { isUuid } from './client-assertion.ts'
import { eventChannels } from './event-log.ts'
import type { EventChannel } from './event-log.ts'
import { isProblem } from './problem.ts'
import type { Problem } from './problem.ts'

/** A list: what the caller may see, the parameters that narrow it (an item passes with any of a parameter's values), how an item is shown. */
interface ApiList<Item> {
  readonly items: (call: ApiCall, data: ApiData) => readonly Item[]
  readonly filters: Readonly<Record<string, (item: Item) => readonly string[]>>
  /** The values that `states` may have. */
  readonly states: readonly string[]
  readonly show: (item: Item) => object
}

const purposes: ApiList<Purpose> = {
  items: ({ tenantId }, { registry }) => registry.current().purposes.filter((each) => isPartyToPurpose(each, tenantId, registry)),
  filters: {
    eserviceIds: ({ eserviceId }) => [eserviceId],
    consumerIds: ({ consumerId }) => [consumerId],
    states: ({ versions }) => versions.map(({ state }) => apiState(state))
  },
  states: purposeVersionStates.map(apiState),
  show: showPurpose
}

const agreements: ApiList<Agreement> = {
  items: ({ tenantId }, { registry }) => registry.current().agreements.filter((each) => isPartyToAgreement(each, tenantId)),
  filters: {
    eserviceIds: ({ eserviceId }) => [eserviceId],
    consumerIds: ({ consumerId }) => [consumerId],
    producerIds: ({ producerId }) => [producerId],
    descriptorIds: ({ descriptorId }) => [descriptorId],
    states: ({ state }) => [apiState(state)]
  },
  states: agreementStates.map(apiState),
  show: showAgreement
}

/** The delegations of one kind: everybody may see them. */
const delegations = (kind: DelegationKind): ApiList<Delegation> => ({
  items: (_call, { registry }) => (registry.current().delegations ?? []).filter((each) => each.kind === kind),
  filters: {
    eserviceIds: ({ eserviceId }) => [eserviceId],
    delegatorIds: ({ delegatorId }) => [delegatorId],
    delegateIds: ({ delegateId }) => [delegateId],
    states: ({ state }) => [apiState(state)]
  },
  states: delegationStates.map(apiState),
  show: showDelegation
})

/** The certified attributes of a tenant. */
const heldAttributes: ApiList<string> = {
  items: ({ params: { tenantId } }, { registry }) => registry.tenant(tenantId!)?.attributes ?? [],
  filters: {},
  states: [],
  show: showHeldAttribute
}

/** Those that a version of an e-service asks for, group by group. */
const askedAttributes: ApiList<{ readonly group: number } & CertifiedAttribute> = {
  items: ({ params: { eserviceId, descriptorId } }, { registry }) => {
    const { attributes } = registry.eservice(eserviceId!)?.descriptors.find(({ id }) => id === descriptorId) ?? {}
    return attributes?.certified.flatMap((group, index) => group.map((one) => ({ group: index, ...one }))) ?? []
  },
  filters: {},
  states: [],
  show: showAskedAttribute
}

/** A list below a resource, which must be there. */
function below (path: string, read: ApiRead): ApiRead {
  return (call, data) => {
    const resource = (resourceReads[path] as ApiRead)(call, data)
    return isProblem(resource) ? resource : read(call, data)
  }
}

function readList<Item> ({ items, filters, states, show }: ApiList<Item>): ApiRead {
  return (call, data) => {
    const [offset, limit] = [readNumber(call, 'offset', [0, 2 ** 31 - 1]), readNumber(call, 'limit', [1, 50])]
    if (typeof offset !== 'number') return offset
    if (typeof limit !== 'number') return limit
    const wanted = Object.keys(filters).map((name) => ({ name, values: valuesOf(call, name) })).filter(({ values }) => values.length > 0)
    const wrong = wanted.find(({ name, values }) => !values.every((value) => name === 'states' ? states.includes(value) : isUuid(value)))
    if (wrong) return apiProblem('badRequestError', `${wrong.name}: ${wrong.name === 'states' ? `each must be one of ${states.join(', ')}` : 'each must be a UUID'}.`)
    const found = items(call, data).filter((item) => wanted.every(({ name, values }) => filters[name]!(item).some((value) => values.includes(value))))
    return { results: found.slice(offset, offset + limit).map(show), pagination: { offset, limit, totalCount: found.length } }
  }
}

const readEvents = (channel: EventChannel): ApiRead => (call, { events }) => {
  const limit = readNumber(call, 'limit', [1, 500])
  if (typeof limit !== 'number') return limit
  const { lastEventId } = call.query
  if (lastEventId !== undefined && !isUuid(lastEventId)) return apiProblem('badRequestError', 'lastEventId must be a UUID.')
  return { events: events.read(channel, { tenantId: call.tenantId, lastEventId, limit }) }
}

/** A required number, or why it is none. */
function readNumber ({ query }: ApiCall, name: string, [least, most]: readonly [number, number]): number | Problem {
  const text = query[name]
  const value = typeof text === 'string' && /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN
  return value >= least && value <= most ? value : apiProblem('badRequestError', `${name} is required: a whole number from ${least} to ${most}.`)
}

/** The values of a parameter that is sent again for each of them, or once with commas. */
function valuesOf ({ query }: ApiCall, name: string): string[] {
  return [query[name] ?? []].flat().flatMap((value) => value.split(',')).filter((value) => value !== '')
}

/** The lists, by path: of resources by page, of events from the last one on. */
export const listReads: Readonly<Record<string, ApiRead>> = {
  '/purposes': readList(purposes),
  '/agreements': readList(agreements),
  '/tenants/:tenantId/certifiedAttributes': below('/tenants/:tenantId', readList(heldAttributes)),
  '/eservices/:eserviceId/descriptors/:descriptorId/certifiedAttributes': below('/eservices/:eserviceId/descriptors/:descriptorId', readList(askedAttributes)),
  '/producerDelegations': readList(delegations('DelegatedProducer')),
  '/consumerDelegations': readList(delegations('DelegatedConsumer')),
  ...Object.fromEntries(eventChannels.map((channel) => [`/${channel}`, readEvents(channel)]))
}
