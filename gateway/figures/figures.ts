import type { DenialCode } from '../../policies/denials.ts'
import { stageNames } from '../records/call-record.ts'
import type { StageName } from '../records/call-record.ts'
import { addTimes } from './histogram.ts'
import type { Times } from './histogram.ts'
import { addLately } from './last-minutes.ts'
import type { Lately } from './last-minutes.ts'

/**
 * What a process counted of its calls since its start, as JSON; several add up (`addFigures`). Names and ids are those of configuration, contracts, denials and proven callers: as many as these are,
 * and no more than a bound of each.
 */
export interface Figures {
  readonly calls: readonly CallCount[]
  readonly eservices: readonly EServiceFigures[]
  readonly quotas: readonly QuotaUse[]
  /** Where it was asked for. */
  readonly recent: Recent | undefined
}

/** Calls with one outcome. `none` is what has no e-service or no operation, as a page or what cannot be read; `others` what is beyond the bound of all outcomes. */
export interface CallCount { readonly eservice: string, readonly operation: string, readonly status: number, readonly code: DenialCode | null, readonly count: number }

/** How long calls of an e-service took, as a whole and in each stage (µs), the bytes of their bodies, and what its upstream was asked. */
export interface EServiceFigures {
  readonly eservice: string
  readonly calls: Times
  /** `upstream` is the time until the head of its answer, or until it failed. */
  readonly stages: Readonly<Record<StageName, Times>>
  readonly bytesReceived: number
  readonly bytesSent: number
  /** Calls that were sent to the upstream, and those of them that came to nothing because of it, by what was wrong. */
  readonly upstreamCalls: number
  readonly upstreamFailures: Readonly<Partial<Record<DenialCode, number>>>
  /** The same of the last five minutes. */
  readonly upstreamLately: Lately
}

/** How the tightest quota of a purpose stood at its last call today (Europe/Rome), at `at` (epoch ms). */
export interface QuotaUse { readonly eservice: string, readonly consumer: string, readonly purpose: string, readonly limit: number, readonly remaining: number, readonly at: number }

/** The last sixty minutes in which there were calls, the oldest first, and today. */
export interface Recent {
  readonly minutes: readonly Minute[]
  readonly today: Today
}

/** What came to its end in one minute: `at` is its beginning (epoch ms); `times` (µs) are of the calls that were not refused before their upstream was asked. */
export interface Minute { readonly at: number, readonly calls: number, readonly refused: Readonly<Partial<Record<DenialCode, number>>>, readonly times: Times }

/** Calls of a day in Europe/Rome (ISO date) by consumer (id), those with the most first; `others` are those of all other consumers together. */
export interface Today { readonly date: string, readonly consumers: readonly ConsumerCalls[], readonly others: number }
export interface ConsumerCalls { readonly consumer: string, readonly calls: number }

/** The same over several processes. */
export function addFigures (all: readonly Figures[]): Figures {
  const recents = all.flatMap(({ recent }) => recent ? [recent] : [])
  return {
    calls: groups(all.flatMap(({ calls }) => calls), ({ eservice, operation, status, code }) => `${eservice} ${operation} ${status} ${code}`).map(([first, same]) => ({ ...first, count: sum(same, ({ count }) => count) })),
    eservices: groups(all.flatMap(({ eservices }) => eservices), ({ eservice }) => eservice).map(([{ eservice }, same]) => ({
      eservice,
      calls: addTimes(same.map(({ calls }) => calls)),
      stages: Object.fromEntries(stageNames.map((stage) => [stage, addTimes(same.map(({ stages }) => stages[stage]))])) as EServiceFigures['stages'],
      bytesReceived: sum(same, ({ bytesReceived }) => bytesReceived),
      bytesSent: sum(same, ({ bytesSent }) => bytesSent),
      upstreamCalls: sum(same, ({ upstreamCalls }) => upstreamCalls),
      upstreamFailures: addCounts(same.map(({ upstreamFailures }) => upstreamFailures)),
      upstreamLately: addLately(same.map(({ upstreamLately }) => upstreamLately))
    })),
    quotas: addQuotas(all.map(({ quotas }) => quotas)),
    recent: recents.length > 0 ? addRecents(recents) : undefined
  }
}

/** How quotas stand as whoever saw a call last says, those most used first. */
export function addQuotas (all: readonly (readonly QuotaUse[])[]): readonly QuotaUse[] {
  const latest = groups(all.flat(), ({ eservice, purpose }) => `${eservice} ${purpose}`).map(([first, same]) => same.reduce((last, one) => one.at > last.at ? one : last, first))
  return latest.toSorted((one, other) => usedOf(other) - usedOf(one))
}

/** The share of a quota that is used, from 0 to 1. */
export function usedOf ({ limit, remaining }: Pick<QuotaUse, 'limit' | 'remaining'>): number {
  return limit > 0 ? (limit - remaining) / limit : 1
}

function addRecents (all: readonly Recent[]): Recent {
  const minutes = groups(all.flatMap(({ minutes }) => minutes), ({ at }) => String(at)).map(([{ at }, same]): Minute => ({
    at,
    calls: sum(same, ({ calls }) => calls),
    refused: addCounts(same.map(({ refused }) => refused)),
    times: addTimes(same.map(({ times }) => times))
  }))
  const date = all.map(({ today }) => today.date).toSorted().at(-1) as string
  const todays = all.flatMap(({ today }) => today.date === date ? [today] : [])
  const consumers = groups(todays.flatMap(({ consumers }) => consumers), ({ consumer }) => consumer).map(([{ consumer }, same]) => ({ consumer, calls: sum(same, ({ calls }) => calls) }))
  return {
    minutes: minutes.toSorted((one, other) => one.at - other.at),
    today: { date, consumers: consumers.toSorted((one, other) => other.calls - one.calls), others: sum(todays, ({ others }) => others) }
  }
}

function addCounts (all: readonly Readonly<Partial<Record<DenialCode, number>>>[]): Partial<Record<DenialCode, number>> {
  const counts: Partial<Record<DenialCode, number>> = {}
  for (const one of all) for (const [code, count] of Object.entries(one) as [DenialCode, number][]) counts[code] = (counts[code] ?? 0) + count
  return counts
}

function groups<T> (all: readonly T[], keyOf: (one: T) => string): (readonly [first: T, same: readonly T[]])[] {
  return [...Map.groupBy(all, keyOf).values()].map((same) => [same[0] as T, same])
}

function sum<T> (all: readonly T[], of: (one: T) => number): number {
  return all.reduce((total, one) => total + of(one), 0)
}
