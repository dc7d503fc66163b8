import { stat } from 'node:fs/promises'
import { Worker } from 'node:worker_threads'
import type { X509Certificate } from 'node:crypto'

/** What a thread is given to read one list: its file and the DER of the authorities of which one must have signed it. */
export interface ListTask { readonly file: string, readonly authorities: readonly Uint8Array[] }

/** A revocation list that an authority signed, by the names of that authority; times in epoch ms, serial numbers as `serialOf` spells them. */
interface RevocationList { readonly issuers: readonly string[], readonly thisUpdate: number, readonly nextUpdate: number, readonly serials: readonly string[] }

export type ListAnswer = RevocationList | { readonly fault: string }

type KeptList = Omit<RevocationList, 'serials'> & { readonly serials: ReadonlySet<string> }

const deadlineMs = 30_000
/** How often it is looked whether a file changed. */
const checkedMs = 10_000

/**
 * The revocation lists of the configuration, read again when their files change. A list is replaced only by a newer one of the same authority; a list
 * that is out of date decides nothing. Authorities without a list are not checked.
 */
export class RevocationLists {
  readonly #authorities: readonly Uint8Array[]
  readonly #warn: (message: string) => void
  readonly #lists = new Map<string, { stamp: string, list: KeptList }>()
  #checkedAt: number
  #pending: Promise<void> | undefined

  private constructor (authorities: readonly X509Certificate[], now: number, warn: (message: string) => void) {
    this.#authorities = authorities.map(({ raw }) => raw)
    this.#checkedAt = now
    this.#warn = warn
  }

  /** Reads all lists. Throws naming everything that cannot be used; one that is out of date is warned about. `now` in epoch ms. */
  static async open (files: readonly string[], authorities: readonly X509Certificate[], now: number, warn: (message: string) => void): Promise<RevocationLists> {
    const lists = new RevocationLists(authorities, now, warn)
    const faults = (await Promise.all(files.map(async (file) => lists.#read(file, await stampOf(file))))).flatMap((fault) => fault ?? [])
    if (faults.length > 0) throw new Error(faults.join('\n'))
    for (const [file, { list }] of lists.#lists) if (!isCurrent(list, now)) warn(`the revocation list ${file} is out of date: until there is a newer one it cannot be decided whether certificates of its authority are good`)
    return lists
  }

  /**
   * Looks from time to time whether files changed, and reads those that did; what goes wrong is warned about, and the list that is known stays. A promise
   * only while a list is out of date: the new one is worth waiting for then. Never rejects.
   */
  renew (now: number): Promise<void> | undefined {
    if (now - this.#checkedAt >= checkedMs) {
      this.#checkedAt = now
      this.#pending ??= this.#readChanged().finally(() => { this.#pending = undefined })
    }
    return [...this.#lists.values()].every(({ list }) => isCurrent(list, now)) ? undefined : this.#pending
  }

  async #readChanged (): Promise<void> {
    await Promise.all([...this.#lists].map(async ([file, { stamp }]) => {
      const current = await stampOf(file)
      const fault = current === stamp ? undefined : await this.#read(file, current)
      if (fault) this.#warn(fault)
    }))
  }

  /** What the lists of an authority say of a certificate with this serial number. */
  verdict (issuer: string, serial: string, now: number): 'good' | 'revoked' | 'unavailable' {
    let verdict: 'good' | 'unavailable' = 'good'
    for (const { list } of this.#lists.values()) {
      if (!list.issuers.includes(issuer)) continue
      if (list.serials.has(serial)) return 'revoked'
      if (!isCurrent(list, now)) verdict = 'unavailable'
    }
    return verdict
  }

  async #read (file: string, stamp: string): Promise<string | undefined> {
    const answer = await readInThread({ file, authorities: this.#authorities })
    if ('fault' in answer) return `the revocation list ${file} cannot be used: ${answer.fault}`
    const known = this.#lists.get(file)?.list
    if (known && known.issuers.join() !== answer.issuers.join()) return `the revocation list ${file} is now one of another authority: the one that it was stays`
    if (known && answer.thisUpdate < known.thisUpdate) return `the revocation list ${file} is older than the one that it was, which stays`
    this.#lists.set(file, { stamp, list: { ...answer, serials: new Set(answer.serials) } })
    return undefined
  }
}

function isCurrent ({ thisUpdate, nextUpdate }: KeptList, now: number): boolean {
  return thisUpdate <= now && now < nextUpdate
}

async function stampOf (file: string): Promise<string> {
  try {
    const { mtimeMs, size, ino } = await stat(file)
    return `${mtimeMs} ${size} ${ino}`
  } catch {
    return 'none'
  }
}

async function readInThread (task: ListTask): Promise<ListAnswer> {
  const worker = new Worker(new URL('certificates-crl-worker.ts', import.meta.url), { workerData: task })
  const timer = setTimeout(() => { void worker.terminate() }, deadlineMs)
  try {
    return await new Promise<ListAnswer>((resolve) => {
      worker.once('message', resolve)
      worker.once('error', () => { resolve({ fault: 'it cannot be read' }) })
      worker.once('exit', () => { resolve({ fault: `it could not be read within ${deadlineMs} ms` }) })
    })
  } finally {
    clearTimeout(timer)
  }
}
