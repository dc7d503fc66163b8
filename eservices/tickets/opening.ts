import type { Queries } from '../database.ts'
import { once } from '../idempotency.ts'
import { asOpened } from './ticket.ts'
import type { NewTicket, Ticket } from './ticket.ts'
import { findTicket, insertTicket } from './ticket-store.ts'

const keptMs = 24 * 60 * 60 * 1000

/** A request to open a ticket: who asks, under which idempotency key, and the ticket it would become. */
export interface Opening {
  readonly consumerId: string
  readonly idempotencyKey: string
  readonly newTicket: NewTicket
  readonly ticketId: string
  readonly now: Date
}

/**
 * Opens a ticket, once: within 24 h the same key of the same consumer with the same body gives the ticket as it was when it was opened, and
 * with another body throws a 422. To be run in a transaction.
 */
export async function openOnce (store: Queries, { consumerId, idempotencyKey: key, newTicket, ticketId, now }: Opening): Promise<Ticket> {
  const [at, time] = [now.getTime(), now.toISOString()]
  const opened = await once(store, { consumerId, key, body: newTicket, at, keptFrom: at - keptMs + 1 }, async () => {
    await insertTicket(store, { ...newTicket, ticketId, state: 'open', openedAt: time, updatedAt: time, openedBy: consumerId })
    return { ticketId }
  })
  return asOpened(await findTicket(store, opened.ticketId) as Ticket)
}
