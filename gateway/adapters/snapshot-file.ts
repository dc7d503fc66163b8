import { open, readFile, rename, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { parseJson } from '../../openapi/json/json.ts'
import { isRecord } from '../../policies/jws.ts'

/** What a snapshot holds and when that was true, in epoch ms. */
export interface Snapshot { readonly content: unknown, readonly at: number }

/** Keeps what was learnt from a source, for a start without it and for the other processes that share the state folder. */
export interface SnapshotFile {
  /** Whether this process keeps it. While another one does, nothing is written here. */
  isOwn: boolean
  /** True when it is another file than was read or written here last. */
  hasChanged (): Promise<boolean>
  /** What was written last; undefined when there is nothing that may be used, which is warned about unless nothing was ever written. */
  read (): Promise<Snapshot | undefined>
  /** Replaces what is kept, whole or not at all. Never throws: what goes wrong is warned about. */
  write (snapshot: Snapshot): Promise<void>
  /** Resolved when nothing is being written any more. */
  idle (): Promise<void>
}

/** Where it is kept and what it is of; `source` names environment and address, `now` in epoch ms. */
export interface SnapshotOptions {
  /** A folder that nobody else can use. */
  readonly folder: string
  readonly name: string
  readonly source: string
  /** How old it may be, in ms; what is older would be trusted longer than the platform may be away. */
  readonly lifeMs?: number
  readonly now: () => number
  readonly warn: (message: string) => void
}

/** How old a snapshot may usually be, in ms. */
const snapshotLifeMs = 24 * 60 * 60 * 1000
const hourMs = 60 * 60 * 1000
/** How far ahead of the clock it may be, in ms: more is no clock that was set but a time that makes it live longer. */
const aheadMs = 60_000

/** A snapshot in a file of a folder (0600): one of another source, one that is too old and one that is not whole are not used. */
export function snapshotFile ({ folder, name, source, lifeMs = snapshotLifeMs, now, warn }: SnapshotOptions): SnapshotFile {
  const path = join(folder, name)
  let writing = Promise.resolve()
  let seen: string | undefined
  const put = async (snapshot: Snapshot): Promise<void> => {
    try {
      seen = await replace(path, JSON.stringify({ source, ...snapshot }))
    } catch (error) {
      warn(`the snapshot ${path} cannot be written (${(error as NodeJS.ErrnoException).code ?? 'unknown error'})`)
    }
  }
  const file: SnapshotFile = {
    isOwn: true,
    hasChanged: async () => await identityOf(path) !== seen,
    async read () {
      // Looked at first: what comes between is another file than this one.
      seen = await identityOf(path)
      const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => error)
      if (bytes instanceof Error && bytes.code === 'ENOENT') return undefined
      const read = bytes instanceof Error ? `it cannot be read (${bytes.code ?? 'unknown error'})` : judge(bytes, source, now(), lifeMs)
      if (typeof read !== 'string') return read
      warn(`the snapshot ${path} is not used: ${read}`)
      return undefined
    },
    async write (snapshot) {
      // One after the other: two writers of one temporary file would leave neither's content.
      if (file.isOwn) writing = writing.then(async () => put(snapshot))
      return writing
    },
    idle: async () => writing
  }
  return file
}

/** A snapshot whose content has not changed is written when it is so much younger than the last, in ms: by so much less do others know how it stands. */
const rewrittenMs = 60 * 1000

/** Writes a snapshot when what it holds has changed, and now and then. Nobody waits for the disk. */
export class SnapshotWriter {
  readonly #file: SnapshotFile
  #revision: string | undefined
  #writtenAt = -Infinity

  constructor (file: SnapshotFile) {
    this.#file = file
  }

  /** `revision` tells one content from another; `at` is when it was true, in epoch ms. */
  save (revision: string, at: number, content: () => unknown): void {
    if (!this.#file.isOwn || (revision === this.#revision && at - this.#writtenAt < rewrittenMs)) return
    this.#revision = revision
    this.#writtenAt = at
    void this.#file.write({ content: content(), at })
  }
}

function judge (bytes: Buffer, source: string, now: number, lifeMs: number): Snapshot | string {
  const parsed = parseJson(bytes)
  const value = 'value' in parsed ? parsed.value : undefined
  if (!isRecord(value)) return 'it is not whole'
  const { source: named, at, content } = value
  if (named !== source) return 'it is of another platform or address'
  if (typeof at !== 'number' || at > now + aheadMs) return 'it has no time, or one that is to come'
  return now - at < lifeMs ? { content, at } : `it is older than ${lifeMs / hourMs} hours`
}

/** Tells one file from another that took its place; undefined when there is none. */
async function identityOf (path: string): Promise<string | undefined> {
  const status = await stat(path, { bigint: true }).catch(() => undefined)
  return status && `${status.ino} ${status.mtimeNs} ${status.size}`
}

/** Gives the identity of the file that was written. */
async function replace (path: string, text: string): Promise<string | undefined> {
  const temporary = `${path}.${process.pid}.tmp`
  const file = await open(temporary, 'w', 0o600)
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
  const written = await identityOf(temporary)
  await rename(temporary, path)
  return written
}
