import { denialType } from '../../policies/denials.ts'
import type { DenialCode } from '../../policies/denials.ts'
import { addFigures } from '../figures/figures.ts'
import type { CallCount, Figures, Minute } from '../figures/figures.ts'
import { addTimes, percentile } from '../figures/histogram.ts'
import type { Times } from '../figures/histogram.ts'
import { isFailing } from '../figures/last-minutes.ts'
import type { ProcessState } from '../metrics.ts'
import { eservicesOf } from '../report.ts'
import type { Report } from '../report.ts'
import { alarmsOf } from './alarms.ts'
import type { Disk } from './disk.ts'
import type { EServiceView, GatewayView, MinuteView, Named, OperationsView, Percentiles, ProcessView, TrafficView, TrustView, UpstreamView } from './view.ts'

const minuteMs = 60_000
/** So many minutes are told, and so many of them are of late. */
const [shownMinutes, lateMinutes] = [60, 5]

/** Makes what the page tells of what processes say of themselves, and of what lies on the disk beside them. `now` in epoch ms. Pure. */
export function viewOf (reports: readonly Report[], processes: readonly ProcessState[], disk: Disk, now: number): OperationsView {
  const figures = addFigures(reports.map(({ figures: one }) => one))
  const eservices = eservicesOf(reports)
  const named = namer(reports)
  const told = {
    at: now,
    gateway: gatewayOf(reports, processes),
    traffic: trafficOf(figures, now),
    eservices: eservices.map((eservice) => eserviceOf(eservice, figures)),
    quotas: figures.quotas.map(({ eservice, purpose, consumer, limit, remaining }) => ({ eservice, purpose: named(purpose), consumer: named(consumer), used: limit - remaining, limit })),
    consumers: figures.recent?.today.consumers.map(({ consumer, calls }) => ({ consumer: named(consumer), calls })) ?? [],
    otherCalls: figures.recent?.today.others ?? 0,
    upstreams: eservices.map((eservice) => upstreamOf(eservice, figures)),
    trust: trustOf(reports, disk),
    shared: sharedOf(reports),
    tracing: disk.tracing,
    records: recordsOf(reports),
    load: reports.map(({ pid, load: { shed, limit, resting, delayMs, activeSeconds }, memory }) => ({ pid, shed: shed.busy + shed.memory, limit, resting, delayMs, activeSeconds, rssBytes: memory.rssBytes }))
  }
  return { ...told, alarms: alarmsOf(told) }
}

/** Who an id is, as any of the processes knows. */
function namer (reports: readonly Report[]): (id: string) => Named {
  const names = new Map(reports.flatMap(({ about }) => Object.entries(about.names)))
  return (id) => ({ id, name: names.get(id) ?? null })
}

function gatewayOf (reports: readonly Report[], processes: readonly ProcessState[]): GatewayView {
  const [first] = reports
  const status = (reports.find((one) => one.status.status !== 200) ?? first)?.status
  return {
    publicUrl: first?.about.publicUrl ?? '',
    environment: first?.about.environment ?? '',
    isReady: status?.status === 200,
    status: status?.code ?? 'no-process',
    countedSince: reports.length === 0 ? null : Math.min(...reports.map(({ startedAt }) => Date.parse(startedAt))),
    processes: processes.map(processOf)
  }
}

/** One process alone says of itself neither that it serves nor that it answers: it does. */
function processOf ({ worker, pid, state, answers, startedAt, hash, status, restarts, lastEnd }: ProcessState): ProcessView {
  const end = lastEnd as { readonly at: string, readonly how: string } | null | undefined
  return {
    worker: worker ?? null,
    pid: typeof pid === 'number' ? pid : null,
    state: (state as ProcessView['state'] | undefined) ?? 'serving',
    answers: answers !== false,
    startedAt: startedAt === undefined ? null : Date.parse(startedAt as string),
    hash: typeof hash === 'string' ? hash : null,
    isReady: status === 'ok',
    restarts: restarts ?? 0,
    lastEnd: end ? { at: Date.parse(end.at), how: end.how } : null
  }
}

function trafficOf ({ recent }: Figures, now: number): TrafficView {
  const last = Math.floor(now / minuteMs) * minuteMs
  const known = new Map(recent?.minutes.map((minute) => [minute.at, minute]))
  const minutes = Array.from({ length: shownMinutes }, (_one, index) => last - (shownMinutes - 1 - index) * minuteMs).map((at) => minuteOf(at, known.get(at)))
  const late = minutes.slice(-lateMinutes).flatMap(({ at }) => known.get(at) ?? [])
  const counts = new Map<string, number>()
  for (const { refused } of minutes) for (const [code, count] of Object.entries(refused)) counts.set(code, (counts.get(code) ?? 0) + count)
  const reasons = [...counts].map(([code, count]) => ({ code, status: denialType(code as DenialCode).status, count })).toSorted((one, other) => other.count - one.count)
  return { minutes, calls: minutes.reduce((sum, { calls }) => sum + calls, 0), refused: reasons.reduce((sum, { count }) => sum + count, 0), lately: percentilesOf(addTimes(late.map(({ times }) => times))), reasons }
}

function minuteOf (at: number, minute: Minute | undefined): MinuteView {
  return { at, calls: minute?.calls ?? 0, refused: minute?.refused ?? {}, ...percentilesOf(minute?.times) }
}

function percentilesOf (times: Times | undefined): Percentiles {
  const of = (share: number): number | null => {
    const us = times && percentile(times, share)
    return us === undefined ? null : us / 1000
  }
  return { p50: of(0.5), p90: of(0.9), p99: of(0.99) }
}

function eserviceOf ({ name, title, version, basePath, operations, lint, answers: { mode, answers, violations, latest }, cache }: Report['eservices'][number], { calls }: Figures): EServiceView {
  const [last] = latest
  const own = calls.filter(({ eservice }) => eservice === name)
  return {
    name, title, version, basePath, operations, lint,
    calls: sumOf(own),
    refused: sumOf(own.filter(({ code }) => code !== null)),
    answers: {
      mode, compared: answers,
      violations: sumOf(violations),
      latest: last ? { at: Date.parse(last.time), operationId: last.operationId, detail: last.detail, correlationId: last.correlationId } : null
    },
    cache: { hits: cache.hit + cache.stale + cache.validated + cache.shared, misses: cache.misses, bytes: cache.bytes }
  }
}

function sumOf (counted: readonly Pick<CallCount, 'count'>[]): number {
  return counted.reduce((sum, { count }) => sum + count, 0)
}

function upstreamOf ({ name, upstream, connections }: Report['eservices'][number], { eservices }: Figures): UpstreamView {
  const figures = eservices.find(({ eservice }) => eservice === name)
  return { eservice: name, url: upstream, waiting: connections.waiting, calls: figures?.upstreamCalls ?? 0, failures: figures?.upstreamFailures ?? {}, isFailing: figures !== undefined && isFailing(figures.upstreamLately), ...percentilesOf(figures?.stages.upstream) }
}

/** What is worst of any process: an alarm is raised by one. */
function trustOf (reports: readonly Report[], { certificates, since }: Disk): TrustView {
  const worst = ['unavailable', 'failing', 'current'].flatMap((state) => reports.filter(({ registry }) => registry.state === state))[0]?.registry
  const ages = reports.map(({ keysAgeSeconds }) => keysAgeSeconds)
  return {
    keysAgeSeconds: ages.length === 0 || ages.includes(null) ? null : Math.max(...ages as number[]),
    registry: {
      source: worst?.source ?? 'file', state: worst?.state ?? 'unavailable', ageSeconds: worst?.ageSeconds ?? null, lastError: worst?.lastError ?? null,
      undecided: reports.reduce((sum, { registry }) => sum + registry.undecided, 0), missing: reports.reduce((sum, { registry }) => sum + registry.missing, 0)
    },
    signing: (reports[0]?.about.signing ?? []).map((key) => ({ ...key, since: since.get(key.file) ?? null })),
    certificates
  }
}

function sharedOf (reports: readonly Report[]): OperationsView['shared'] {
  const sum = (of: (answers: Report['sharedState']['answers']) => number): number => reports.reduce((all, { sharedState: { answers } }) => all + of(answers), 0)
  const places = reports.map(({ sharedState: { place } }) => place)
  return { place: places.includes('local') ? 'local' : places[0] ?? 'memory', redis: sum(({ redis }) => redis), local: sum(({ local }) => local), lease: sum(({ lease }) => lease) }
}

function recordsOf (reports: readonly Report[]): OperationsView['records'] {
  const sum = (of: (records: Report['records']) => number): number => reports.reduce((all, { records }) => all + of(records), 0)
  return { works: reports.every(({ records }) => records.works), kept: sum(({ written }) => written), lost: sum(({ lost }) => lost), droppedLines: reports.reduce((all, { log }) => all + log.droppedLines, 0) }
}
