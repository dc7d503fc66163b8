import type { Agreement } from '../../policies/registry.ts'

/** Agreements by who uses what. Of several between the same two the `Active` one counts, otherwise the latest. */
export class AgreementsByParties {
  readonly #all = new Map<string, readonly Agreement[]>()
  readonly #counting = new Map<string, Agreement>()

  constructor (agreements: readonly Agreement[] = []) {
    for (const agreement of agreements) this.put(agreement)
  }

  /** The agreement that counts. */
  find (eserviceId: string, consumerId: string): Agreement | undefined {
    return this.#counting.get(keyOf({ eserviceId, consumerId }))
  }

  /** Whether there is, or ever was, an agreement between them here. */
  hasMet (eserviceId: string, consumerId: string): boolean {
    return this.#all.has(keyOf({ eserviceId, consumerId }))
  }

  /** Adds one as the latest, or puts what is known of it now in its place. */
  put (agreement: Agreement): void {
    const before = this.#all.get(keyOf(agreement)) ?? []
    const known = before.some(({ id }) => id === agreement.id)
    this.#set(keyOf(agreement), known ? before.map((one) => one.id === agreement.id ? agreement : one) : [...before, agreement])
  }

  remove (agreement: Agreement): void {
    const key = keyOf(agreement)
    this.#set(key, (this.#all.get(key) ?? []).filter(({ id }) => id !== agreement.id))
  }

  #set (key: string, all: readonly Agreement[]): void {
    const counting = all.find(({ state }) => state === 'Active') ?? all.at(-1)
    this.#all.set(key, all)
    if (counting) this.#counting.set(key, counting)
    else this.#counting.delete(key)
  }
}

function keyOf ({ eserviceId, consumerId }: Pick<Agreement, 'eserviceId' | 'consumerId'>): string {
  return `${eserviceId} ${consumerId}`
}
