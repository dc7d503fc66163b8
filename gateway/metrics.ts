import { Counter, Gauge, Registry } from 'prom-client'
import { cacheOutcomes } from './cache/figures.ts'
import type { Report } from './report.ts'

/** A process of the gateway as far as metrics tell of it: its number among workers, and how often it was started again. */
export interface ProcessState extends Readonly<Record<string, unknown>> { readonly worker?: number | null, readonly restarts?: number }

/** One figure of a process; undefined where there is none. What is counted since the start of the process is named so (_total). */
interface Figure { readonly name: string, readonly help: string, readonly of: (report: Report) => number | undefined }

const flag = (value: boolean): number => value ? 1 : 0

const figures: readonly Figure[] = [
  { name: 'varco_ready', help: 'Whether calls can be admitted.', of: ({ status }) => flag(status.status === 200) },
  { name: 'varco_platform_keys_age_seconds', help: "How long ago the platform's keys were fetched.", of: ({ keysAgeSeconds }) => keysAgeSeconds ?? undefined },
  { name: 'varco_registry_age_seconds', help: 'How long ago agreements and purposes were in step with the platform.', of: ({ registry }) => registry.ageSeconds ?? undefined },
  { name: 'varco_registry_failing', help: 'Whether the last reading of the platform did not go well.', of: ({ registry }) => flag(registry.state === 'failing') },
  { name: 'varco_registry_unavailable', help: 'Whether nothing is known that may be relied on, so that calls are answered 503.', of: ({ registry }) => flag(registry.state === 'unavailable') },
  { name: 'varco_registry_undecided_calls_total', help: 'Calls of which nothing could be concluded, as the platform did not say.', of: ({ registry }) => registry.undecided },
  { name: 'varco_registry_missing_items_total', help: 'Things that a list of the platform did not have any more and no event had told of; each was asked for by its id.', of: ({ registry }) => registry.missing },
  { name: 'varco_calls_per_turn_limit', help: 'How many calls a turn of the event loop lets in; there is none while all are.', of: ({ load }) => load.limit ?? undefined },
  { name: 'varco_connections_resting', help: 'Connections that are not read from for a moment because a call on them was shed.', of: ({ load }) => load.resting },
  { name: 'varco_event_loop_delay_seconds', help: 'How late at most a timer came in the last 10 to 20 s, in turns of the event loop in which calls came.', of: ({ load }) => load.delayMs / 1000 },
  { name: 'varco_event_loop_active_seconds_total', help: 'For how long the event loop has worked.', of: ({ load }) => load.activeSeconds },
  { name: 'varco_limits_local', help: 'Whether limits are counted here because Redis is away.', of: ({ sharedState }) => flag(sharedState.place === 'local') },
  { name: 'varco_redis_answers_total', help: 'What Redis was asked and answered in time.', of: ({ sharedState }) => sharedState.answers.redis },
  { name: 'varco_redis_missed_answers_total', help: 'What had to be decided without Redis.', of: ({ sharedState }) => sharedState.answers.local },
  { name: 'varco_leased_calls_total', help: 'Calls that took from a lease and waited for nobody.', of: ({ sharedState }) => sharedState.answers.lease }
]

/** How answers keep to contracts. Operations and kinds are as many as contracts declare. */
function answerFigures (register: Registry): (pid: string, eservice: Report['eservices'][number]) => void {
  const open = (name: string, help: string, ...labels: readonly string[]): Counter => new Counter({ name, help, labelNames: ['pid', 'eservice', ...labels], registers: [register] })
  const seen = open('varco_answers_total', 'Answers of upstreams that were compared with the contract.')
  const checked = open('varco_answer_bodies_checked_total', 'Of these, those of which the body was.')
  const unchecked = open('varco_answer_bodies_unchecked_total', 'Those of which the body should have been and could not be.', 'reason')
  const violations = open('varco_contract_violations_total', 'In how many ways answers of upstreams broke the contract.', 'operation', 'in')
  return (pid, { name: eservice, answers }) => {
    seen.inc({ pid, eservice }, answers.answers)
    checked.inc({ pid, eservice }, answers.bodiesChecked)
    for (const [reason, count] of Object.entries(answers.bodiesNotChecked)) unchecked.inc({ pid, eservice, reason }, count)
    for (const { operationId: operation, in: part, count } of answers.violations) violations.inc({ pid, eservice, operation, in: part }, count)
  }
}

/** What caches did for e-services, and hold of them. */
function cacheFigures (register: Registry): (pid: string, eservice: Report['eservices'][number]) => void {
  const labels = (...more: readonly string[]) => ({ labelNames: ['pid', 'eservice', ...more], registers: [register] })
  const answered = new Counter({ name: 'varco_cache_answers_total', help: 'Calls that were answered from the cache: as they came (hit, stale), after asking the upstream (validated), with the answer to another (shared).', ...labels('outcome') })
  const counted = [
    ['misses', new Counter({ name: 'varco_cache_misses_total', help: 'Calls whose answer might have been in the cache and was not.', ...labels() })],
    ['stores', new Counter({ name: 'varco_cache_stores_total', help: 'Answers that were stored.', ...labels() })],
    ['validations', new Counter({ name: 'varco_cache_validations_total', help: 'Requests of the cache to the upstream, whether what is stored is still right.', ...labels() })],
    ['bytes', new Gauge({ name: 'varco_cache_bytes', help: 'Memory that stored answers take.', ...labels() })],
    ['entries', new Gauge({ name: 'varco_cache_entries', help: 'Answers that are stored.', ...labels() })]
  ] as const
  return (pid, { name: eservice, cache }) => {
    for (const outcome of cacheOutcomes) answered.inc({ pid, eservice, outcome }, cache[outcome])
    for (const [name, figure] of counted) figure.inc({ pid, eservice }, cache[name])
  }
}

/** What operations are to be alarmed by, in the text form of Prometheus, as `contentType` says; labels have few values: processes and the hash of the configuration. */
export async function metricsOf (reports: readonly Report[], processes: readonly ProcessState[]): Promise<{ readonly contentType: string, readonly text: string }> {
  const register = new Registry()
  const open = (name: string, help: string, label: string): Counter | Gauge => new (name.endsWith('_total') ? Counter : Gauge)({ name, help, labelNames: [label], registers: [register] })
  for (const { name, help, of } of figures) {
    const figure = open(name, help, 'pid')
    for (const report of reports) {
      const value = of(report)
      if (value !== undefined) figure.inc({ pid: String(report.pid) }, value)
    }
  }
  const answers = answerFigures(register)
  const caches = cacheFigures(register)
  for (const { pid, eservices } of reports) {
    for (const eservice of eservices) {
      answers(String(pid), eservice)
      caches(String(pid), eservice)
    }
  }
  const shed = new Counter({ name: 'varco_calls_shed_total', help: 'Calls that were answered 503 before anything else was done for them, by what there was too little of.', labelNames: ['pid', 'reason'], registers: [register] })
  for (const { pid, load } of reports) for (const [reason, count] of Object.entries(load.shed)) shed.inc({ pid: String(pid), reason }, count)
  const configuration = open('varco_configuration_info', 'Processes by the hash of the configuration that is live.', 'hash')
  for (const { hash } of reports) configuration.inc({ hash })
  const restarts = open('varco_worker_restarts_total', 'How often a worker was started again because it had ended unasked.', 'worker')
  for (const { worker, restarts: count } of processes) if (typeof worker === 'number' && count !== undefined) restarts.inc({ worker: String(worker) }, count)
  return { contentType: register.contentType, text: await register.metrics() }
}
