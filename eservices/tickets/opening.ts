import { createHash } from 'node:crypto'
import type { Queries } from '../database.ts'
import { ProblemError } from '../eservice.ts'
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
export async function openOnce (store: Queries, { consumerId, idempotencyKey, newTicket, ticketId, now }: Opening): Promise<Ticket> {
  const hash = hashOf(newTicket)
  await store.query('DELETE FROM opening WHERE opened_at <= ?', [now.getTime() - keptMs])
  const [earlier] = await store.query<{ body_hash: string, ticket_id: string }>(
    'SELECT body_hash, ticket_id FROM opening WHERE consumer_id = ? AND idempotency_key = ?', [consumerId, idempotencyKey])
  if (earlier) {
    if (earlier.body_hash !== hash) throw keyReused()
    return asOpened(await findTicket(store, earlier.ticket_id) as Ticket)
  }
  const time = now.toISOString()
  await insertTicket(store, { ...newTicket, ticketId, state: 'open', openedAt: time, updatedAt: time, openedBy: consumerId })
  await store.query('INSERT INTO opening VALUES (?, ?, ?, ?, ?)', [consumerId, idempotencyKey, hash, ticketId, now.getTime()])
  return await findTicket(store, ticketId) as Ticket
}

// Member order and white space do not make another body.
function hashOf (body: unknown): string {
  const ordered = JSON.stringify(body, (_name, value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).toSorted(([one], [other]) => one < other ? -1 : 1))
    : value)
  return createHash('sha256').update(ordered).digest('base64url')
}

function keyReused (): ProblemError {
  return new ProblemError({
    status: 422,
    code: 'idempotency-key-reused',
    title: 'Idempotency key reused',
    detail: 'This Idempotency-Key was used in the last 24 hours for a ticket with another body. Send a new key for a new ticket, or the ' +
      'first body again.'
  })
}
