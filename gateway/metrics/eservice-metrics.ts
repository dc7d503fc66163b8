import { Counter, Gauge } from 'prom-client'
import type { Registry } from 'prom-client'
import { cacheOutcomes } from '../cache/figures.ts'
import type { Report } from '../report.ts'

type EService = Report['eservices'][number]

/** How answers keep to contracts, and what caches did for e-services and hold of them. */
export function addEServiceMetrics (register: Registry, reports: readonly Report[]): void {
  const [answers, caches] = [answerFigures(register), cacheFigures(register)]
  for (const { pid, eservices } of reports) {
    for (const eservice of eservices) {
      answers(String(pid), eservice)
      caches(String(pid), eservice)
    }
  }
}

/** How answers keep to contracts. Operations and kinds are as many as contracts declare. */
function answerFigures (register: Registry): (pid: string, eservice: EService) => void {
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
function cacheFigures (register: Registry): (pid: string, eservice: EService) => void {
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
