import type { Database } from '../database.ts'
import { ProblemError } from '../eservice.ts'
import type { EServiceRequest, Reply } from '../eservice.ts'
import { pageOf } from '../page.ts'
import type { Cursors } from './cursor.ts'
import { minimise } from './minimisation.ts'
import type { Ticket } from './ticket.ts'
import { searchTickets } from './ticket-store.ts'
import type { TicketFilters, TicketPosition } from './ticket-store.ts'

const codes = ['state', 'channel', 'topic', 'serviceKind', 'subject'] as const
const instants = ['openedFrom', 'openedTo'] as const

// `citizen` has no column here: a table of tickets never carries personal data, whatever the purpose.
const columns = [
  'ticketId', 'state', 'channel', 'topic', 'serviceKind', 'subject', 'openedAt', 'updatedAt', 'openedBy'
] as const

/** A page of tickets, newest first; as CSV without any personal data. */
export async function listTickets (database: Database, cursors: Cursors, { parameters, grant }: EServiceRequest): Promise<Reply> {
  const filters = readFilters(parameters)
  const { limit = 100, cursor } = parameters as { limit?: number, cursor?: string }
  const after = cursor === undefined ? undefined : cursors.read(cursor, filters)
  const found = await searchTickets(database, filters, after, limit + 1)
  const page = found.slice(0, limit)
  const last = found.length > limit ? page.at(-1) : undefined
  return {
    ...pageOf(page.map((ticket) => minimise(ticket, grant)), last && cursors.write(positionOf(last), filters)),
    rows: { columns, values: page.map((ticket) => columns.map((column) => ticket[column])) }
  }
}

function positionOf (ticket: Ticket): TicketPosition {
  return { openedAt: Date.parse(ticket.openedAt), ticketId: ticket.ticketId }
}

function readFilters (parameters: EServiceRequest['parameters']): TicketFilters {
  const given = (name: string): boolean => parameters[name] !== undefined
  const equal = codes.filter(given).map((name) => [name, parameters[name]])
  const between = instants.filter(given).map((name) => [name, readInstant(name, String(parameters[name]))])
  return Object.fromEntries([...equal, ...between]) as TicketFilters
}

// The contract's date-time admits a leap second, which no JavaScript date can hold.
function readInstant (name: string, text: string): number {
  const time = Date.parse(text)
  if (Number.isNaN(time)) {
    const detail = `query parameter "${name}" is not an instant that can be compared; write it like 2024-01-01T00:00:00Z`
    throw new ProblemError({ status: 400, code: 'invalid-request', title: 'Bad Request', detail })
  }
  return time
}
