import type { DenialCode } from '../../policies/denials.ts'
import { stageNames, tookUs } from '../records/call-record.ts'
import type { CallRecord, StageName } from '../records/call-record.ts'
import type { CallCount, EServiceFigures, Figures } from './figures.ts'
import { Histogram } from './histogram.ts'
import { LastMinutes } from './last-minutes.ts'
import { Minutes } from './minutes.ts'
import { Usage } from './usage.ts'

/** So many outcomes are told apart: e-services, their operations, statuses and codes. What there is beyond it is counted as `others`. */
const mostOutcomes = 5000
const none = 'none'
const others = 'others'

/** What became of calls when it was the upstream that failed. */
const upstreamCodes: ReadonlySet<string> = new Set<DenialCode>(['upstream-unreachable', 'upstream-invalid', 'upstream-timeout'])

type Counter = { count: number }
type Outcomes = Map<DenialCode | undefined, Map<number, Counter>>

/** What is counted of one e-service. */
class EServiceCounts {
  readonly operations = new Map<string, Outcomes>()
  readonly calls = new Histogram()
  readonly stages: Readonly<Record<StageName, Histogram>> = { admit: new Histogram(), body: new Histogram(), upstream: new Histogram(), answer: new Histogram() }
  readonly upstreamFailures = new Map<DenialCode, number>()
  readonly upstreamLately = new LastMinutes()
  bytesReceived = 0
  bytesSent = 0
  upstreamCalls = 0
}

/** Counts the calls of this process from their records: what metrics and the operations page tell. Costs a call less than a microsecond, and however many there are, no more memory. */
export class CallFigures {
  readonly #now: () => number
  readonly #eservices = new Map<string, EServiceCounts>()
  readonly #minutes = new Minutes()
  readonly #usage = new Usage()
  readonly #beyond: Counter = { count: 0 }
  #outcomes = 0

  /** `now` gives epoch ms. */
  constructor (now: () => number) {
    this.#now = now
  }

  /** Takes in a record: a sink. */
  readonly count = (record: CallRecord): void => {
    const { eservice = none, code, stages } = record
    const now = this.#now()
    // Stages follow one another without a gap; the duration of a record is in whole milliseconds.
    const us = tookUs(record)
    let counts = this.#eservices.get(eservice)
    if (!counts) this.#eservices.set(eservice, counts = new EServiceCounts())
    this.#counterOf(counts, record).count++
    counts.calls.add(us)
    for (const name of stageNames) if (stages[name] !== undefined) counts.stages[name].add(stages[name])
    counts.bytesReceived += record.bytesReceived
    counts.bytesSent += record.bytesSent
    const isSent = stages.upstream !== undefined
    if (isSent) {
      counts.upstreamCalls++
      const hasFailed = code !== undefined && upstreamCodes.has(code)
      if (hasFailed) counts.upstreamFailures.set(code, (counts.upstreamFailures.get(code) ?? 0) + 1)
      counts.upstreamLately.count(now, hasFailed)
    }
    this.#minutes.count(now, code, eservice !== none && (isSent || code === undefined) ? us : undefined)
    this.#usage.count(record, now)
  }

  /** What was counted until now, with the last minutes and the day where these are asked for. */
  report (withRecent: boolean): Figures {
    const now = this.#now()
    return {
      calls: [...this.#callCounts()],
      eservices: [...this.#eservices].map(([eservice, counts]): EServiceFigures => ({
        eservice,
        calls: counts.calls.times,
        stages: Object.fromEntries(stageNames.map((name) => [name, counts.stages[name].times])) as EServiceFigures['stages'],
        bytesReceived: counts.bytesReceived,
        bytesSent: counts.bytesSent,
        upstreamCalls: counts.upstreamCalls,
        upstreamFailures: Object.fromEntries(counts.upstreamFailures),
        upstreamLately: counts.upstreamLately.until(now)
      })),
      quotas: this.#usage.quotas(now),
      recent: withRecent ? { minutes: this.#minutes.until(now), today: this.#usage.today(now) } : undefined
    }
  }

  #counterOf ({ operations }: EServiceCounts, { operationId = none, code, status }: CallRecord): Counter {
    const statuses = operations.get(operationId)?.get(code)
    return statuses?.get(status) ?? this.#open(operations, operationId, code, status)
  }

  #open (operations: Map<string, Outcomes>, operation: string, code: DenialCode | undefined, status: number): Counter {
    if (this.#outcomes >= mostOutcomes) return this.#beyond
    this.#outcomes++
    const counter = { count: 0 }
    const outcomes: Outcomes = operations.get(operation) ?? new Map()
    const statuses = outcomes.get(code) ?? new Map<number, Counter>()
    operations.set(operation, outcomes.set(code, statuses.set(status, counter)))
    return counter
  }

  * #callCounts (): Iterable<CallCount> {
    for (const [eservice, { operations }] of this.#eservices) {
      for (const [operation, outcomes] of operations) {
        for (const [code, statuses] of outcomes) for (const [status, { count }] of statuses) yield { eservice, operation, status, code: code ?? null, count }
      }
    }
    if (this.#beyond.count > 0) yield { eservice: others, operation: others, status: 0, code: null, count: this.#beyond.count }
  }
}
