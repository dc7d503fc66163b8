import { isUuid } from '../../policies/claim.ts'
import { isRecord } from '../../policies/jws.ts'
import { InteropApiError } from './interop-api.ts'
import type { InteropApi } from './interop-api.ts'

/** An event of the platform: what happened (`eventType`) to which resource; the members that name it depend on the feed. */
export interface PlatformEvent extends Readonly<Record<string, unknown>> { readonly id: string, readonly eventType: string }

/** Where a reader of a feed has come to: the last event that it has seen, and when it last asked for more, in epoch ms. */
export interface FeedPosition { readonly lastEventId: string | undefined, readonly readAt: number }

/** What a reader does with a feed. */
export interface FeedReader {
  /** Called for every event, in the order in which they happened. */
  apply (event: PlatformEvent): void
  /** Events were missed: everything that was learnt before may be wrong. */
  restart (): void
}

const pageSize = 500
/** A bound for one reading, far above what the platform keeps; the next one goes on from there. */
const mostPages = 1000
/** The platform forgets events after 30 days; after a silence of this length, in ms, what was learnt before is not built upon. */
const longestGapMs = 24 * 60 * 60 * 1000

/** An event feed of the interop API (`/keyEvents` and its like), read from where the reader has come to. `now` in epoch ms. */
export class EventFeed {
  readonly #api: Pick<InteropApi, 'get'>
  readonly #name: string
  readonly #now: () => number
  position: FeedPosition = { lastEventId: undefined, readAt: -Infinity }

  constructor (api: Pick<InteropApi, 'get'>, name: string, now: () => number) {
    this.#api = api
    this.#name = name
    this.#now = now
  }

  /**
   * Reads to the end of the feed. When the platform does not take the position any more, or it is too old, the reader restarts and
   * everything that the platform still has is read. Throws when the feed cannot be read; what was read until then is not read again.
   */
  async read (reader: FeedReader): Promise<void> {
    const { lastEventId, readAt } = this.position
    if (lastEventId !== undefined && this.#now() - readAt > longestGapMs) this.#restart(reader)
    for (let page = 0; page < mostPages; page++) {
      const askedAt = this.#now()
      const events = await this.#page(reader)
      for (const event of events) reader.apply(event)
      this.position = { lastEventId: events.at(-1)?.id ?? this.position.lastEventId, readAt: askedAt }
      if (events.length === 0) return
    }
  }

  async #page (reader: FeedReader): Promise<readonly PlatformEvent[]> {
    const { lastEventId } = this.position
    const answer = await this.#api.get([this.#name], { limit: pageSize, ...lastEventId === undefined ? {} : { lastEventId } }).catch((error: unknown) => {
      const refused = error instanceof InteropApiError && error.status !== undefined && error.status !== 403
      if (refused && lastEventId !== undefined) return undefined
      throw error
    })
    if (answer) return readEvents(answer, lastEventId)
    if (lastEventId === undefined) throw new InteropApiError(`the platform has no ${this.#name}`)
    this.#restart(reader)
    return this.#page(reader)
  }

  #restart (reader: FeedReader): void {
    this.position = { lastEventId: undefined, readAt: -Infinity }
    reader.restart()
  }
}

function readEvents ({ events }: Readonly<Record<string, unknown>>, lastEventId: string | undefined): readonly PlatformEvent[] {
  const isEvent = (event: unknown): event is PlatformEvent => isRecord(event) && isUuid(event['id']) && typeof event['eventType'] === 'string'
  if (!Array.isArray(events) || !events.every(isEvent)) throw new InteropApiError('an answer of the platform is no list of events')
  // A page that ends where it began would be read for ever.
  if (events.length > 0 && events.at(-1)?.id === lastEventId) throw new InteropApiError('an answer of the platform repeats the last event')
  return events
}
