import type { PlatformClientKeys } from '../adapters/client-keys.ts'
import { SnapshotWriter } from '../adapters/snapshot-file.ts'
import type { SnapshotFile } from '../adapters/snapshot-file.ts'
import { isRecord } from '../../policies/jws.ts'
import { isUuid } from '../../policies/claim.ts'
import { EventFeed } from './event-feed.ts'
import type { FeedReader, PlatformEvent } from './event-feed.ts'
import type { InteropApi } from './interop-api.ts'

/** What keeping client keys in step with the platform needs; `now` in epoch ms. */
export interface ClientKeyFeedOptions {
  readonly api: Pick<InteropApi, 'get'>
  readonly keys: PlatformClientKeys
  readonly snapshot: SnapshotFile
  readonly now: () => number
}

/**
 * Keeps the client keys in step with the platform's key events, and both on disk. A snapshot holds the keys together with the last event
 * that was applied to them: after a restart the kept keys serve at once, also without the platform, and the first reading goes on from
 * that event. A key that was deleted meanwhile is gone with that reading, and never comes back from a snapshot. What was told of keys a while ago is in it
 * too, for the other processes that share the state folder: they take in the snapshot instead of reading the events.
 */
export class ClientKeyFeed implements FeedReader {
  readonly #options: ClientKeyFeedOptions
  readonly #feed: EventFeed
  readonly #writer: SnapshotWriter

  constructor (options: ClientKeyFeedOptions) {
    this.#options = options
    this.#feed = new EventFeed(options.api, 'keyEvents', options.now)
    this.#writer = new SnapshotWriter(options.snapshot)
  }

  /** How long ago the platform last told its events, in ms; Infinity when it never did. */
  get ageMs (): number {
    return this.#options.now() - this.#feed.position.readAt
  }

  /** Takes what the snapshot holds, if there is one that may be used; what was asked for since then stays. */
  async restore (): Promise<void> {
    const content = (await this.#options.snapshot.read())?.content
    if (!isRecord(content) || !Array.isArray(content['keys'])) return
    const { lastEventId, readAt } = content
    if (typeof readAt === 'number' && readAt <= this.#options.now()) this.#feed.position = { lastEventId: isUuid(lastEventId) ? lastEventId : undefined, readAt }
    this.#options.keys.hear(Array.isArray(content['told']) ? content['told'] : [], content['forgottenAt'])
    this.#options.keys.restore(content['keys'])
  }

  /** Applies what happened since the last time, then keeps it. Throws when the platform's events cannot be read. */
  async read (): Promise<void> {
    try {
      await this.#feed.read(this)
    } finally {
      this.save()
    }
  }

  apply ({ eventType, kid }: PlatformEvent): void {
    if (typeof kid !== 'string') return
    if (eventType === 'CLIENT_KEY_DELETED') this.#options.keys.deleted(kid)
    else if (eventType === 'CLIENT_KEY_ADDED') this.#options.keys.added(kid)
  }

  restart (): void {
    this.#options.keys.forget()
  }

  /** Writes the snapshot if anything has changed, or the last one is some minutes old. Nobody waits for the disk. */
  save (): void {
    const { keys, now } = this.#options
    const { lastEventId, readAt } = this.#feed.position
    // What never was has no time, and JSON no -Infinity: it becomes null.
    this.#writer.save(`${keys.revision} ${lastEventId}`, now(), () => ({ lastEventId, readAt, keys: keys.kept(), told: keys.told(), forgottenAt: keys.forgottenAt }))
  }
}
