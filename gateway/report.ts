import type { Pool } from 'undici'
import { addReports } from './answer-ledger.ts'
import type { Gateway } from './build.ts'
import { addCacheReports } from './cache/figures.ts'
import { processFigures } from './figures/process-figures.ts'
import { aboutOf } from './operations/about.ts'
import { droppedLines } from './log.ts'
import type { RegistryHealth } from './registry-source.ts'
import { statusOf } from './status.ts'

/** What one process of the gateway says of itself to operations; it can be written as JSON. */
export type Report = ReturnType<typeof reportOf>

/** Reports on a gateway that was started at `startedAt` (epoch ms): its configuration as it may be shown with its hash, what is live, how it stands with what it depends on, and its figures, of the last minutes where they are asked for. */
export function reportOf ({ live: { config, hash, eservices, registry, cache, custody }, keys, shared, ledgers, shed, verdicts, recording, figures: counted }: Gateway, startedAt: number, withRecent = false) {
  const figures = counted.report(withRecent)
  return {
    pid: process.pid,
    startedAt: new Date(startedAt).toISOString(),
    status: statusOf({ keys, registry }),
    hash,
    config: config.shown,
    eservices: eservices.map(({ config: { name, upstream, answers }, contract, basePath, upstream: { pool } }) => ({ name, basePath, title: contract.title, version: contract.version, contractSha256: contract.sha256, lint: verdicts.of(contract) ?? null, operations: contract.operations.length, upstream: upstream.url, connections: connectionsOf(pool), answers: { mode: answers, ...ledgers.of(name).report() }, cache: cache.reportOf(name) })),
    keysAgeSeconds: ageOf(keys.ageMs),
    registry: shownHealth(registry.health),
    sharedState: { place: shared.place, answers: shared.answers },
    load: shed.state,
    figures,
    about: aboutOf({ config, custody, registry }, figures),
    // Of every call that was counted there is a record.
    records: { works: recording.trail.works, written: figures.calls.reduce((sum, { count }) => sum + count, -recording.lost), lost: recording.lost },
    log: { droppedLines: droppedLines() },
    ...processFigures()
  }
}

/** How many connections to an upstream are in use and how many are kept for the next call, and how many calls wait for one. */
function connectionsOf ({ stats: { running, free, queued } }: Pool) {
  return { used: running, free, waiting: queued }
}

/** The e-services of processes that serve one configuration: what all say of them, how answers kept to their contracts in all together, and what their caches did. */
export function eservicesOf (reports: readonly Report[]): Report['eservices'] {
  return (reports[0]?.eservices ?? []).map((eservice) => {
    const same = reports.flatMap(({ eservices }) => eservices.filter(({ name }) => name === eservice.name))
    return { ...eservice, answers: { mode: eservice.answers.mode, ...addReports(same.map(({ answers }) => answers)) }, cache: addCacheReports(same.map(({ cache }) => cache)), connections: addConnections(same.map(({ connections }) => connections)) }
  })
}

function addConnections (all: readonly ReturnType<typeof connectionsOf>[]): ReturnType<typeof connectionsOf> {
  return all.reduce((sum, one) => ({ used: sum.used + one.used, free: sum.free + one.free, waiting: sum.waiting + one.waiting }), { used: 0, free: 0, waiting: 0 })
}

/** What is told of a process beside others. */
export function briefOf ({ startedAt, hash, status: { code }, registry, sharedState }: Report) {
  return { startedAt, hash, status: code, registry, sharedState }
}

function shownHealth ({ source, state, ageMs, lastError, undecided, missing }: RegistryHealth) {
  const ageSeconds = ageOf(ageMs)
  return { source, state, ageSeconds, lastError: lastError ?? null, undecided, missing, detail: [told[state], ...ageSeconds === null ? ['It was never read as a whole.'] : []].join(' ') }
}

/** Null for what never was. */
function ageOf (ms: number): number | null {
  return ms === Infinity ? null : Math.round(ms / 1000)
}

const told: Readonly<Record<RegistryHealth['state'], string>> = {
  current: 'Agreements and purposes are in step with their source.',
  failing: 'The last reading of the platform did not go well; what is known serves on.',
  unavailable: 'Nothing is known that may be relied on: calls are answered 503 until the platform was read.'
}
