import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { isUuid } from '../../policies/claim.ts'
import { prepareDay } from '../../policies/day.ts'
import { isRecord } from '../../policies/jws.ts'
import { ownFolders } from '../state-folder.ts'
import { Journal, readJournal } from './journal.ts'
import { MemoryQuotas } from './quotas-memory.ts'
import type { CountedCalls } from './quotas-memory.ts'

/** Counts of calls that outlive the process. */
export interface KeptQuotas {
  /** Names the gateway whose counts these are, for as long as the file is there. */
  readonly node: string
  /** Puts on the disk what changed since the last time. */
  keep (): Promise<void>
  /** Keeps what is counted by now, and then nothing any more. */
  close (): Promise<void>
}

/** What one process counted, by the name of its counts. */
export interface NodeCounts { readonly node: string, readonly counts: MemoryQuotas }

/** The name of the file in the folder of the process. */
export const quotasFile = 'quotas.jsonl'

/** `now` in epoch ms; `everyMs` is the time in which what was counted gets to the disk. */
export interface KeepingOptions { readonly now: () => number, readonly warn: (message: string) => void, readonly everyMs?: number }

interface Node { readonly node: string }

/**
 * Loads what an earlier process counted today, or on days that come after it by this clock, and keeps from now on what is counted, a moment later: a process that is
 * killed forgets the calls of its last second. Throws CheckedFileError when the file holds what the gateway did not write.
 */
export async function keepQuotas (folder: string, quotas: MemoryQuotas, { now, warn, everyMs = 1000 }: KeepingOptions): Promise<KeptQuotas> {
  const dayOf = prepareDay()
  let node: string = randomUUID()
  const live = (): (Node | CountedCalls)[] => [{ node }, ...quotas.since(dayOf(now()).date)]
  const journal = await Journal.open<Node | CountedCalls>(join(folder, quotasFile), {
    read: reading(quotas, (named) => { node = named }),
    live,
    count: () => live().length
  })
  const keeper = new Keeper(journal, quotas, warn)
  const timer = setInterval(() => { void keeper.keep() }, everyMs).unref()
  return {
    node,
    keep: async () => keeper.keep(),
    close: async () => {
      clearInterval(timer)
      await keeper.keep()
      await journal.close()
    }
  }
}

/**
 * Reads what other processes have kept that share, or shared, the state folder, whether they run or not; `folder` is that of this one. What cannot be
 * read is left out, and `broken` is told why (it may throw).
 */
export async function readOtherCounts (state: string, folder: string, broken: (error: Error) => void): Promise<readonly NodeCounts[]> {
  const found: NodeCounts[] = []
  for (const other of (await ownFolders(state)).filter((one) => one !== folder)) {
    const { node, counts } = await readCounts(other, broken)
    if (node !== undefined) found.push({ node, counts })
  }
  return found
}

/** The name of the process whose folder it is, whether it runs or not; undefined where there is none. Throws what `readJournal` throws. */
export async function readNode (folder: string): Promise<string | undefined> {
  return (await readCounts(folder, (error) => { throw error })).node
}

async function readCounts (folder: string, broken: (error: Error) => void): Promise<{ readonly node: string | undefined, readonly counts: MemoryQuotas }> {
  let node: string | undefined
  const counts = new MemoryQuotas()
  await readJournal(join(folder, quotasFile), reading(counts, (named) => { node = named })).catch(broken)
  return { node, counts }
}

/** How an entry is taken in; gives false when it is none. */
function reading (quotas: MemoryQuotas, named: (node: string) => void): (entry: unknown) => boolean {
  return (entry) => {
    if (isNode(entry)) named(entry.node)
    else if (isCounted(entry)) quotas.load(entry)
    else return false
    return true
  }
}

/** Writes what changes, one write at a time; what could not be written comes with the next. */
class Keeper {
  readonly #journal: Journal<Node | CountedCalls>
  readonly #quotas: MemoryQuotas
  readonly #warn: (message: string) => void
  #missed: readonly CountedCalls[] = []
  #writing: Promise<void> = Promise.resolve()

  constructor (journal: Journal<Node | CountedCalls>, quotas: MemoryQuotas, warn: (message: string) => void) {
    this.#journal = journal
    this.#quotas = quotas
    this.#warn = warn
  }

  async keep (): Promise<void> {
    this.#writing = this.#writing.then(async () => this.#write())
    return this.#writing
  }

  async #write (): Promise<void> {
    const changed = [...new Set([...this.#missed, ...this.#quotas.takeChanged()])]
    const kept = await Promise.all(changed.map(async (counter) => this.#journal.append(counter)))
    const missed = changed.filter((_, index) => !kept[index])
    if (missed.length > 0 && this.#missed.length === 0) this.#warn(`the calls that were counted cannot be kept in ${quotasFile} of the state folder: a restart would forget them`)
    if (missed.length === 0 && this.#missed.length > 0) this.#warn(`the calls that were counted are kept in ${quotasFile} again`)
    this.#missed = missed
  }
}

function isNode (entry: unknown): entry is Node {
  return isRecord(entry) && Object.keys(entry).length === 1 && isUuid(entry['node'])
}

function isCounted (entry: unknown): entry is CountedCalls {
  if (!isRecord(entry) || Object.keys(entry).length !== 4) return false
  const { date, eserviceId, key, calls } = entry
  return typeof date === 'string' && /^\d{4}-\d\d-\d\d$/.test(date) && isUuid(eserviceId) && typeof key === 'string' && Number.isSafeInteger(calls) && (calls as number) >= 0
}
