import { join } from 'node:path'
import { isUuid } from '../../policies/claim.ts'
import { asyncScopes } from '../../policies/demands.ts'
import type { Interaction, Interactions } from '../../policies/interactions.ts'
import { isRecord } from '../../policies/jws.ts'
import { MemoryInteractions } from './interactions-memory.ts'
import { Journal } from './journal.ts'

/** Interactions that are kept in a file. After `close` no step can be taken. */
export interface KeptInteractions extends Interactions { close (): Promise<void> }

/** The name of the file in the state folder. */
export const interactionsFile = 'interactions.jsonl'

/**
 * Opens the interactions of a state folder: held in memory, each step on the disk before it counts; those whose time is over leave the file
 * when it is written anew. `now` in epoch ms. Throws CheckedFileError when the file holds what the gateway did not write.
 */
export async function openInteractions (folder: string, now: () => number, capacity?: number): Promise<KeptInteractions> {
  const memory = new MemoryInteractions(capacity)
  const journal = await Journal.open<Interaction>(join(folder, interactionsFile), {
    read: (entry) => {
      if (isKept(entry)) memory.load(entry)
      return isKept(entry)
    },
    live: () => {
      memory.sweep(now())
      return memory
    },
    count: () => memory.size
  })
  const takeBack = (known: Interaction | undefined, next: Interaction): void => {
    if (memory.restore(known, next)) void journal.append(known ?? { id: next.id })
  }
  return {
    find: (id, at) => memory.find(id, at),
    replace (known, next, at) {
      const replacement = memory.replace(known, next, at)
      // What a repeated step leaves is what is written already.
      if (replacement !== 'done' || known?.state === next.state) return replacement
      return journal.append(next).then((kept) => {
        if (kept) return 'done'
        takeBack(known, next)
        return 'unavailable'
      })
    },
    restore: takeBack,
    close: async () => journal.close()
  }
}

/** An interaction, or the bare id of one that is not known any more. */
function isKept (entry: unknown): entry is Interaction {
  if (!isRecord(entry)) return false
  const { id, state, startedAt, forgetAt, ...who } = entry
  if (!isUuid(id)) return false
  if (Object.keys(entry).length === 1) return true
  const ids = ['clientId', 'consumerId', 'eserviceId', 'descriptorId']
  return asyncScopes.some((scope) => scope === state) && [startedAt, forgetAt].every(Number.isSafeInteger) && Object.keys(who).length === ids.length && ids.every((name) => isUuid(who[name]))
}
