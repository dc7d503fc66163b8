import { scalarColumns, serveDataset, serveRows } from '../collection.ts'
import { defineEService } from '../eservice.ts'
import type { Operation, Ports } from '../eservice.ts'
import { liveFiguresMigration, readFigures } from '../live-figures.ts'
import { readStatus } from '../status.ts'
import { prepareTelemetry } from './telemetry.ts'
import { usesMigration } from './uses.ts'

const liveColumns = ['breakdown', 'subject', 'measure', 'period', 'value', 'unit', 'label']

/**
 * How much digital services are used: the online services of the Florence area (2017), the website and certificates of Milan (2022) and
 * the platforms of Milan's digital plan (2025), as they stand in their documents; and the use of the e-services of the gateways that send their telemetry, month by month.
 * Settings: see prepareTelemetry.
 */
export const serviceUsage = defineEService({
  name: 'service-usage',
  contract: new URL('../../openapi/service-usage.v1.yaml', import.meta.url),
  data: new URL('./data/', import.meta.url),
  migrations: [liveFiguresMigration, usesMigration],
  telemetry: prepareTelemetry,
  operations: (ports) => ({
    readStatus: readStatus(ports),
    listPortfolioDeployments: serveDataset(ports, 'portfolio-deployments'),
    listServiceDeployments: serveDataset(ports, 'service-deployments'),
    listSupportInterventions: serveDataset(ports, 'support-interventions'),
    listRegisteredUsers: serveDataset(ports, 'registered-users'),
    listUsagePatterns: serveBoth(ports, 'usage-patterns'),
    listCategoryUsages: serveBoth(ports, 'category-usages'),
    listCategoryRankings: serveDataset(ports, 'category-rankings'),
    listUsageVariations: serveDataset(ports, 'usage-variations'),
    listAdministrationUsages: serveDataset(ports, 'administration-usages'),
    listChartedCategories: serveDataset(ports, 'charted-categories'),
    listWebsiteVisits: serveDataset(ports, 'website-visits'),
    listCitizenServices: serveDataset(ports, 'citizen-services'),
    listDigitalPlatforms: serveDataset(ports, 'digital-platforms'),
    listCloudMigrations: serveDataset(ports, 'cloud-migrations'),
    listHighlights: serveDataset(ports, 'highlights'),
    listLiveUsages: serveRows(liveColumns, async () => readFigures(ports.database, 'live-usages'))
  })
})

/** The figures of the document, and behind them those of the months in operation. */
function serveBoth (ports: Ports, name: string): Operation {
  const dataset = ports.datasets.get(name)
  if (!dataset) throw new Error(`there is no dataset "${name}" in the data folder`)
  return serveRows(scalarColumns(dataset), async () => [...dataset.rows, ...await readFigures(ports.database, name)])
}
