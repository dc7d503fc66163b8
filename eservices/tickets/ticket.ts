/** The states of a ticket, in the order of its life. */
export const ticketStates = ['open', 'assigned', 'resolved', 'closed', 'reopened'] as const
export type TicketState = (typeof ticketStates)[number]

/** The person who asked: personal data, every member of it (`message` holds the person's own words). */
export interface Citizen {
  readonly fullName: string
  readonly fiscalCode?: string
  readonly contact?: string
  readonly message?: string
}

/** A ticket as an administration asks to open it; the codes are those of the contract. */
export interface NewTicket {
  readonly channel: string
  readonly topic: string
  readonly serviceKind: string
  readonly subject: string
  readonly citizen?: Citizen
}

/** A ticket as the store keeps it. Times are UTC, RFC 3339; `openedBy` is the consumer's id on the platform. */
export interface Ticket extends NewTicket {
  readonly ticketId: string
  readonly state: TicketState
  readonly openedAt: string
  readonly updatedAt: string
  readonly openedBy: string
}

const transitions: Readonly<Record<TicketState, readonly TicketState[]>> = {
  open: ['assigned'],
  assigned: ['resolved'],
  resolved: ['closed', 'reopened'],
  closed: ['reopened'],
  reopened: ['assigned']
}

/** The states that a ticket can be moved to from `state`; never `state` itself. */
export function nextStates (state: TicketState): readonly TicketState[] {
  return transitions[state]
}

/** The ticket as it was when it was opened: only its state ever changes. */
export function asOpened (ticket: Ticket): Ticket {
  return { ...ticket, state: 'open', updatedAt: ticket.openedAt }
}
