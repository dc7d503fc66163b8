import type { SnapshotFile } from './adapters/snapshot-file.ts'
import { repeat } from './repeat.ts'

/** Something that one process does for all, as keeping in step with the platform. Neither throws: what goes wrong is warned about. */
export interface Following {
  /** Asks the platform and keeps what it learns, or does what else is to be done once, beginning where whoever did so before stopped, until `stopped`. */
  follow (stopped: AbortSignal): Promise<void>
  /** Takes in what another process of the same state folder keeps, within a second, and keeps nothing itself, until `stopped`. */
  attend (stopped: AbortSignal): Promise<void>
}

/** Of the processes that share a state folder one owns the feeds of the platform, and what else is single, at a time; this is one of them. It does neither before it is told. */
export class Feeds {
  readonly #all: readonly Following[]
  readonly #stopped: AbortSignal
  #owned: boolean | undefined
  #turn = new AbortController()
  #ended: Promise<unknown> = Promise.resolve()

  constructor (all: readonly Following[], stopped: AbortSignal) {
    this.#all = all
    this.#stopped = stopped
  }

  /** Whether this process owns the feeds from now on. */
  set owned (owned: boolean) {
    if (owned === this.#owned) return
    this.#owned = owned
    this.#turn.abort()
    this.#turn = new AbortController()
    const stopped = AbortSignal.any([this.#turn.signal, this.#stopped])
    const before = this.#ended
    // What is still being read for the last turn ends by itself: nobody asks the platform twice at a time, and nothing of it is kept any more.
    const begun = owned ? before.then(async () => this.#each(async (one) => one.follow(stopped))) : this.#each(async (one) => one.attend(stopped))
    this.#ended = Promise.all([before, begun])
  }

  async #each (begin: (one: Following) => Promise<void>): Promise<void> {
    await Promise.all(this.#all.map(begin))
  }
}

/** How often it is looked whether another process has kept something, in ms. */
const lookedMs = 1000

/** Takes in what another process keeps until `stopped`, and keeps nothing here. */
export async function attendTo (snapshot: SnapshotFile, take: () => Promise<void>, { warn, stopped, everyMs = lookedMs }: { readonly warn: (message: string) => void, readonly stopped: AbortSignal, readonly everyMs?: number | undefined }): Promise<void> {
  snapshot.isOwn = false
  await repeat(async () => {
    if (await snapshot.hasChanged()) await take().catch((error: Error) => { warn(`what another process has kept cannot be taken in: ${error.message}`) })
    return true
  }, everyMs, everyMs, stopped)
}
