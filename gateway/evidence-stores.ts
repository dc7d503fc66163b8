import { EvidenceStore } from './adapters/evidence-store.ts'
import type { EvidenceOptions } from './adapters/evidence-store.ts'

/** A store that somebody uses, until they leave it. */
export interface UsedStore { readonly store: EvidenceStore, readonly leave: () => Promise<void> }

/**
 * The evidence stores of a process, each open for as long as somebody uses it. Who keeps the same evidence in the same place uses the same one: a second would
 * not know what the first adds, and what of that is taken away would show nowhere.
 */
export class EvidenceStores {
  readonly #open = new Map<string, { readonly opened: Promise<EvidenceStore>, users: number }>()

  async use (options: EvidenceOptions): Promise<UsedStore> {
    const { folder, eserviceId, keys, retentionDays } = options
    const name = JSON.stringify([folder, eserviceId, retentionDays, ...keys.map((key) => key.toString('base64'))])
    const entry = this.#open.get(name) ?? { opened: open(options), users: 0 }
    this.#open.set(name, entry)
    entry.users++
    const store = await entry.opened
    return {
      store,
      leave: async () => {
        if (--entry.users > 0) return
        this.#open.delete(name)
        await store.close()
      }
    }
  }
}

async function open (options: EvidenceOptions): Promise<EvidenceStore> {
  const store = new EvidenceStore(options)
  await store.open()
  return store
}
