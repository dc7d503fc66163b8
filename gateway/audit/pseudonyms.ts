import { createHmac, randomBytes } from 'node:crypto'
import { mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { prepareDay } from '../../policies/day.ts'
import { isExpired } from '../adapters/day-files.ts'
import { createWholeFile } from '../adapters/whole-file.ts'

/** Where the keys are, for all processes that share a state folder; `now` is epoch ms. */
export interface PseudonymOptions { readonly state: string, readonly now: () => number, readonly warn: (message: string) => void }

const keyBytes = 32
const hourMs = 3_600_000
const form = /^(\d{4})-(\d{2})\.key$/

/**
 * Names users of consumers by what tells nobody who they are: HMAC-SHA-256 under a random key of the calendar month (Europe/Rome). Within a month and a consumer the same user has the same name, and
 * with the key goes what any of them meant.
 */
export class Pseudonyms {
  readonly #options: PseudonymOptions
  readonly #folder: string
  readonly #dayOf = prepareDay()
  readonly #keys = new Map<string, Buffer>()
  #opening: Promise<void> | undefined
  #hasWarned = false
  #timer: NodeJS.Timeout | undefined

  private constructor (options: PseudonymOptions) {
    this.#options = options
    this.#folder = join(options.state, 'pseudonyms')
  }

  /** Opens the keys of now, made where there are none. Never throws: without a key there are no names, and it is tried again each hour. */
  static async open (options: PseudonymOptions): Promise<Pseudonyms> {
    const pseudonyms = new Pseudonyms(options)
    await pseudonyms.#prepare()
    pseudonyms.#timer = setInterval(() => { void pseudonyms.#prepare() }, hourMs).unref()
    return pseudonyms
  }

  /** The name of a user of a consumer (43 characters, base64url); undefined where no key could be had. */
  of (consumerId: string, userId: string): string | undefined {
    const key = this.#keys.get(this.#dayOf(this.#options.now()).date.slice(0, 7))
    if (!key) {
      void this.#prepare()
      return undefined
    }
    return createHmac('sha256', key).update(JSON.stringify([consumerId, userId])).digest('base64url')
  }

  /** Takes away the keys of months all of whose records are gone. Throws what the file system throws. */
  async expire (retentionDays: number): Promise<void> {
    const names = await readdir(this.#folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return []
      throw error
    })
    for (const name of names) {
      const [, year, month] = form.exec(name) ?? []
      if (year === undefined || !isExpired(firstDayAfter(Number(year), Number(month)), retentionDays, this.#options.now())) continue
      this.#keys.delete(name.slice(0, 7))
      await rm(join(this.#folder, name), { force: true })
    }
  }

  close (): void { clearInterval(this.#timer) }

  /** The keys of this month and, soon before it begins, of the next one. */
  async #prepare (): Promise<void> {
    this.#opening ??= this.#tryKeys()
    await this.#opening
    this.#opening = undefined
  }

  async #tryKeys (): Promise<void> {
    try {
      await this.#openKeys()
      this.#hasWarned = false
    } catch (error) {
      if (!this.#hasWarned) this.#options.warn(`users cannot be named by pseudonyms: ${(error as Error).message}`)
      this.#hasWarned = true
    }
  }

  async #openKeys (): Promise<void> {
    const now = this.#options.now()
    for (const time of [now, now + 2 * hourMs]) {
      const month = this.#dayOf(time).date.slice(0, 7)
      if (!this.#keys.has(month)) this.#keys.set(month, await this.#openKey(month))
    }
  }

  async #openKey (month: string): Promise<Buffer> {
    const path = join(this.#folder, `${month}.key`)
    await mkdir(this.#folder, { recursive: true, mode: 0o700 })
    // Of several processes one makes it, and all read that one.
    const key = await readFile(path).catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error
      await createWholeFile(path, randomBytes(keyBytes))
      return readFile(path)
    })
    if (key.length !== keyBytes) throw new Error(`${path} is no key of ${keyBytes} bytes: take it away, and another one is made`)
    return key
  }
}

/** By then what was called in that month is in the files of an earlier day, or of this one. */
function firstDayAfter (year: number, month: number): string {
  return new Date(Date.UTC(year, month, 1)).toISOString().slice(0, 10)
}
