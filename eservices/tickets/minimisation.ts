import type { EServiceRequest } from '../eservice.ts'
import type { Ticket } from './ticket.ts'

/**
 * A ticket as it leaves the e-service (GDPR, art. 5.1.c). Who may see its `citizen` is decided in the producer's purpose grants, and the gateway takes it
 * out for everybody else; where there are no grants nobody decided that anybody may, and it stays here.
 */
export function minimise (ticket: Ticket, grant: EServiceRequest['grant']): Ticket {
  if (grant) return ticket
  const { citizen: _withheld, ...rest } = ticket
  return rest
}
