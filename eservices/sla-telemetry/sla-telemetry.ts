import { scalarColumns, serveDataset, serveRows, storeDataset } from '../collection.ts'
import { defineEService } from '../eservice.ts'
import type { Operation, Ports } from '../eservice.ts'
import type { Dataset } from '../dataset.ts'
import { liveFiguresMigration, readFigures } from '../live-figures.ts'
import { indicatorRows } from './live-indicators.ts'
import { answeredMigration, observationsMigration, readObserved } from './observations.ts'
import { readStatus } from '../status.ts'
import { toReport } from './report.ts'
import { prepareTelemetry } from './telemetry.ts'

// Where live measurements were to land before there were any.
const measurements = `CREATE TABLE measurements (
  position INTEGER PRIMARY KEY, code TEXT NOT NULL, period TEXT NOT NULL, unit TEXT NOT NULL, indicator TEXT, label TEXT, direction TEXT NOT NULL,
  expected REAL NOT NULL, expected_text TEXT, observed REAL NOT NULL, observed_text TEXT, deviation REAL, deviation_text TEXT,
  source TEXT NOT NULL, data_quality TEXT NOT NULL DEFAULT '[]', UNIQUE (code, period)
) STRICT`

const throughputColumns = ['code', 'period', 'unit', 'indicator', 'label', 'direction', 'observed', 'observed_text']

/**
 * Service levels: those of the Florence area's 2017 report, the alerts of its probes, the indicators behind them (ModI
 * RAC_ROBUSTEZZA_003), and the live measurements in the form of the report, of every e-service of the gateways that send their telemetry.
 * Setting: `slos`, the file with what each e-service is held to (`slos.yaml` here).
 */
export const slaTelemetry = defineEService({
  name: 'sla-telemetry',
  contract: new URL('../../openapi/sla-telemetry.v1.yaml', import.meta.url),
  data: new URL('./data/', import.meta.url),
  migrations: [measurements, 'DROP TABLE measurements', liveFiguresMigration, observationsMigration, answeredMigration],
  telemetry: prepareTelemetry,
  async operations (ports) {
    const report = toReport(datasetOf(ports, 'service-levels'), datasetOf(ports, 'indicators'))
    const indicators = datasetOf(ports, 'indicators')
    const live = (collection: string) => async () => readFigures(ports.database, collection)
    await storeDataset(ports.database, report)
    return {
      readStatus: readStatus(ports),
      listServiceLevels: serveReport(ports, report),
      listMeasurements: serveRows(scalarColumns(report), live('measurements')),
      listThroughputs: serveRows(throughputColumns, live('throughputs')),
      listIndicators: serveRows(scalarColumns(indicators), async () => [...indicators.rows, ...indicatorRows(await readObserved(ports.database))]),
      listProbeAlerts: serveDataset(ports, 'probe-alerts')
    }
  }
})

function serveReport (ports: Ports, report: Dataset): Operation {
  return serveDataset({ ...ports, datasets: new Map([[report.name, report]]) }, report.name)
}

function datasetOf (ports: Ports, name: string): Dataset {
  const dataset = ports.datasets.get(name)
  if (!dataset) throw new Error(`there is no dataset "${name}" in the data folder`)
  return dataset
}
