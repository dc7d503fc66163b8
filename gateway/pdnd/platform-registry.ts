import { isRecord } from '../../policies/jws.ts'
import type { Agreement, Client, Delegation, EService, Purpose, Registry, RegistryIds, Settled, Tenant } from '../../policies/registry.ts'
import { AgreementsByParties } from '../adapters/agreements-by-parties.ts'
import { Lookups, putNewest } from './asking.ts'
import type { InteropApi } from './interop-api.ts'
import { KnownItems } from './known-items.ts'
import { inCommon } from './registry-documents.ts'
import { readAgreementOf, readAgreements, readsOf } from './registry-reads.ts'
import type { Page, RegistryKind, RegistryNouns, RegistryReads, ServedEServices } from './registry-reads.ts'

/** What the registry of the platform needs; `now` in epoch ms, `staleMs` is how long what is known serves on while the platform cannot be asked. */
export interface PlatformRegistryOptions {
  readonly api: Pick<InteropApi, 'get'>
  readonly served: ServedEServices
  /** What the platform does not know, and the certificates of those that it knows. */
  readonly local: Registry | undefined
  readonly staleMs: number
  readonly now: () => number
  readonly warn: (message: string) => void
}

type Known = { readonly [Kind in RegistryKind]: KnownItems<RegistryNouns[Kind]> }
interface Question { readonly name: string, readonly ask: () => Promise<void> }

/** Clients and tenants are looked up when somebody comes with them; so many are kept, and as many that have no agreement. */
const [mostVisitors, mostStrangers] = [10_000, 10_000]
/** How long the platform's "no such thing" is believed. */
const deniedMs = 45_000
/** Questions to the platform in a second on behalf of callers, whatever they come with. */
const lookupsPerSecond = 20

/**
 * The registry as the platform tells it. Reads are of what is known here; whoever comes with something that is not has it looked up, once, within a
 * budget. Nothing is concluded before everything was read once, nor when nothing was confirmed for too long: then all is undecided.
 * Of an agreement or a purpose of which the platform ever told nothing in the local file counts.
 */
export class PlatformRegistry implements Registry {
  readonly #options: PlatformRegistryOptions
  readonly #reads: RegistryReads
  readonly #known: Known = { eservice: new KnownItems(), agreement: new KnownItems(), purpose: new KnownItems(), delegation: new KnownItems(), client: new KnownItems(mostVisitors), tenant: new KnownItems(mostVisitors) }
  readonly #parties = new AgreementsByParties()
  /** Until when it is believed that two have no agreement. */
  readonly #strangers = new Map<string, number>()
  readonly #lookups: Lookups
  /** What another process kept by the time when its snapshot was taken last; undefined while this one keeps it. */
  #taken: ReadonlySet<string> | undefined
  #asked = 0
  /** When everything that is known was last in step with the platform, in epoch ms. */
  confirmedAt = -Infinity
  /** Changes with everything that is taken in. */
  revision = 0
  /** How often somebody came of whom nothing could be concluded. */
  undecided = 0

  constructor (options: PlatformRegistryOptions) {
    this.#options = options
    this.#reads = readsOf(options.api, options.served)
    this.#lookups = new Lookups({ ...options, perSecond: lookupsPerSecond })
  }

  /** How long ago what is known was last in step with the platform, in ms; Infinity when it never was. */
  get ageMs (): number {
    return this.#options.now() - this.confirmedAt
  }

  /** True while something may be concluded from what is known. */
  get ready (): boolean {
    return this.ageMs < this.#options.staleMs
  }

  settle (ids: RegistryIds): Settled | Promise<Settled> {
    if (this.ready) return this.#unknown(ids).length === 0 ? 'settled' : this.#lookUpAll(ids)
    this.undecided++
    return 'undecided'
  }

  tenant (id: string): Tenant | undefined {
    const [own, told] = [this.#options.local?.tenant(id), this.#known.tenant.get(id)]
    // The local file names certificates of those that the platform knows, which certifies attributes.
    return own && told ? { ...told, ...own } : own ?? told
  }

  client (id: string): Client | undefined {
    return this.#options.local?.client(id) ?? this.#known.client.get(id)
  }

  eservice (id: string): EService | undefined {
    return this.#known.eservice.get(id)
  }

  agreement (eserviceId: string, consumerId: string): Agreement | undefined {
    return this.#parties.hasMet(eserviceId, consumerId) ? this.#parties.find(eserviceId, consumerId) : this.#options.local?.agreement(eserviceId, consumerId)
  }

  purpose (id: string): Purpose | undefined {
    return this.#known.purpose.hasMet(id) ? this.#known.purpose.get(id) : this.#options.local?.purpose(id)
  }

  delegation (id: string): Delegation | undefined {
    return this.#known.delegation.get(id)
  }

  /** The purposes that are known here: those that the platform told of, and of these `local` ones those of which it never did. */
  purposes (local: readonly Purpose[]): readonly Purpose[] {
    return [...this.#known.purpose.values(), ...local.filter(({ id }) => !this.#known.purpose.hasMet(id))]
  }

  /** The number of a reading that is begun now. */
  number (): number {
    return ++this.#asked
  }

  /** Reads one thing anew and takes in what the platform says. Throws when it does not say. */
  async refresh (kind: RegistryKind, id: string, reads: RegistryReads = this.#reads): Promise<void> {
    const asked = this.number()
    this.#take(kind, id, await reads[kind](id), asked)
  }

  /** Something happened to it and it is not known what: it is no longer known here. */
  doubt (kind: RegistryKind, id: string): void {
    this.#take(kind, id, undefined, this.number(), -Infinity)
  }

  /** Takes in a page of a list; what cannot be read is left as it was. */
  takePage ({ asked, items }: Page): void {
    for (const { kind, id, item } of items) if (item) this.#take(kind, id, item, asked)
  }

  /** The ids of what was last found by readings before this one. */
  knownBefore (kind: RegistryKind, asked: number): readonly string[] {
    return this.#known[kind].knownBefore(asked)
  }

  /** Whether there is anything of this name here. */
  has (kind: RegistryKind, id: string): boolean {
    return this.#known[kind].get(id) !== undefined
  }

  /** From now on this process keeps what is known: should another one do so later, whatever is not in what that one keeps was removed by it. */
  own (): void {
    this.#taken = undefined
  }

  /** What is known, for a start without the platform and for the other processes that share the state folder. */
  kept (): Readonly<Record<string, unknown>> {
    return Object.fromEntries(Object.entries(this.#known).map(([kind, items]) => [kind, items.values()]))
  }

  /**
   * Takes what another process kept. What that one removed is no longer known here; what only this one asked for stays, unless `isTold` says that something happened
   * to it. Of an e-service of which more versions are served here than there what is known
   * stays, unless something happened to it or it is another there.
   */
  restore (kept: Readonly<Record<string, unknown>>, isTold: (kind: RegistryKind, id: string) => boolean): void {
    const taken = new Set<string>()
    for (const kind of Object.keys(this.#known) as RegistryKind[]) {
      const items = kept[kind]
      for (const item of Array.isArray(items) ? items as readonly unknown[] : []) {
        if (!isRecord(item) || typeof item['id'] !== 'string') continue
        taken.add(`${kind} ${item['id']}`)
        if (kind !== 'eservice' || this.#isWhole(item as unknown as EService)) this.#take(kind, item['id'], item as never, this.number())
        else if (isTold(kind, item['id']) || this.#contradicts(item as unknown as EService)) this.doubt(kind, item['id'])
      }
      for (const id of this.knownBefore(kind, Infinity)) {
        const name = `${kind} ${id}`
        if (!taken.has(name) && (!this.#taken || this.#taken.has(name) || isTold(kind, id))) this.doubt(kind, id)
      }
    }
    this.#taken = taken
  }

  #isWhole ({ id, descriptors }: EService): boolean {
    return this.#options.served.get(id)?.every((served) => descriptors.some((descriptor) => descriptor.id === served)) ?? false
  }

  /** Whether something else is known here of an e-service, or of one of these versions. */
  #contradicts (told: EService): boolean {
    const known = this.#known.eservice.get(told.id)
    return known !== undefined && JSON.stringify(inCommon(told, known)) !== JSON.stringify(inCommon(known, told))
  }

  #take<Kind extends RegistryKind> (kind: Kind, id: string, item: RegistryNouns[Kind] | undefined, asked: number, until = this.#options.now() + deniedMs): void {
    const items = this.#known[kind]
    const before = items.get(id)
    if (!(item ? items.put(id, item, asked) : items.remove(id, asked, until))) return
    this.revision++
    if (kind !== 'agreement') return
    if (before && !item) this.#parties.remove(before as Agreement)
    if (item) this.#parties.put(item as Agreement)
  }

  /** What of all this is not known here, as questions to the platform. */
  #unknown ({ eserviceId, consumerId, purposeId, clientId }: RegistryIds): readonly Question[] {
    const questions: Question[] = []
    const now = this.#options.now()
    const ask = (kind: RegistryKind, id: string | undefined, found?: unknown): void => {
      if (id !== undefined && found === undefined && !this.#known[kind].isDecided(id, now)) questions.push({ name: `${kind} ${id}`, ask: async () => this.refresh(kind, id) })
    }
    const { served } = this.#options
    if (eserviceId !== undefined && served.has(eserviceId)) {
      ask('eservice', eserviceId)
      if (consumerId !== undefined) this.#askAgreement({ eserviceId, consumerId, purposeId }, now, questions)
    }
    if (purposeId !== undefined) {
      const purpose = this.purpose(purposeId)
      ask('purpose', purposeId, purpose)
      ask('delegation', purpose?.delegationId)
      if (consumerId !== undefined && this.#known.purpose.get(purposeId) && this.#countsAttributes(eserviceId)) ask('tenant', consumerId, this.#known.tenant.get(consumerId))
    }
    if (clientId !== undefined) {
      const client = this.client(clientId)
      ask('client', clientId, client)
      if (client) ask('tenant', client.consumerId, this.tenant(client.consumerId))
    }
    return questions
  }

  /** Whether it depends on what its consumers were certified how often they may call an e-service. */
  #countsAttributes (eserviceId: string | undefined): boolean {
    return eserviceId !== undefined && (this.eservice(eserviceId)?.descriptors.some(({ attributes }) => attributes?.certified.flat().some(({ dailyCallsPerConsumer }) => dailyCallsPerConsumer !== undefined)) ?? false)
  }

  #askAgreement ({ eserviceId, consumerId, purposeId }: { readonly eserviceId: string, readonly consumerId: string, readonly purposeId: string | undefined }, now: number, questions: Question[]): void {
    const name = `agreement ${eserviceId} ${consumerId}`
    if (this.agreement(eserviceId, consumerId) || (this.#strangers.get(name) ?? -Infinity) > now) return
    questions.push({
      name,
      ask: async () => {
        const { api } = this.#options
        for await (const page of readAgreements(api, eserviceId, consumerId, () => this.number())) this.takePage(page)
        if (this.agreement(eserviceId, consumerId)) return
        // A list alone takes nothing from anybody.
        const asked = this.number()
        const found = purposeId === undefined ? undefined : await readAgreementOf(api, purposeId)
        if (found?.eserviceId === eserviceId && found.consumerId === consumerId) this.#take('agreement', found.id, found, asked)
        else putNewest(this.#strangers, name, this.#options.now() + deniedMs, mostStrangers)
      }
    })
  }

  async #lookUpAll (ids: RegistryIds): Promise<Settled> {
    // What is found can name what must be known next: a purpose its delegation, a client its tenant.
    for (let questions = this.#unknown(ids), round = 0; round < 2 && questions.length > 0; questions = this.#unknown(ids), round++) {
      await Promise.all(questions.map(async ({ name, ask }) => this.#lookups.ask(name, ask)))
    }
    if (this.#unknown(ids).length === 0) return 'settled'
    this.undecided++
    return 'undecided'
  }
}
