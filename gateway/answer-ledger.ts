import type { AnswerFinding } from '../openapi/answers/answers.ts'

/** What broke a contract: the answer to which call, and how. No value of it. */
export interface Violation extends AnswerFinding { readonly time: string, readonly operationId: string, readonly status: number, readonly correlationId: string }

/** Why the body of an answer that should have been checked was not: it is longer than what is kept, it is in a coding that is not known here, too much is kept already, or its check failed: a schema cannot be compiled, or it takes too long. */
const uncheckedReasons = ['too-long', 'coding', 'crowded', 'failed'] as const
export type UncheckedReason = (typeof uncheckedReasons)[number]

/** What is known of the answers of an e-service since this process was started. `latest` are the last violations, the newest first. */
export interface AnswerReport {
  readonly answers: number
  readonly bodiesChecked: number
  readonly bodiesNotChecked: Readonly<Partial<Record<UncheckedReason, number>>>
  readonly violations: readonly { readonly operationId: string, readonly in: AnswerFinding['in'], readonly count: number }[]
  readonly latest: readonly Violation[]
}

/** How many violations are kept of an e-service, and in what time one line at most is written to the log of its violations of one kind, in ms. */
const mostKept = 10
const silenceMs = 10_000

/** The same over several processes: what they counted together, and the last violations of all of them. */
export function addReports (reports: readonly AnswerReport[]): AnswerReport {
  const groups = Map.groupBy(reports.flatMap(({ violations }) => violations), (one) => `${one.in} ${one.operationId}`)
  const sum = (counts: readonly number[]): number => counts.reduce((all, count) => all + count, 0)
  const unchecked = uncheckedReasons.map((reason) => [reason, sum(reports.map(({ bodiesNotChecked }) => bodiesNotChecked[reason] ?? 0))] as const)
  return {
    answers: sum(reports.map(({ answers }) => answers)),
    bodiesChecked: sum(reports.map(({ bodiesChecked }) => bodiesChecked)),
    bodiesNotChecked: Object.fromEntries(unchecked.filter(([, count]) => count > 0)),
    violations: [...groups.values()].map((group) => ({ ...group[0] as AnswerReport['violations'][number], count: sum(group.map(({ count }) => count)) })),
    latest: reports.flatMap(({ latest }) => latest).toSorted((one, other) => one.time < other.time ? 1 : -1).slice(0, mostKept)
  }
}

/** What keeping a ledger needs: `now` in epoch ms; `warn` writes a line to the log. */
export interface LedgerParts { readonly now: () => number, readonly warn: (line: LedgerLine) => void }

/** A line for the log, and what it is called there. */
type LedgerLine = { readonly event: string } & Readonly<Record<string, unknown>>

/** Counts what the answers of one e-service have to do with its contract, whatever is reloaded. */
export class AnswerLedger {
  readonly #eservice: string
  readonly #parts: LedgerParts
  readonly #counts = new Map<string, { readonly operationId: string, readonly in: AnswerFinding['in'], count: number }>()
  readonly #unchecked = new Map<UncheckedReason, number>()
  readonly #told = new Map<string, { readonly at: number, withheld: number }>()
  #latest: readonly Violation[] = []
  #checked = 0
  answers = 0

  constructor (eservice: string, parts: LedgerParts) {
    this.#eservice = eservice
    this.#parts = parts
  }

  /** Counts a body that was checked. */
  checked (): void { this.#checked++ }

  /** Counts a body that should have been checked and was not. */
  unchecked (reason: UncheckedReason, facts: { readonly operationId: string, readonly correlationId: string, readonly reason?: string }): void {
    this.#unchecked.set(reason, (this.#unchecked.get(reason) ?? 0) + 1)
    this.#tell(reason, { event: 'answer not checked', because: reason, ...facts })
  }

  violated (violation: Omit<Violation, 'time'>): void {
    const { operationId, in: part } = violation
    const key = `${part} ${operationId}`
    const counted = this.#counts.get(key) ?? { operationId, in: part, count: 0 }
    counted.count++
    this.#counts.set(key, counted)
    this.#latest = [{ time: new Date(this.#parts.now()).toISOString(), ...violation }, ...this.#latest].slice(0, mostKept)
    this.#tell(part, { event: 'contract violated', ...violation })
  }

  report (): AnswerReport {
    return {
      answers: this.answers,
      bodiesChecked: this.#checked,
      bodiesNotChecked: Object.fromEntries(this.#unchecked),
      violations: [...this.#counts.values()].map((counted) => ({ ...counted })),
      latest: this.#latest
    }
  }

  /** Writes one line in so much time; the next one says how many it stands for. */
  #tell (kind: string, facts: LedgerLine): void {
    const now = this.#parts.now()
    const before = this.#told.get(kind)
    if (before && now - before.at < silenceMs) {
      before.withheld++
      return
    }
    this.#told.set(kind, { at: now, withheld: 0 })
    this.#parts.warn({ eservice: this.#eservice, ...facts, ...before && before.withheld > 0 && { withheld: before.withheld } })
  }
}

/** The ledgers of all e-services of a process, by name; each is opened when it is first asked for. */
export class AnswerLedgers {
  readonly #parts: LedgerParts
  readonly #ledgers = new Map<string, AnswerLedger>()

  constructor (parts: LedgerParts) {
    this.#parts = parts
  }

  of (eservice: string): AnswerLedger {
    const ledger = this.#ledgers.get(eservice) ?? new AnswerLedger(eservice, this.#parts)
    this.#ledgers.set(eservice, ledger)
    return ledger
  }
}
