import type { Database } from '../database.ts'
import type { Ticket } from './ticket.ts'
import { insertTicket } from './ticket-store.ts'

// Consumers of the sandbox's registry: whoever tries the e-service as ISTAT finds tickets to change, and some that only others may.
const [istat, regioneLombardia] = ['0d5e8b71-94a2-4b6f-bc3d-21f7a6e09d03', 'e8a4f6c3-2d19-4075-a5be-90c1b3d7f204'] as const

/**
 * Tickets to try the e-service with. Nobody can be behind them: the fiscal codes are of a day 00 in a municipality that does not exist and
 * their check characters are wrong, the e-mail addresses are under a reserved domain (RFC 2606).
 */
export const demoTickets: readonly Ticket[] = [
  {
    ticketId: '00000000-0000-4000-8000-00000000c001',
    state: 'open',
    channel: 'infoline',
    topic: 'tributi',
    serviceKind: 'informativa',
    subject: 'informazioni-tari',
    openedAt: '2024-04-02T08:15:00.000Z',
    updatedAt: '2024-04-02T08:15:00.000Z',
    openedBy: istat,
    citizen: {
      fullName: 'Persona Inesistente Uno',
      fiscalCode: 'ZZZZZZ00A00Z000Q',
      contact: 'uno@cittadini.example',
      message: 'Quando arriva il nuovo avviso TARI?'
    }
  },
  {
    ticketId: '00000000-0000-4000-8000-00000000c002',
    state: 'assigned',
    channel: 'scrivi',
    topic: 'polizia-locale',
    serviceKind: 'assistenza',
    subject: 'verbali',
    openedAt: '2024-03-18T14:40:00.000Z',
    updatedAt: '2024-03-19T07:05:00.000Z',
    openedBy: regioneLombardia,
    citizen: {
      fullName: 'Persona Inesistente Due',
      fiscalCode: 'ZZZZZZ00B00Z000Q',
      contact: 'due@cittadini.example',
      message: 'Non ricordo di essere mai passato in quella zona'
    }
  },
  {
    ticketId: '00000000-0000-4000-8000-00000000c003',
    state: 'resolved',
    channel: 'infoline',
    topic: 'anagrafe-servizi-civici',
    serviceKind: 'appuntamenti',
    subject: 'carta-identita-elettronica',
    openedAt: '2024-03-04T10:30:00.000Z',
    updatedAt: '2024-03-04T10:38:00.000Z',
    openedBy: istat,
    citizen: {
      fullName: 'Persona Inesistente Tre',
      fiscalCode: 'ZZZZZZ00C00Z000Q',
      contact: 'tre@cittadini.example'
    }
  },
  {
    ticketId: '00000000-0000-4000-8000-00000000c004',
    state: 'closed',
    channel: 'infoline',
    topic: 'polizia-locale',
    serviceKind: 'informativa',
    subject: 'verbali',
    openedAt: '2024-02-12T09:00:00.000Z',
    updatedAt: '2024-02-13T16:20:00.000Z',
    openedBy: regioneLombardia,
    citizen: {
      fullName: 'Persona Inesistente Quattro',
      fiscalCode: 'ZZZZZZ00D00Z000Q',
      contact: 'quattro@cittadini.example',
      message: 'Quale è la data di notifica? Come posso verificarla?'
    }
  },
  {
    ticketId: '00000000-0000-4000-8000-00000000c005',
    state: 'reopened',
    channel: 'scrivi',
    topic: 'mobilita',
    serviceKind: 'assistenza',
    subject: 'pass-sosta',
    openedAt: '2024-01-22T11:10:00.000Z',
    updatedAt: '2024-02-01T08:45:00.000Z',
    openedBy: istat,
    citizen: {
      fullName: 'Persona Inesistente Cinque',
      fiscalCode: 'ZZZZZZ00E00Z000Q',
      contact: 'cinque@cittadini.example'
    }
  },
  {
    ticketId: '00000000-0000-4000-8000-00000000c006',
    state: 'closed',
    channel: 'chatbot',
    topic: 'educazione',
    serviceKind: 'informativa',
    subject: 'altro',
    openedAt: '2024-01-15T19:25:00.000Z',
    updatedAt: '2024-01-15T19:27:00.000Z',
    openedBy: istat
  }
]

/** Fills a store that has no tickets with the demonstration ones; leaves any other store as it is. */
export async function seedDemoTickets (database: Database): Promise<void> {
  await database.transaction(async (store) => {
    const [row] = await store.query<{ count: number }>('SELECT count(*) AS count FROM ticket')
    if (row?.count !== 0) return
    for (const ticket of demoTickets) await insertTicket(store, ticket)
  })
}
