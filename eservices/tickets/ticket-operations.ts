import { entityTag, matchesStrongly } from '../entity-tag.ts'
import { ProblemError } from '../eservice.ts'
import type { EServiceRequest, Operation, Ports, Reply } from '../eservice.ts'
import { prepareCursors } from './cursor.ts'
import { minimise } from './minimisation.ts'
import { openOnce } from './opening.ts'
import { nextStates } from './ticket.ts'
import type { NewTicket, Ticket, TicketState } from './ticket.ts'
import { findTicket, moveTicket } from './ticket-store.ts'
import { listTickets } from './ticket-list.ts'

const collectionPath = '/rest/tickets/v1/tickets'

/** The operations on single tickets; who sees a ticket's citizen is said by the producer's grants. */
export function ticketOperations (ports: Ports, cursorKey: string): Readonly<Record<string, Operation>> {
  const cursors = prepareCursors(cursorKey)
  return {
    listTickets: async (request) => listTickets(ports.database, cursors, request),
    openTicket: async (request) => openTicket(ports, request),
    readTicket: async ({ parameters, grant }) => {
      const ticket = await findTicket(ports.database, String(parameters['ticketId']))
      if (!ticket) throw ticketNotFound()
      return { body: minimise(ticket, grant), cache: 'no-cache' }
    },
    changeTicketState: async (request) => changeTicketState(ports, request)
  }
}

async function openTicket (ports: Ports, { parameters, body, caller, grant }: EServiceRequest): Promise<Reply> {
  const opening = {
    consumerId: caller.consumerId,
    idempotencyKey: String(parameters['Idempotency-Key']),
    newTicket: body as NewTicket,
    ticketId: ports.randomUUID(),
    now: ports.now()
  }
  const ticket = await ports.database.transaction(async (store) => openOnce(store, opening))
  const view = minimise(ticket, grant)
  return { status: 201, body: view, headers: { location: `${collectionPath}/${view.ticketId}`, etag: tagOf(view) } }
}

async function changeTicketState ({ database, now }: Ports, { parameters, body, caller, grant }: EServiceRequest): Promise<Reply> {
  const ifMatch = parameters['If-Match']
  const ticketId = String(parameters['ticketId'])
  const { state } = body as { state: TicketState }
  const ticket = await database.transaction(async (store) => {
    const current = await findTicket(store, ticketId)
    if (!current) throw ticketNotFound()
    if (current.openedBy !== caller.consumerId) throw ticketOfAnother()
    if (typeof ifMatch !== 'string') throw preconditionRequired()
    if (!matchesStrongly(ifMatch, tagOf(minimise(current, grant)))) throw preconditionFailed()
    if (!nextStates(current.state).includes(state)) throw illegalTransition(current.state, state)
    await moveTicket(store, ticketId, state, now().getTime())
    return await findTicket(store, ticketId) as Ticket
  })
  const view = minimise(ticket, grant)
  return { body: view, headers: { etag: tagOf(view) } }
}

/** The tag that a read of this view carries, so that a change needs no read before it. */
function tagOf (view: Ticket): string {
  return entityTag('application/json', Buffer.from(JSON.stringify(view)))
}

function ticketNotFound (): ProblemError {
  return new ProblemError({
    status: 404,
    code: 'ticket-not-found',
    title: 'Ticket not found',
    detail: 'There is no ticket with this id. Look it up with GET /tickets.'
  })
}

function ticketOfAnother (): ProblemError {
  return new ProblemError({
    status: 403,
    code: 'ticket-of-another-consumer',
    title: 'Ticket of another consumer',
    detail: 'Only the administration that opened this ticket (openedBy) may change it. Ask that administration, or open a ticket of your own.'
  })
}

function preconditionRequired (): ProblemError {
  return new ProblemError({
    status: 428,
    code: 'if-match-required',
    title: 'Precondition required',
    detail: 'Read the ticket and send its ETag in If-Match, so that a change made meanwhile by others is not lost.'
  })
}

function preconditionFailed (): ProblemError {
  return new ProblemError({
    status: 412,
    code: 'ticket-changed',
    title: 'Ticket changed',
    detail: 'If-Match does not name the ticket as it is now for this purpose. Read it again, and repeat the change if it still applies.'
  })
}

function illegalTransition (from: TicketState, to: TicketState): ProblemError {
  return new ProblemError({
    status: 409,
    code: 'illegal-transition',
    title: 'Illegal transition',
    detail: `A ticket that is ${from} cannot become ${to}; it can become ${nextStates(from).join(' or ')}.`
  })
}
