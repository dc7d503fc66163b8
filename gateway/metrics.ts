import { Registry } from 'prom-client'
import { addCallMetrics, addQuotaMetrics } from './metrics/call-metrics.ts'
import { addEServiceMetrics } from './metrics/eservice-metrics.ts'
import { addProcessMetrics } from './metrics/process-metrics.ts'
import { addHistogram, open } from './metrics/series.ts'
import { addTrustMetrics } from './metrics/trust-metrics.ts'
import { prepareDisk } from './operations/disk.ts'
import type { Disk } from './operations/disk.ts'
import type { Report } from './report.ts'

/** A process of the gateway as far as metrics tell of it: its number among workers, and how often it was started again. */
export interface ProcessState extends Readonly<Record<string, unknown>> { readonly worker?: number | null, readonly restarts?: number }

/** Metrics in the text form of Prometheus, as `contentType` says. */
export interface Exposition { readonly contentType: string, readonly text: string }
export type Metrics = (reports: readonly Report[], processes: readonly ProcessState[]) => Promise<Exposition>

/** Prepares telling metrics, of what lies on the disk too. `now` gives epoch ms. */
export function prepareMetrics (now: () => number): Metrics {
  const readDisk = prepareDisk(now)
  return async (reports, processes) => metricsOf({ reports, processes, disk: await readDisk(reports[0]?.about), now: now() })
}

/** What metrics are made of: what processes say of themselves, which there are, what lies on the disk beside them, and the time (epoch ms). */
export interface Measured { readonly reports: readonly Report[], readonly processes: readonly ProcessState[], readonly disk: Disk, readonly now: number }

/**
 * What operations are to be alarmed by. Labels have few values: processes, what configuration and contracts name, statuses, codes, and the ids of
 * a bounded number of organisations and purposes. Nothing of them is of a caller's making.
 */
export async function metricsOf ({ reports, processes, disk, now }: Measured): Promise<Exposition> {
  const register = new Registry()
  addProcessMetrics(register, reports)
  addTrustMetrics(register, reports, disk, now)
  addCallMetrics(register, reports)
  addQuotaMetrics(register, reports)
  addEServiceMetrics(register, reports)
  addHistogram(register, { name: 'varco_event_loop_late_seconds', help: 'How late timers came that are due every 10 ms, in turns of the event loop in which calls came.' }, reports.map(({ pid, load }) => ({ labels: { pid: String(pid) }, times: load.delays })))
  const shed = open(register, 'varco_calls_shed_total', 'Calls that were answered 503 before anything else was done for them, by what there was too little of.', 'pid', 'reason')
  for (const { pid, load } of reports) for (const [reason, count] of Object.entries(load.shed)) shed.inc({ pid: String(pid), reason }, count)
  const configuration = open(register, 'varco_configuration_info', 'Processes by the hash of the configuration that is live.', 'hash')
  for (const { hash } of reports) configuration.inc({ hash })
  const restarts = open(register, 'varco_worker_restarts_total', 'How often a worker was started again because it had ended unasked.', 'worker')
  for (const { worker, restarts: count } of processes) if (typeof worker === 'number' && count !== undefined) restarts.inc({ worker: String(worker) }, count)
  return { contentType: register.contentType, text: await register.metrics() }
}
