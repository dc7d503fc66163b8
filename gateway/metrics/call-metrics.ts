import type { Registry } from 'prom-client'
import { addQuotas, usedOf } from '../figures/figures.ts'
import { addLately, isFailing } from '../figures/last-minutes.ts'
import { stageNames } from '../records/call-record.ts'
import type { Report } from '../report.ts'
import { addHistogram, addSamples } from './series.ts'

type Reports = readonly Report[]

/** Calls by their outcome, how long they and their stages took, the bytes of their bodies, and what their upstreams were asked. */
export function addCallMetrics (register: Registry, reports: Reports): void {
  const each = reports.flatMap(({ pid, figures: { eservices } }) => eservices.map((figures) => ({ figures, labels: { pid: String(pid), eservice: figures.eservice } })))
  addSamples(register, { name: 'varco_calls_total', help: 'Calls by operation and outcome; code is that of the refusal, or none.' }, reports.flatMap(({ pid, figures: { calls } }) => calls.map(({ eservice, operation, status, code, count }) => ({ labels: { pid: String(pid), eservice, operation, status: String(status), code: code ?? 'none' }, value: count }))))
  addHistogram(register, { name: 'varco_call_duration_seconds', help: 'From the head of a call to the end of its answer.' }, each.map(({ figures, labels }) => ({ labels, times: figures.calls })))
  addHistogram(register, { name: 'varco_call_stage_seconds', help: 'The stages of calls: admit, body (quota and evidence included), upstream until the head of its answer, answer.' }, each.flatMap(({ figures, labels }) => stageNames.map((stage) => ({ labels: { ...labels, stage }, times: figures.stages[stage] }))))
  addSamples(register, { name: 'varco_call_received_bytes_total', help: 'Bytes of the bodies of calls.' }, each.map(({ figures, labels }) => ({ labels, value: figures.bytesReceived })))
  addSamples(register, { name: 'varco_call_sent_bytes_total', help: 'Bytes of the bodies of answers.' }, each.map(({ figures, labels }) => ({ labels, value: figures.bytesSent })))
  addSamples(register, { name: 'varco_upstream_calls_total', help: 'Calls that were sent to the upstream.' }, each.map(({ figures, labels }) => ({ labels, value: figures.upstreamCalls })))
  addSamples(register, { name: 'varco_upstream_failures_total', help: 'Of these, those that came to nothing because of it.' }, each.flatMap(({ figures, labels }) => Object.entries(figures.upstreamFailures).map(([code, value]) => ({ labels: { ...labels, code }, value }))))
  addSamples(register, { name: 'varco_upstream_failing', help: 'Whether the upstream failed more often than by accident in the last five minutes, over all processes.' }, (reports[0]?.eservices ?? []).map(({ name }) => ({ labels: { eservice: name }, value: isFailing(addLately(each.flatMap(({ figures }) => figures.eservice === name ? [figures.upstreamLately] : []))) ? 1 : 0 })))
  addSamples(register, { name: 'varco_upstream_connections', help: 'Connections to the upstream that are in use, and that are kept for the next call; calls that wait for one.' }, reports.flatMap(({ pid, eservices }) => eservices.flatMap(({ name, connections }) => Object.entries(connections).map(([state, value]) => ({ labels: { pid: String(pid), eservice: name, state }, value })))))
}

/** So many quotas are told of, those most used. */
const mostQuotas = 100

/** What of quotas is used today, as whichever process saw their last call says. */
export function addQuotaMetrics (register: Registry, reports: Reports): void {
  const quotas = addQuotas(reports.map(({ figures }) => figures.quotas)).slice(0, mostQuotas)
  addSamples(register, { name: 'varco_quota_used_ratio', help: `The share of the tightest daily quota that is used, by purpose: of those that called today (Europe/Rome) the ${mostQuotas} with the greatest.` }, quotas.map((quota) => ({ labels: { eservice: quota.eservice, consumer: quota.consumer, purpose: quota.purpose }, value: usedOf(quota) })))
}
