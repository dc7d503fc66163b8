import { join } from 'node:path'
import { isUuid } from '../../policies/claim.ts'
import { asyncScopes } from '../../policies/demands.ts'
import type { Interaction, Interactions } from '../../policies/interactions.ts'
import { isRecord } from '../../policies/jws.ts'
import { MemoryInteractions } from './interactions-memory.ts'
import { Journal, readJournal } from './journal.ts'
import { ownFolders } from '../state-folder.ts'

/** Interactions that are kept in a file. After `close` no step can be taken. */
export interface KeptInteractions extends Interactions { close (): Promise<void> }

/** The name of the file in the folder of the process. */
export const interactionsFile = 'interactions.jsonl'

/** What one process did, in memory and in its file. */
export interface InteractionsJournal {
  readonly memory: MemoryInteractions
  /** Puts an interaction on the disk, or that one is not known any more. False when it could not be put there. */
  append (entry: Interaction | Pick<Interaction, 'id'>): Promise<boolean>
  close (): Promise<void>
}

/** Opens the file in a folder; interactions whose time is over leave it when it is written anew. `now` in epoch ms. Throws CheckedFileError when it holds what the gateway did not write. */
export async function openInteractionsJournal (folder: string, now: () => number, capacity?: number): Promise<InteractionsJournal> {
  const memory = new MemoryInteractions(capacity)
  const journal = await Journal.open<Interaction>(join(folder, interactionsFile), {
    read: reading(memory),
    live: () => {
      memory.sweep(now())
      return memory
    },
    count: () => memory.size
  })
  return { memory, append: async (entry) => journal.append(entry), close: async () => journal.close() }
}

/** Reads what other processes did that share, or shared, the state folder; `folder` is that of this one. What cannot be read is left out, and `broken` is told why (it may throw). */
export async function readOtherInteractions (state: string, folder: string, broken: (error: Error) => void): Promise<readonly Interaction[]> {
  const found: Interaction[] = []
  for (const other of (await ownFolders(state)).filter((one) => one !== folder)) {
    const memory = new MemoryInteractions()
    await readJournal(join(other, interactionsFile), reading(memory)).catch(broken)
    found.push(...memory)
  }
  return found
}

/**
 * Opens the interactions of a process that is alone: held in memory, each step on the disk before it counts. `others` is what processes did that shared the state folder and run no more.
 * Throws like `openInteractionsJournal`.
 */
export async function openInteractions (folder: string, now: () => number, { capacity, others = [] }: { readonly capacity?: number | undefined, readonly others?: readonly Interaction[] } = {}): Promise<KeptInteractions> {
  const journal = await openInteractionsJournal(folder, now, capacity)
  const { memory } = journal
  for (const interaction of others) memory.loadLater(interaction)
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

function reading (memory: MemoryInteractions): (entry: unknown) => boolean {
  return (entry) => {
    if (isKept(entry)) memory.load(entry)
    return isKept(entry)
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
