import { watch } from 'node:fs'
import type { FSWatcher } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { readSigningKey } from './keychain-file.ts'
import type { SigningKey } from './keychain-file.ts'

/** How a keychain is opened. `isPublished` asks the platform whether consumers can find a key there (GET /producerKeys/{kid}); without it every key counts as published. */
export interface KeychainOptions {
  readonly folder: string
  readonly warn: (message: string) => void
  readonly isPublished?: ((kid: string) => Promise<boolean>) | undefined
}

/** How long the platform may take to say whether it has a key, in ms: a new key waits that long and no call does. */
const patienceMs = 5000
/** Changes that come together are looked at once, in ms. */
const settleMs = 50

/**
 * The private keys of a producer, a folder of PEM files: the newest in the order of the file names signs, so that a key is rotated by adding
 * a file. A new key signs only once the platform knows it; a file that cannot be used is told of and the key before it goes on. Once there
 * is a key there always is one: when all files are gone the last goes on signing.
 */
export class Keychain {
  readonly #options: KeychainOptions
  readonly #published = new Set<string>()
  #current: SigningKey | undefined
  #told: ReadonlySet<string> = new Set()
  #refreshing: Promise<void> | undefined
  #timer: NodeJS.Timeout | undefined
  #watcher: FSWatcher | undefined

  constructor (options: KeychainOptions) {
    this.#options = options
  }

  /** Opens a folder. Throws when no key in it can be used, saying why of each. */
  static async open (options: KeychainOptions): Promise<Keychain> {
    const keychain = new Keychain(options)
    const findings = await keychain.#read()
    if (!keychain.#current) throw new Error(findings.join('; '))
    keychain.#tell(findings)
    return keychain
  }

  /** The key that signs now. */
  get current (): SigningKey {
    if (!this.#current) throw new Error('the keychain was not opened')
    return this.#current
  }

  /** Reads the folder again. Never throws; calls that come while it is being read wait for the same reading. */
  async refresh (): Promise<void> {
    this.#refreshing ??= this.#readAndTell().finally(() => { this.#refreshing = undefined })
    return this.#refreshing
  }

  /** Keeps it fresh until `close`: reads it again every so often, and when something in the folder changes. */
  watch (everyMs: number): void {
    const again = (): void => { void this.refresh() }
    this.#timer = setInterval(again, everyMs).unref()
    let settling: NodeJS.Timeout | undefined
    try {
      this.#watcher = watch(this.#options.folder, { persistent: false }, () => {
        clearTimeout(settling)
        settling = setTimeout(again, settleMs).unref()
      })
      // Where changes cannot be watched the interval has to do.
      this.#watcher.on('error', () => { this.#watcher?.close() })
    } catch { /* the same */ }
  }

  close (): void {
    clearInterval(this.#timer)
    this.#watcher?.close()
  }

  async #readAndTell (): Promise<void> {
    this.#tell(await this.#read())
  }

  async #read (): Promise<readonly string[]> {
    const { keys, faults } = await readFolder(this.#options.folder)
    const waiting: string[] = []
    this.#current = await this.#choose(keys, waiting)
    if (this.#current && keys.length === 0) waiting.push(`${this.#options.folder}: the last key goes on signing`)
    return [...faults, ...waiting]
  }

  async #choose (keys: readonly SigningKey[], waiting: string[]): Promise<SigningKey | undefined> {
    let undecided: SigningKey | undefined
    for (const key of keys) {
      const published = await this.#isPublished(key.kid)
      if (published === true) return key
      if (published === undefined) undecided ??= key
      waiting.push(`${key.file}: ${published === false ? 'the platform does not know the key: deposit it in the producer keychain' : 'the platform does not say whether it knows the key'} (${key.kid})`)
    }
    // Nothing is certain: a key that has been signing is more likely to be known than another.
    return this.#current ?? undecided ?? keys[0]
  }

  async #isPublished (kid: string): Promise<boolean | undefined> {
    const { isPublished } = this.#options
    if (!isPublished || this.#published.has(kid)) return true
    const published = await Promise.race([isPublished(kid).catch(() => undefined), wait(patienceMs, undefined, { ref: false })])
    if (published === true) this.#published.add(kid)
    return published
  }

  // What stays wrong is told once, not at every reading.
  #tell (messages: readonly string[]): void {
    for (const message of messages) if (!this.#told.has(message)) this.#options.warn(message)
    this.#told = new Set(messages)
  }
}

/** The usable keys of a folder, newest first, and what is wrong with the others. */
async function readFolder (folder: string): Promise<{ keys: SigningKey[], faults: string[] }> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => error)
  if (names instanceof Error) return { keys: [], faults: [`${folder}: the folder cannot be read (${names.code ?? 'unknown error'})`] }
  const files = names.filter((name) => name.endsWith('.pem') && !name.startsWith('.')).toSorted().toReversed()
  const read = await Promise.all(files.map(async (name) => ({ name, key: await readSigningKey(join(folder, name)) })))
  const faults = read.flatMap(({ name, key }) => typeof key === 'string' ? [`${join(folder, name)}: ${key}`] : [])
  const keys = read.flatMap(({ key }) => typeof key === 'string' ? [] : [key])
  return { keys, faults: keys.length === 0 && faults.length === 0 ? [`${folder}: there is no key (*.pem)`] : faults }
}
