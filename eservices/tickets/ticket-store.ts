import type { Queries, SqlValue } from '../database.ts'
import type { Citizen, Ticket, TicketState } from './ticket.ts'

interface TicketRow {
  ticket_id: string
  state: TicketState
  channel: string
  topic: string
  service_kind: string
  subject: string
  opened_at: number
  updated_at: number
  opened_by: string
  citizen: string | null
}

/** What a search asks for: equal codes, and openings from an instant (included) to another (excluded), in milliseconds since 1970. */
export interface TicketFilters {
  readonly state?: string
  readonly channel?: string
  readonly topic?: string
  readonly serviceKind?: string
  readonly subject?: string
  readonly openedFrom?: number
  readonly openedTo?: number
}

/** Where a page ends: the last ticket on it. */
export interface TicketPosition { readonly openedAt: number, readonly ticketId: string }

const conditions: Readonly<Record<keyof TicketFilters, string>> = {
  state: 'state = ?',
  channel: 'channel = ?',
  topic: 'topic = ?',
  serviceKind: 'service_kind = ?',
  subject: 'subject = ?',
  openedFrom: 'opened_at >= ?',
  openedTo: 'opened_at < ?'
}

/** Adds a ticket. */
export async function insertTicket (store: Queries, ticket: Ticket): Promise<void> {
  await store.query('INSERT INTO ticket VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)', [
    ticket.ticketId, ticket.state, ticket.channel, ticket.topic, ticket.serviceKind, ticket.subject, Date.parse(ticket.openedAt),
    Date.parse(ticket.updatedAt), ticket.openedBy, ticket.citizen ? JSON.stringify(ticket.citizen) : null
  ])
}

/** The ticket with this id; undefined when there is none. */
export async function findTicket (store: Queries, ticketId: string): Promise<Ticket | undefined> {
  const [row] = await store.query<TicketRow>('SELECT * FROM ticket WHERE ticket_id = ?', [ticketId])
  return row && toTicket(row)
}

/** Up to `limit` tickets that meet all filters, newest first, after a position. Tickets opened meanwhile do not shift the pages. */
export async function searchTickets (
  store: Queries, filters: TicketFilters, after: TicketPosition | undefined, limit: number
): Promise<Ticket[]> {
  const wanted = Object.entries(filters) as [keyof TicketFilters, SqlValue][]
  const where = wanted.map(([name]) => conditions[name])
  const values = wanted.map(([, value]) => value)
  if (after) {
    where.push('(opened_at < ? OR (opened_at = ? AND ticket_id < ?))')
    values.push(after.openedAt, after.openedAt, after.ticketId)
  }
  const condition = where.length > 0 ? where.join(' AND ') : 'TRUE'
  const sql = `SELECT * FROM ticket WHERE ${condition} ORDER BY opened_at DESC, ticket_id DESC LIMIT ?`
  return (await store.query<TicketRow>(sql, [...values, limit])).map(toTicket)
}

/** Writes a ticket's new state and the instant of the change (milliseconds since 1970). */
export async function moveTicket (store: Queries, ticketId: string, state: TicketState, updatedAt: number): Promise<void> {
  await store.query('UPDATE ticket SET state = ?, updated_at = ? WHERE ticket_id = ?', [state, updatedAt, ticketId])
}

function toTicket (row: TicketRow): Ticket {
  return {
    ticketId: row.ticket_id,
    state: row.state,
    channel: row.channel,
    topic: row.topic,
    serviceKind: row.service_kind,
    subject: row.subject,
    openedAt: new Date(row.opened_at).toISOString(),
    updatedAt: new Date(row.updated_at).toISOString(),
    openedBy: row.opened_by,
    ...(row.citizen !== null && { citizen: JSON.parse(row.citizen) as Citizen })
  }
}
