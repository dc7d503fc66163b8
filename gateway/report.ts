import { addReports } from './answer-ledger.ts'
import type { Gateway } from './build.ts'
import { addCacheReports } from './cache/figures.ts'
import type { RegistryHealth } from './registry-source.ts'
import { statusOf } from './status.ts'

/** What one process of the gateway says of itself to operations; it can be written as JSON. */
export type Report = ReturnType<typeof reportOf>

/** Reports on a gateway that was started at `startedAt` (epoch ms): its configuration as it may be shown with its hash, what is live, and how it stands with what it depends on. */
export function reportOf ({ live: { config, hash, eservices, registry, cache }, keys, shared, ledgers, shed, verdicts }: Gateway, startedAt: number) {
  return {
    pid: process.pid,
    startedAt: new Date(startedAt).toISOString(),
    status: statusOf({ keys, registry }),
    hash,
    config: config.shown,
    eservices: eservices.map(({ config: { name, upstream, answers }, contract, basePath }) => ({ name, basePath, title: contract.title, version: contract.version, contractSha256: contract.sha256, lint: verdicts.of(contract) ?? null, operations: contract.operations.length, upstream: upstream.url, answers: { mode: answers, ...ledgers.of(name).report() }, cache: cache.reportOf(name) })),
    keysAgeSeconds: ageOf(keys.ageMs),
    registry: shownHealth(registry.health),
    sharedState: { place: shared.place, answers: shared.answers },
    load: shed.state
  }
}

/** The e-services of processes that serve one configuration: what all say of them, how answers kept to their contracts in all together, and what their caches did. */
export function eservicesOf (reports: readonly Report[]): Report['eservices'] {
  return (reports[0]?.eservices ?? []).map((eservice) => {
    const same = reports.flatMap(({ eservices }) => eservices.filter(({ name }) => name === eservice.name))
    return { ...eservice, answers: { mode: eservice.answers.mode, ...addReports(same.map(({ answers }) => answers)) }, cache: addCacheReports(same.map(({ cache }) => cache)) }
  })
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
