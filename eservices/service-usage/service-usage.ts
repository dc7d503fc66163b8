import { serveDataset } from '../collection.ts'
import { defineEService } from '../eservice.ts'
import { readStatus } from '../status.ts'

/**
 * How much digital services are used: the online services of the Florence area (2017), the website and certificates of Milan (2022) and
 * the platforms of Milan's digital plan (2025). Every collection is a published dataset, as it stands in its document.
 */
export const serviceUsage = defineEService({
  name: 'service-usage',
  contract: new URL('../../openapi/service-usage.v1.yaml', import.meta.url),
  data: new URL('./data/', import.meta.url),
  operations: (ports) => ({
    readStatus: readStatus(ports),
    listPortfolioDeployments: serveDataset(ports, 'portfolio-deployments'),
    listServiceDeployments: serveDataset(ports, 'service-deployments'),
    listSupportInterventions: serveDataset(ports, 'support-interventions'),
    listRegisteredUsers: serveDataset(ports, 'registered-users'),
    listUsagePatterns: serveDataset(ports, 'usage-patterns'),
    listCategoryUsages: serveDataset(ports, 'category-usages'),
    listCategoryRankings: serveDataset(ports, 'category-rankings'),
    listUsageVariations: serveDataset(ports, 'usage-variations'),
    listAdministrationUsages: serveDataset(ports, 'administration-usages'),
    listChartedCategories: serveDataset(ports, 'charted-categories'),
    listWebsiteVisits: serveDataset(ports, 'website-visits'),
    listCitizenServices: serveDataset(ports, 'citizen-services'),
    listDigitalPlatforms: serveDataset(ports, 'digital-platforms'),
    listCloudMigrations: serveDataset(ports, 'cloud-migrations'),
    listHighlights: serveDataset(ports, 'highlights')
  })
})
