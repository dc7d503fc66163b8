/** The lists of events that the interop API serves, by the name of their path. */
export const eventChannels = ['keyEvents', 'clientEvents', 'producerKeyEvents', 'purposeEvents', 'agreementEvents', 'eserviceEvents', 'consumerDelegationEvents', 'producerDelegationEvents', 'tenantEvents'] as const
export type EventChannel = (typeof eventChannels)[number]

/** Something that happened on the platform and the ids of what it happened to; `eventTimestamp` is RFC 3339, UTC. */
export interface PlatformEvent {
  readonly id: string
  readonly eventType: string
  readonly eventTimestamp: string
  readonly [subject: string]: string
}

/** What happened, and which tenants may know; everybody when nobody is named. */
export interface Happening {
  readonly eventType: string
  /** The ids of what it happened to, as the platform names them. */
  readonly subject: Readonly<Record<string, string>>
  readonly seenBy?: readonly string[]
}

/** Which events a tenant asks for: at most `limit` of those after `lastEventId`, or of the oldest. */
export interface EventQuery { readonly tenantId: string, readonly limit: number, readonly lastEventId?: string | undefined }

/** What happened since the sandbox started. */
export interface EventLog {
  emit (channel: EventChannel, happening: Happening): PlatformEvent
  /** In the order in which they happened. */
  read (channel: EventChannel, query: EventQuery): readonly PlatformEvent[]
}

interface Entry { readonly channel: EventChannel, readonly event: PlatformEvent, readonly seenBy?: readonly string[] | undefined }

/** Older events than these are forgotten (the platform forgets them after a month). */
const rememberedEvents = 10_000

/**
 * An event log in memory; `now` in epoch ms. Its ids grow with time (UUID version 7, as the platform's), so that the last id that a reader
 * keeps means the same after a restart.
 */
export function createEventLog (now: () => number, randomUUID: () => string): EventLog {
  let entries: readonly Entry[] = []
  let last = { ms: 0, sequence: 0 }
  return {
    emit: (channel, { eventType, subject, seenBy }) => {
      last = next(last, now())
      const event = { id: eventId(last, randomUUID()), eventType, eventTimestamp: new Date(now()).toISOString(), ...subject }
      entries = [...entries.slice(1 - rememberedEvents), { channel, event, seenBy }]
      return event
    },
    read: (channel, { tenantId, lastEventId = '', limit }) => {
      const after = lastEventId.toLowerCase()
      const wanted = entries.filter((entry) => entry.channel === channel && entry.event.id > after && (entry.seenBy?.includes(tenantId) ?? true))
      return wanted.slice(0, limit).map(({ event }) => event)
    }
  }
}

interface Moment { readonly ms: number, readonly sequence: number }

/** Always later than the last one, though the clock may stand still or go back: 4096 to the millisecond. */
function next ({ ms, sequence }: Moment, now: number): Moment {
  if (now > ms) return { ms: now, sequence: 0 }
  return sequence < 0xfff ? { ms, sequence: sequence + 1 } : { ms: ms + 1, sequence: 0 }
}

/** A UUID version 7 (RFC 9562 5.7): time in ms, a sequence in the place of `rand_a`, and the end of a random UUID. */
function eventId ({ ms, sequence }: Moment, random: string): string {
  const time = ms.toString(16).padStart(12, '0')
  return `${time.slice(0, 8)}-${time.slice(8)}-7${sequence.toString(16).padStart(3, '0')}-${random.slice(19)}`
}
