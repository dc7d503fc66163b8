import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Database } from '../database.ts'
import { invalidCursor } from '../page.ts'
import type { TicketFilters, TicketPosition } from './ticket-store.ts'

const notOfThisSearch = 'The cursor is not one that this list gave out for these filters. Send the nextCursor of the previous page with the ' +
  'same filters, or start again without it.'

/** Writes and reads the cursors of the ticket list. */
export interface Cursors {
  write (position: TicketPosition, filters: TicketFilters): string
  /** Throws a 400 for whatever `write` did not give out for these same filters. */
  read (cursor: string, filters: TicketFilters): TicketPosition
}

/**
 * Prepares cursors that say where a page ended, bound to the page's filters by an HMAC, so that none can be altered or carried to another
 * search.
 */
export function prepareCursors (key: string): Cursors {
  const write = ({ openedAt, ticketId }: TicketPosition, filters: TicketFilters): string => {
    const position = `${openedAt}.${ticketId}`
    const proof = createHmac('sha256', key).update(`${position} ${JSON.stringify(filters)}`).digest('base64url').slice(0, 22)
    return Buffer.from(`${position}.${proof}`).toString('base64url')
  }
  return {
    write,
    read (cursor, filters) {
      const [, openedAt, ticketId] = /^(\d{1,15})\.([0-9a-f-]{36})\./.exec(Buffer.from(cursor, 'base64url').toString('latin1')) ?? []
      if (openedAt === undefined || ticketId === undefined) throw invalidCursor(notOfThisSearch)
      const position = { openedAt: Number(openedAt), ticketId }
      // Writing it again also refuses the other spellings that base64url would decode to the same bytes.
      if (!sameText(cursor, write(position, filters))) throw invalidCursor(notOfThisSearch)
      return position
    }
  }
}

/** The key of the cursors: made at the first start and kept in the store, so that cursors outlive a restart and hold for every process. */
export async function readCursorKey (database: Database, randomUUID: () => string): Promise<string> {
  await database.query('INSERT INTO cursor_key VALUES (?, ?) ON CONFLICT DO NOTHING', ['tickets', randomUUID() + randomUUID()])
  const [row] = await database.query<{ value: string }>('SELECT value FROM cursor_key WHERE name = ?', ['tickets'])
  return (row as { value: string }).value
}

function sameText (one: string, other: string): boolean {
  return one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other))
}
