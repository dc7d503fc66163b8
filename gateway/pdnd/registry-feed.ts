import { isUuid } from '../../policies/claim.ts'
import { isRecord } from '../../policies/jws.ts'
import { SnapshotWriter } from '../adapters/snapshot-file.ts'
import type { SnapshotFile } from '../adapters/snapshot-file.ts'
import { EventFeed } from './event-feed.ts'
import type { FeedPosition, PlatformEvent } from './event-feed.ts'
import type { InteropApi } from './interop-api.ts'
import type { PlatformRegistry } from './platform-registry.ts'
import { readLists, readsOf, unhurried } from './registry-reads.ts'
import type { RegistryKind, RegistryReads, ServedEServices } from './registry-reads.ts'
import { nameOf, ToldEvents } from './told-events.ts'
import type { Named } from './told-events.ts'

/** What keeping the registry in step with the platform needs; `now` in epoch ms. */
export interface RegistryFeedOptions {
  readonly api: Pick<InteropApi, 'get' | 'pauseMs'>
  readonly served: ServedEServices
  readonly registry: PlatformRegistry
  readonly snapshot: SnapshotFile
  readonly now: () => number
}

/** The platform's event feeds that are followed, and what their events name. */
const channels: readonly { readonly name: string, readonly kind: RegistryKind, readonly member: string }[] = [
  { name: 'purposeEvents', kind: 'purpose', member: 'purposeId' },
  { name: 'agreementEvents', kind: 'agreement', member: 'agreementId' },
  { name: 'eserviceEvents', kind: 'eservice', member: 'eserviceId' },
  { name: 'consumerDelegationEvents', kind: 'delegation', member: 'delegationId' },
  { name: 'producerDelegationEvents', kind: 'delegation', member: 'delegationId' },
  { name: 'clientEvents', kind: 'client', member: 'clientId' },
  { name: 'tenantEvents', kind: 'tenant', member: 'tenantId' }
]

/** A feed with what was done about it: when its end was last reached, in epoch ms, and up to where its events were taken in. */
interface Followed { readonly kind: RegistryKind, readonly member: string, readonly name: string, readonly feed: EventFeed, readAt: number, takenIn: FeedPosition }

/** Everything is read anew this often, in ms: what no event told comes to light then. */
const everythingMs = 60 * 60 * 1000
/** While everything is read, which can take minutes, events wait no longer than this, in ms. */
const eventsMs = 30_000
/** Above so many things that events name, reading all lists costs less than reading each. */
const mostById = 100
/** Above so many they are not even remembered. */
const mostNamed = 10_000
/** How many things that a list has no more are asked for by id in one reading; the others stay until the next one. */
const mostConfirmed = 200

/**
 * Keeps the registry in step with the platform, and both on disk: what events name is read anew by id, and everything now and then. An event counts at
 * once: what it names is no longer known when it cannot be read. A list counts only for what stands in it: what it has no more is asked for by
 * id before it is taken away, so that no short or empty answer takes anything from anybody. The other processes that share the state folder take in what is kept,
 * with what events named a while ago: some of it only they may know.
 */
export class RegistryFeed {
  readonly #options: RegistryFeedOptions
  readonly #followed: readonly Followed[]
  readonly #writer: SnapshotWriter
  readonly #told: ToldEvents
  /** What events told of and was not read yet, and what was read because of the events before: the lists of the platform may follow its events with some delay. */
  #named = new Map<string, Named>()
  #readBefore: readonly Named[] = []
  #everythingAt = -Infinity
  #eventsAt = -Infinity
  /** Events were missed: nothing is in step before everything was read. */
  #missed = false
  /** How much lists did not have any more that nobody had told of. */
  missing = 0
  /** Why the last reading did not go well; undefined when it did. */
  lastError: string | undefined

  constructor (options: RegistryFeedOptions) {
    this.#options = options
    this.#writer = new SnapshotWriter(options.snapshot)
    this.#told = new ToldEvents(options.now)
    this.#followed = channels.map((channel) => {
      const feed = new EventFeed(options.api, channel.name, options.now)
      return { ...channel, feed, readAt: -Infinity, takenIn: feed.position }
    })
  }

  /** Takes what the snapshot holds, if there is one that may be used. */
  async restore (): Promise<void> {
    const snapshot = await this.#options.snapshot.read()
    if (!snapshot || !isRecord(snapshot.content)) return
    const { positions, known, lastError } = snapshot.content
    if (!isRecord(positions) || !isRecord(known)) return
    for (const followed of this.#followed) {
      const { lastEventId, readAt } = isRecord(positions[followed.name]) ? positions[followed.name] as Readonly<Record<string, unknown>> : {}
      if (typeof readAt === 'number') followed.takenIn = followed.feed.position = { lastEventId: isUuid(lastEventId) ? lastEventId : undefined, readAt }
    }
    this.#options.registry.restore(known, this.#told.hear(snapshot.content['told']))
    this.#options.registry.confirmedAt = snapshot.at
    this.lastError = typeof lastError === 'string' ? lastError : undefined
  }

  /** Goes on where another process stopped: with its position, and with a second look at what was told to it last. */
  async takeOver (): Promise<void> {
    if (await this.#options.snapshot.hasChanged()) await this.restore()
    this.#options.registry.own()
    this.#readBefore = this.#told.recent(eventsMs).filter((one) => this.#counts(one))
  }

  /** Takes in what happened since the last time, then keeps it. Throws when something cannot be read; what could be read was taken in. */
  async read (stopped?: AbortSignal): Promise<void> {
    const api = unhurried(this.#options.api, stopped)
    const reads = readsOf(api, this.#options.served)
    const faults = await this.#readEvents()
    const due = this.#missed || this.#named.size > mostById || this.#options.now() - this.#everythingAt >= everythingMs
    if (due) await this.#readEverything(api, reads).catch((error: Error) => { faults.push(error) })
    await this.#readNamed(reads)
    this.#confirm()
    this.lastError = faults[0]?.message
    this.save()
    if (faults[0]) throw faults[0]
  }

  /** The same, but that everything is read, and nothing is in step before it was. */
  async readAnew (stopped?: AbortSignal): Promise<void> {
    this.#missed = true
    return this.read(stopped)
  }

  /** Writes the snapshot if there is anything to write. Nobody waits for the disk. */
  save (): void {
    const { registry } = this.#options
    if (registry.confirmedAt === -Infinity) return
    const positions = Object.fromEntries(this.#followed.map(({ name, takenIn }) => [name, takenIn]))
    const revision = [registry.revision, ...Object.values(positions).map(({ lastEventId }) => lastEventId), this.lastError].join(' ')
    this.#writer.save(revision, registry.confirmedAt, () => ({ positions, known: registry.kept(), lastError: this.lastError, told: this.#told.kept() }))
  }

  async #readEvents (): Promise<Error[]> {
    const faults: Error[] = []
    this.#eventsAt = this.#options.now()
    for (const followed of this.#followed) {
      const startedAt = this.#options.now()
      const reader = {
        apply: (event: PlatformEvent) => { this.#note(followed.kind, event[followed.member]) },
        restart: () => {
          this.#missed = true
          this.#told.forget()
        }
      }
      try {
        await followed.feed.read(reader)
        followed.readAt = startedAt
      } catch (error) {
        faults.push(error as Error)
      }
    }
    return faults
  }

  // Of e-services ours count, and of clients, tenants and delegations those that somebody came with: others are looked up by whoever does.
  #note (kind: RegistryKind, id: unknown): void {
    if (!isUuid(id)) return
    this.#told.note({ kind, id })
    if (!this.#counts({ kind, id })) return
    if (this.#named.size < mostNamed) this.#named.set(nameOf({ kind, id }), { kind, id })
    else this.#missed = true
  }

  #counts ({ kind, id }: Named): boolean {
    const { served, registry } = this.#options
    return kind === 'eservice' ? served.has(id) : kind === 'purpose' || kind === 'agreement' || registry.has(kind, id)
  }

  async #readEverything (api: Pick<InteropApi, 'get'>, reads: RegistryReads): Promise<void> {
    const { registry, now } = this.#options
    const startedAt = now()
    const first = registry.number()
    // What is missed from now on is missed again.
    const missed = this.#missed
    this.#missed = false
    try {
      await this.#readLists(api, reads)
    } catch (error) {
      this.#missed ||= missed
      throw error
    }
    const missing = (['agreement', 'purpose', 'delegation'] as const).flatMap((kind) => registry.knownBefore(kind, first).map((id) => ({ kind, id })))
    this.missing += missing.length
    for (const { kind, id } of missing.slice(0, mostConfirmed)) await registry.refresh(kind, id, reads).catch(() => undefined)
    this.#everythingAt = startedAt
  }

  async #readLists (api: Pick<InteropApi, 'get'>, reads: RegistryReads): Promise<void> {
    const { registry, served, now } = this.#options
    for (const eserviceId of served.keys()) {
      await registry.refresh('eservice', eserviceId, reads)
      this.#named.delete(nameOf({ kind: 'eservice', id: eserviceId }))
      for await (const page of readLists(api, eserviceId, () => registry.number())) {
        registry.takePage(page)
        for (const listed of page.items) if (listed.item) this.#named.delete(nameOf(listed))
        if (now() - this.#eventsAt < eventsMs) continue
        await this.#readEvents()
        await this.#readNamed(reads)
        // What events told counts in the other processes too, before all of this is read.
        this.save()
      }
    }
  }

  async #readNamed (reads: RegistryReads): Promise<void> {
    const { registry } = this.#options
    const named = [...this.#named.values()]
    const again = this.#readBefore.filter((one) => !this.#named.has(nameOf(one)))
    this.#named = new Map()
    this.#readBefore = named.slice(0, mostById)
    for (const [index, { kind, id }] of named.entries()) {
      const read = index < mostById && await registry.refresh(kind, id, reads).then(() => true, () => false)
      if (!read) registry.doubt(kind, id)
    }
    for (const { kind, id } of again) await registry.refresh(kind, id, reads).catch(() => undefined)
  }

  /** What is known is in step as far as all events were taken in, or everything was read; what was never read as a whole never is. */
  #confirm (): void {
    const { registry } = this.#options
    if (this.#missed || Math.max(this.#everythingAt, registry.confirmedAt) === -Infinity) return
    for (const followed of this.#followed) followed.takenIn = followed.feed.position
    registry.confirmedAt = Math.max(registry.confirmedAt, this.#everythingAt, Math.min(...this.#followed.map(({ readAt }) => readAt)))
  }
}
