import type { Test } from 'tap'
import type { Registry } from '../../policies/registry.ts'
import { snapshotFile } from '../adapters/snapshot-file.ts'
import { temporaryFolder } from '../harness/process.ts'
import { json, notFound, openClient, startPlatform } from './platform-fixture.ts'
import type { Answering } from './platform-fixture.ts'
import { PlatformRegistry } from './platform-registry.ts'
import { RegistryFeed } from './registry-feed.ts'

/** A platform that tells of one e-service what a test wants it to, over real sockets, and a registry that reads it. Used by tests only. */

/** Ids of the test: the first digit says of what. */
export const id = (kind: number, number = 0): string => `${kind}0000000-0000-4000-8000-${String(number).padStart(12, '0')}`
export const ids = { eservice: id(1), descriptor: id(2), producer: id(3), consumer: id(4), purpose: id(5), agreement: id(6), client: id(7), delegation: id(8) }
export const served: ReadonlyMap<string, readonly string[]> = new Map([[ids.eservice, [ids.descriptor]]])
export const known = { eserviceId: ids.eservice, consumerId: ids.consumer, purposeId: ids.purpose }

type Document = Readonly<Record<string, any>>
export const purpose = (changes: Document = {}): Document => ({ id: ids.purpose, eserviceId: ids.eservice, consumerId: ids.consumer, title: 'Finalità', currentVersion: { id: id(9), state: 'ACTIVE', dailyCalls: 5 }, ...changes })
export const agreement = (changes: Document = {}): Document => ({ id: ids.agreement, eserviceId: ids.eservice, descriptorId: ids.descriptor, producerId: ids.producer, consumerId: ids.consumer, state: 'ACTIVE', ...changes })
export const delegation = (changes: Document = {}): Document => ({ id: ids.delegation, delegatorId: ids.consumer, delegateId: id(4, 1), eserviceId: ids.eservice, state: 'ACTIVE', ...changes })
export const suspended = { currentVersion: { id: id(9), state: 'SUSPENDED', dailyCalls: 5 } }

/** What the platform knows, by the paths below which it stands; `events` by feed. A test may answer a path by itself: `otherwise`. */
export class StandIn {
  readonly documents: Record<string, Document[]> = {
    purposes: [purpose()],
    agreements: [agreement()],
    eservices: [{ id: ids.eservice, producerId: ids.producer, name: 'Cose' }],
    descriptors: [{ id: ids.descriptor, version: '1', state: 'PUBLISHED', audience: ['https://api.example.it'], voucherLifespan: 600, dailyCallsPerConsumer: 10, dailyCallsTotal: 100 }],
    clients: [{ id: ids.client, consumerId: ids.consumer }],
    tenants: [{ id: ids.consumer, name: 'Ente', externalId: { origin: 'IPA', value: 'ente' } }],
    consumerDelegations: [],
    producerDelegations: []
  }

  /** Certified attributes by whose they are: a tenant, or a version that asks for them. */
  readonly attributes: Record<string, Document[]> = {}
  readonly events: Record<string, Document[]> = {}
  otherwise: (path: string, query: URLSearchParams) => Answering | undefined = () => undefined
  #events = 0

  /** Something happens: it is told on a feed, and the platform knows it. */
  tell (feed: string, member: string, of: string, eventType = 'SOMETHING'): void {
    (this.events[feed] ??= []).push({ id: `01930000-0000-7000-8000-${String(++this.#events).padStart(12, '0')}`, eventType, eventTimestamp: '2026-11-21T10:00:00Z', [member]: of })
  }

  /** Puts other documents in the place of those with their ids. */
  replace (list: string, ...changed: Document[]): void {
    this.documents[list] = [...(this.documents[list] ?? []).filter((one) => !changed.some((other) => other['id'] === one['id'])), ...changed]
  }

  remove (list: string, of: string): void {
    this.documents[list] = (this.documents[list] ?? []).filter((one) => one['id'] !== of)
  }

  readonly answer: Answering = (request, response) => {
    const { pathname, searchParams: query } = new URL(request.url ?? '', 'http://platform')
    const path = pathname.replace(/^\/v\d\//, '')
    const answering = this.otherwise(path, query) ?? this.#usual(path.split('/'), query)
    answering(request, response)
  }

  #usual (path: readonly string[], query: URLSearchParams): Answering {
    const [list = ''] = path
    if (list.endsWith('Events')) return json({ events: (this.events[list] ?? []).filter((event) => event['id'] > (query.get('lastEventId') ?? '')).slice(0, Number(query.get('limit'))) })
    if (path.at(-1) === 'certifiedAttributes') return json(pageOf(this.attributes[path.at(-2) ?? ''] ?? [], query))
    const all = this.documents[path.length === 4 ? 'descriptors' : list] ?? []
    if (path.length === 1) return json(pageOf(all.filter((one) => ['eserviceId', 'consumerId'].every((name) => (query.get(`${name}s`) ?? one[name]) === one[name])), query))
    const named = all.find((one) => one['id'] === path[path.length === 4 ? 3 : 1])
    const found = path[2] === 'agreement' ? this.documents['agreements']?.find((one) => ['eserviceId', 'consumerId'].every((name) => one[name] === named?.[name])) : named
    return found ? json(found) : notFound
  }
}

/** A page of a list as the platform gives it. */
export function pageOf (all: readonly unknown[], query: URLSearchParams): object {
  const [offset, limit] = [Number(query.get('offset')), Number(query.get('limit'))]
  return { results: all.slice(offset, offset + limit), pagination: { offset, limit, totalCount: all.length } }
}

export const hours = 60 * 60_000

/** Starts a platform with a registry on it; `next` is the registry of the next process, with the same state folder. */
export async function startRegistry (t: Test, { version = 'v2', local, deadlineMs = 5000 }: { readonly version?: 'v2' | 'v3', readonly local?: Registry, readonly deadlineMs?: number } = {}) {
  const platform = await startPlatform(t)
  const standIn = new StandIn()
  platform.answer = (request, response) => { standIn.answer(request, response) }
  const { api, now, warn, warnings } = await openClient(t, platform, version, { deadlineMs })
  const folder = await temporaryFolder(t)
  const open = async () => {
    const registry = new PlatformRegistry({ api, served, local, staleMs: 24 * hours, now, warn })
    const snapshot = snapshotFile({ folder, name: 'registry.json', source: 'test', now, warn })
    const feed = new RegistryFeed({ api, served, registry, snapshot, now })
    await feed.restore()
    return { registry, feed, snapshot }
  }
  /** What was asked for since the last time, below the version and without query. */
  const asked = (): readonly string[] => platform.asked.splice(0).map((url) => url.replace(/^\/v\d\/|\?.*$/g, ''))
  return { platform, standIn, warnings, folder, asked, ...await open(), next: open }
}
