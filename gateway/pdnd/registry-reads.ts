import { setTimeout as wait } from 'node:timers/promises'
import { isUuid } from '../../policies/claim.ts'
import { isRecord } from '../../policies/jws.ts'
import type { Agreement, CertifiedAttribute, Client, Delegation, Descriptor, EService, Purpose, Tenant } from '../../policies/registry.ts'
import { InteropApiError } from './interop-api.ts'
import type { ApiDocument, InteropApi } from './interop-api.ts'
import { agreementOf, askedAttributeOf, clientOf, delegationOf, descriptorOf, eserviceOf, heldAttributeOf, purposeOf, tenantOf } from './registry-documents.ts'

/** What the registry holds, by the names that the platform's events have for it. */
export interface RegistryNouns { eservice: EService, agreement: Agreement, purpose: Purpose, delegation: Delegation, client: Client, tenant: Tenant }
export type RegistryKind = keyof RegistryNouns

/** What of it is listed by e-service. */
export type ListedKind = 'agreement' | 'purpose' | 'delegation'

/** The e-services that are served and the versions of each, by id. Whatever belongs to another is none of ours, whoever tells of it. */
export type ServedEServices = ReadonlyMap<string, readonly string[]>

type Api = Pick<InteropApi, 'get'>

/** One thing of a list: undefined where there is something with that id which cannot be read. */
export interface Listed<Kind extends ListedKind = ListedKind> { readonly kind: Kind, readonly id: string, readonly item: RegistryNouns[Kind] | undefined }

/** Reads by id: undefined when the platform has no such thing, or one of others. Each throws InteropApiError when there is no usable answer. */
export type RegistryReads = { readonly [Kind in RegistryKind]: (id: string) => Promise<RegistryNouns[Kind] | undefined> }

export function readsOf (api: Api, served: ServedEServices): RegistryReads {
  const ours = <Noun extends { readonly eserviceId: string }>(noun: Noun | undefined): Noun | undefined => noun && served.has(noun.eserviceId) ? noun : undefined
  return {
    eservice: async (id) => readEService(api, id, served.get(id) ?? []),
    agreement: async (id) => ours(await readById(api, ['agreements', id], agreementOf)),
    purpose: async (id) => ours(await readById(api, ['purposes', id], purposeOf)),
    delegation: async (id) => await readById(api, ['consumerDelegations', id], delegationOf('DelegatedConsumer')) ?? readById(api, ['producerDelegations', id], delegationOf('DelegatedProducer')),
    client: async (id) => readById(api, ['clients', id], clientOf),
    tenant: async (id) => readTenant(api, id)
  }
}

async function readById<Noun extends { readonly id: string }> (api: Api, path: readonly string[], read: (document: ApiDocument) => Noun | undefined): Promise<Noun | undefined> {
  const document = await api.get(path)
  if (!document) return undefined
  const noun = read(document)
  if (noun?.id !== path.at(-1)) throw new InteropApiError(`an answer of the platform to /${path[0]}/{id} is none about what was asked for`)
  return noun
}

/** An e-service is known with its versions, or not at all. */
async function readEService (api: Api, id: string, descriptorIds: readonly string[]): Promise<EService | undefined> {
  const eservice = await readById(api, ['eservices', id], (document) => eserviceOf(document, []))
  if (!eservice) return undefined
  const descriptors = []
  for (const descriptorId of descriptorIds) descriptors.push(await readDescriptor(api, ['eservices', id, 'descriptors', descriptorId]))
  return { ...eservice, descriptors: descriptors.filter((descriptor) => descriptor !== undefined) }
}

/** A version of an e-service with the certified attributes that it asks of its consumers. */
async function readDescriptor (api: Api, path: readonly string[]): Promise<Descriptor | undefined> {
  const descriptor = await readById(api, path, descriptorOf)
  if (!descriptor) return undefined
  const asked = await readWhole(api, [...path, 'certifiedAttributes'], askedAttributeOf)
  const groups = Map.groupBy(asked.toSorted((one, other) => one.group - other.group), ({ group }) => group)
  const certified = [...groups.values()].map((group) => group.map(({ group: _group, ...attribute }): CertifiedAttribute => attribute))
  return certified.length === 0 ? descriptor : { ...descriptor, attributes: { certified } }
}

/** A tenant with the certified attributes that it has. */
async function readTenant (api: Api, id: string): Promise<Tenant | undefined> {
  const tenant = await readById(api, ['tenants', id], tenantOf)
  if (!tenant) return undefined
  const attributes = (await readWhole(api, ['tenants', id, 'certifiedAttributes'], heldAttributeOf)).flatMap(({ id, isHeld }) => isHeld ? [id] : [])
  return attributes.length === 0 ? tenant : { ...tenant, attributes }
}

/** A short list to its end. Throws InteropApiError also when one thing in it cannot be read: how often somebody may call is not decided by half of it. */
async function readWhole<Item> (api: Api, path: readonly string[], read: (document: unknown) => Item | undefined): Promise<readonly Item[]> {
  const name = path.at(-1) as string
  const all: Item[] = []
  for await (const { results } of readPages(api, path, {}, () => 0)) {
    for (const document of results) {
      const item = read(document)
      if (!item) throw new InteropApiError(`an answer of the platform is no list of ${name}`)
      all.push(item)
    }
  }
  return all
}

/** The agreement behind a purpose, where it is in force or suspended; undefined when there is none. */
export async function readAgreementOf (api: Api, purposeId: string): Promise<Agreement | undefined> {
  const document = await api.get(['purposes', purposeId, 'agreement'])
  const agreement = document && agreementOf(document)
  if (document && !agreement) throw new InteropApiError('an answer of the platform to /purposes/{id}/agreement is no agreement')
  return agreement
}

const pageSize = 50
/** A bound for one list, far above what one e-service has. */
const mostPages = 2000

/** Where each list stands, and how what stands in it is read. */
const lists: readonly { readonly name: string, readonly kind: ListedKind, readonly read: (document: unknown) => RegistryNouns[ListedKind] | undefined }[] = [
  { name: 'agreements', kind: 'agreement', read: agreementOf },
  { name: 'purposes', kind: 'purpose', read: purposeOf },
  { name: 'consumerDelegations', kind: 'delegation', read: delegationOf('DelegatedConsumer') },
  { name: 'producerDelegations', kind: 'delegation', read: delegationOf('DelegatedProducer') }
]

/** A page of a list, given as soon as it was read. `asked` numbers the readings in the order in which they were begun. */
export interface Page { readonly asked: number, readonly items: readonly Listed[] }

/**
 * Everything that the platform lists for an e-service, page by page; what it lists of others is left out. Throws InteropApiError when one
 * of the lists cannot be read to its end.
 */
export async function * readLists (api: Api, eserviceId: string, number: () => number): AsyncGenerator<Page> {
  for (const list of lists) yield * readList(api, list, { eserviceIds: eserviceId }, number)
}

/** The agreements of a consumer on an e-service, in any state. */
export async function * readAgreements (api: Api, eserviceId: string, consumerId: string, number: () => number): AsyncGenerator<Page> {
  for await (const { asked, items } of readList(api, lists[0] as (typeof lists)[number], { eserviceIds: eserviceId, consumerIds: consumerId }, number)) {
    yield { asked, items: items.filter(({ item }) => !item || ('consumerId' in item && item.consumerId === consumerId)) }
  }
}

async function * readList (api: Api, { name, kind, read }: (typeof lists)[number], filter: { readonly eserviceIds: string, readonly consumerIds?: string }, number: () => number): AsyncGenerator<Page> {
  for await (const { asked, results } of readPages(api, [name], filter, number)) {
    const items = results.flatMap((document) => {
      const item = read(document)
      const { id } = item ?? (isRecord(document) ? document : {})
      return !isUuid(id) || (item && item.eserviceId !== filter.eserviceIds) ? [] : [{ kind, id, item }]
    })
    yield { asked, items }
  }
}

async function * readPages (api: Api, path: readonly string[], filter: Readonly<Record<string, string>>, number: () => number): AsyncGenerator<{ readonly asked: number, readonly results: readonly unknown[] }> {
  const name = path.at(-1) as string
  for (let page = 0; page < mostPages; page++) {
    const asked = number()
    const { results, totalCount } = pageOf(await api.get(path, { ...filter, offset: page * pageSize, limit: pageSize }), name)
    yield { asked, results }
    if (results.length === 0 || (page + 1) * pageSize >= totalCount) return
  }
  throw new InteropApiError(`the platform's list of ${name} has no end`)
}

function pageOf (document: ApiDocument | undefined, name: string): { readonly results: readonly unknown[], readonly totalCount: number } {
  const { results, pagination } = document ?? {}
  const totalCount = isRecord(pagination) ? pagination['totalCount'] : undefined
  if (!Array.isArray(results) || typeof totalCount !== 'number') throw new InteropApiError(`an answer of the platform is no list of ${name}`)
  return { results, totalCount }
}

/** No pause that the platform asks for between two answers is waited for longer, in ms; and each a little longer than asked for, because timers come early. */
const longestPauseMs = 60_000
const marginMs = 5

/** The interop API for work that is not in a hurry: behind each answer it waits for as long as the platform asks for. */
export function unhurried (api: Pick<InteropApi, 'get' | 'pauseMs'>, stopped?: AbortSignal): Api {
  return {
    async get (path, query) {
      const document = await api.get(path, query)
      if (api.pauseMs > 0) await wait(Math.min(api.pauseMs, longestPauseMs) + marginMs, undefined, { ref: false, ...stopped && { signal: stopped } }).catch(() => undefined)
      return document
    }
  }
}
