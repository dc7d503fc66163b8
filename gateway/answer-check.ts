import type { IncomingHttpHeaders } from 'node:http'
import { prepareAnswers } from '../openapi/answers/answers.ts'
import type { AnswerBody, AnswerFinding, AnswerValidator } from '../openapi/answers/answers.ts'
import type { Contract, Operation } from '../openapi/contract.ts'
import { checkElsewhere, largeBytes } from '../openapi/answers/large-answers.ts'
import { codingOf, decodeAnswer } from './answer-coding.ts'
import type { AnswerLedger, UncheckedReason } from './answer-ledger.ts'
import { prepareSampling } from './answer-modes.ts'
import type { AnswerMode } from './answer-modes.ts'
import type { Exchange } from './exchange.ts'
import { suppliedHeaders } from './route.ts'
import type { LiveEService, Route } from './route.ts'

/** How the answers of one operation are checked. */
export interface AnswerChecks {
  readonly mode: Exclude<AnswerMode, 'off'>
  readonly contract: Contract
  readonly operation: Operation
  readonly validator: AnswerValidator
  readonly ledger: AnswerLedger
  /** Whether the body of the next answer under a declared status is checked. */
  readonly isSampled: (declared: string) => boolean
}

/** What became of the check of a body. */
export type Verdict = { readonly finding: AnswerFinding | undefined } | { readonly unchecked: UncheckedReason }

/** What was compiled of a contract stays, however often it goes live. */
const validators = new WeakMap<Contract, Map<string, AnswerValidator>>()

/** Prepares the checks of the answers of an operation; undefined where they are not checked. */
export function prepareAnswerChecks ({ operation, eservice }: Route, ledger: AnswerLedger): AnswerChecks | undefined {
  const { contract, config: { answers: mode } } = eservice
  if (mode === 'off') return undefined
  return { mode, contract, operation, ledger, validator: validatorsOf(eservice).get(operation.id) as AnswerValidator, isSampled: prepareSampling(mode) }
}

/** The check of one answer: what is wrong with it is counted and told as soon as it is known. */
export class AnswerCheck {
  readonly #checks: AnswerChecks
  readonly #exchange: Exchange
  readonly #onViolation: (() => void) | undefined
  #status = 0
  #contentType: string | undefined
  #coding: string | undefined
  /** How the body is checked, if it is. */
  body: AnswerBody | undefined

  /** `onViolation` is called whenever something is found to be wrong. */
  constructor (checks: AnswerChecks, exchange: Exchange, onViolation?: () => void) {
    this.#checks = checks
    this.#exchange = exchange
    this.#onViolation = onViolation
  }

  /** Checks the head of an answer; gives the first thing that is wrong. Never throws. */
  head (status: number, headers: IncomingHttpHeaders): AnswerFinding | undefined {
    const { validator, ledger, isSampled } = this.#checks
    this.#status = status
    this.#contentType = headers['content-type']
    this.#coding = codingOf(headers)
    ledger.answers++
    try {
      const { declared, findings, body } = validator.head(status, headers)
      for (const finding of findings) this.note(finding)
      if (body && declared !== undefined && (body.needs === 'byte' || isSampled(declared))) this.body = body
      return findings[0]
    } catch (error) {
      this.giveUp('failed', (error as Error).message)
      return uncheckable
    }
  }

  /** Counts something that is wrong. */
  note (finding: AnswerFinding): void {
    const { ledger, operation: { id: operationId } } = this.#checks
    const { correlationId } = this.#exchange
    this.#exchange.contractViolations++
    this.#onViolation?.()
    ledger.violated({ operationId, status: this.#status, ...finding, correlationId })
  }

  /** Counts that the body is not checked. */
  giveUp (unchecked: UncheckedReason, reason?: string): Verdict {
    const { ledger, operation: { id: operationId } } = this.#checks
    this.body = undefined
    ledger.unchecked(unchecked, { operationId, correlationId: this.#exchange.correlationId, ...reason !== undefined && { reason } })
    return { unchecked }
  }

  /** Checks the body, which came as these bytes; nothing that is coded is unfolded to more than `maxBytes`. Never throws. */
  async judge (bytes: Uint8Array, maxBytes: number): Promise<Verdict> {
    if (this.#coding === undefined) return this.#judge(bytes)
    const decoded = await decodeAnswer(bytes, this.#coding, maxBytes)
    if (decoded === 'broken') return this.#conclude({ in: 'body', pointer: '', rule: 'coding', detail: `the body is not in its content coding (${this.#coding})` })
    return typeof decoded === 'string' ? this.giveUp(decoded) : this.#judge(decoded)
  }

  async #judge (bytes: Uint8Array): Promise<Verdict> {
    const { contract, operation: { id: operationId } } = this.#checks
    try {
      const finding = bytes.length < largeBytes ? this.body?.check(bytes) : await checkElsewhere(contract, { operationId, status: this.#status, contentType: this.#contentType, bytes })
      return this.#conclude(finding)
    } catch (error) {
      return this.giveUp('failed', (error as Error).message)
    }
  }

  #conclude (finding: AnswerFinding | undefined): Verdict {
    this.#checks.ledger.checked()
    if (finding) this.note(finding)
    return { finding }
  }
}

const uncheckable: AnswerFinding = { in: 'header', pointer: '', rule: 'schema', detail: 'a schema of the contract cannot be compiled' }

function validatorsOf ({ contract, demands }: LiveEService): Map<string, AnswerValidator> {
  const known = validators.get(contract)
  if (known) return known
  const prepare = prepareAnswers(contract, ({ id }) => suppliedHeaders(demands.get(id)?.nonBlocking))
  const prepared = new Map(contract.operations.map((operation) => [operation.id, prepare(operation)]))
  validators.set(contract, prepared)
  return prepared
}
