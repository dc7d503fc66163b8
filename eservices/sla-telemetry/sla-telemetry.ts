import { serveDataset, storeDataset } from '../collection.ts'
import { defineEService } from '../eservice.ts'
import type { Operation, Ports } from '../eservice.ts'
import type { Dataset } from '../dataset.ts'
import { toReport } from './report.ts'

// Where live measurements land: the columns of the report, and the order of arrival as position.
const measurements = `CREATE TABLE measurements (
  position INTEGER PRIMARY KEY, code TEXT NOT NULL, period TEXT NOT NULL, unit TEXT NOT NULL, indicator TEXT, label TEXT, direction TEXT NOT NULL,
  expected REAL NOT NULL, expected_text TEXT, observed REAL NOT NULL, observed_text TEXT, deviation REAL, deviation_text TEXT,
  source TEXT NOT NULL, data_quality TEXT NOT NULL DEFAULT '[]', UNIQUE (code, period)
) STRICT`

/**
 * Service levels: those of the Florence area's 2017 report, the alerts of its probes, the indicators behind them (ModI
 * RAC_ROBUSTEZZA_003), and the live measurements in the form of the report.
 */
export const slaTelemetry = defineEService({
  name: 'sla-telemetry',
  contract: new URL('../../openapi/sla-telemetry.v1.yaml', import.meta.url),
  data: new URL('./data/', import.meta.url),
  migrations: [measurements],
  async operations (ports) {
    const report = toReport(datasetOf(ports, 'service-levels'), datasetOf(ports, 'indicators'))
    await storeDataset(ports.database, report)
    return {
      readStatus: () => ({ body: { type: 'about:blank', title: 'OK', status: 200, detail: 'Il servizio è operativo.' } }),
      listServiceLevels: serveReport(ports, report),
      listMeasurements: serveReport(ports, { ...report, name: 'measurements' }, 'current'),
      listIndicators: serveDataset(ports, 'indicators'),
      listProbeAlerts: serveDataset(ports, 'probe-alerts')
    }
  }
})

function serveReport (ports: Ports, report: Dataset, cache?: 'current'): Operation {
  return serveDataset({ ...ports, datasets: new Map([[report.name, report]]) }, report.name, cache)
}

function datasetOf (ports: Ports, name: string): Dataset {
  const dataset = ports.datasets.get(name)
  if (!dataset) throw new Error(`there is no dataset "${name}" in the data folder`)
  return dataset
}
