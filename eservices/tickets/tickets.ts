import { serveDataset } from '../collection.ts'
import { defineEService } from '../eservice.ts'
import { readStatus } from '../status.ts'
import { readCursorKey } from './cursor.ts'
import { seedDemoTickets } from './demo-tickets.ts'
import { migrations } from './migrations.ts'
import { ticketOperations } from './ticket-operations.ts'

/**
 * The contact centres of Milano and of the Florentine area: their published figures, and tickets as records.
 * Setting: `demoTickets: seed` fills a new store with fictitious tickets.
 */
export const tickets = defineEService({
  name: 'tickets',
  contract: new URL('../../openapi/tickets.v1.yaml', import.meta.url),
  data: new URL('data/', import.meta.url),
  migrations,
  async operations (ports) {
    if (ports.settings['demoTickets'] === 'seed') await seedDemoTickets(ports.database)
    return {
      readStatus: readStatus(ports),
      listHighlights: serveDataset(ports, 'highlights'),
      listChannels: serveDataset(ports, 'channels'),
      listServiceLevels: serveDataset(ports, 'service-levels'),
      listServiceKinds: serveDataset(ports, 'service-kinds'),
      listSampleQuestions: serveDataset(ports, 'sample-questions'),
      listTopics: serveDataset(ports, 'topics'),
      listTopTopics: serveDataset(ports, 'top-topics'),
      listTopTopicAreas: serveDataset(ports, 'top-topic-areas'),
      listCalendarEvents: serveDataset(ports, 'calendar-events'),
      listCampaigns: serveDataset(ports, 'campaigns'),
      listQualityActions: serveDataset(ports, 'quality-actions'),
      listTerritorialActivities: serveDataset(ports, 'territorial-activities'),
      listTerritorialCalls: serveDataset(ports, 'territorial-calls'),
      listTerritorialCases: serveDataset(ports, 'territorial-cases'),
      listHelpDeskRequests: serveDataset(ports, 'help-desk-requests'),
      ...ticketOperations(ports, await readCursorKey(ports.database, ports.randomUUID))
    }
  }
})
