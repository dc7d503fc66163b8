import { prepareHeadersCheck } from './answer-headers.ts'
import type { HeadersCheck } from './answer-headers.ts'
import { fitsIn, prepareMediaCheck } from './answer-media.ts'
import type { MediaCheck } from './answer-media.ts'
import type { Contract, Operation } from '../contract.ts'
import type { DeclaredResponse, Responses } from '../reading/declared-responses.ts'
import type { JsonObject } from '../document.ts'
import { declaredNames } from '../json/pointer.ts'
import { resolverOf } from '../reading/references.ts'
import { judgesOf } from '../schemas/schema-judge.ts'
import type { Judge, JudgeMaker } from '../schemas/schema-judge.ts'
import { shapeOf } from '../requests/shape.ts'
import type { Shape } from '../requests/shape.ts'

/** The parts of an answer that can be wrong. */
const answerParts = ['status', 'media-type', 'header', 'body'] as const

/** What is wrong with an answer: in which part, where (a pointer into the body, or the name of a header), by which rule, and what was expected. Never what came: it may be personal data. */
export interface AnswerFinding { readonly in: (typeof answerParts)[number], readonly pointer: string, readonly rule: string, readonly detail: string }

/** Headers of an answer by their names in lower case; a list where one came more than once. */
export type AnswerHeaders = Readonly<Record<string, string | readonly string[] | undefined>>

/** What is left to check of an answer whose head was read. */
export interface AnswerBody {
  /** `byte`: whether there is one at all decides. `whole`: all of them, without content coding. */
  readonly needs: 'byte' | 'whole'
  /** Gives the first thing that is wrong. Throws DocumentError when a schema cannot be compiled. */
  readonly check: (bytes: Uint8Array) => AnswerFinding | undefined
}

/** What the head of an answer says: the declared status that it comes under, what is wrong with it, and how its body is checked, if the contract says anything of it. */
export interface ReadHead { readonly declared: string | undefined, readonly findings: readonly AnswerFinding[], readonly body: AnswerBody | undefined }

/** The checks of what answers an operation. Nothing here changes what it checks. */
export interface AnswerValidator {
  /** Throws DocumentError when the schema of a header cannot be compiled. */
  head (status: number, headers: AnswerHeaders): ReadHead
}

/** What the checks of all answers of a contract have in common. */
export interface AnswerTools {
  readonly shapeOf: (schema: JsonObject) => Shape
  /** Makes the judge of a schema when it is first needed. */
  readonly judge: (schema: JsonObject) => Judge
  /** Every member name that the contract declares. */
  readonly names: () => ReadonlySet<string>
}

/**
 * Prepares the checks of what an upstream answers, operation by operation. Nothing is compiled before an answer needs it: who starts does not wait
 * for it. `supplied` are the headers (lower case) of an operation that are somebody else's to send.
 */
export function prepareAnswers (contract: Contract, supplied: (operation: Operation) => readonly string[] = () => []): (operation: Operation) => AnswerValidator {
  let judges: JudgeMaker | undefined
  let names: ReadonlySet<string> | undefined
  const failures = new Map<JsonObject, unknown>()
  const judge = (schema: JsonObject, where: string): Judge => {
    if (failures.has(schema)) throw failures.get(schema)
    try {
      const made = (judges ??= judgesOf(contract))(schema, 'response', where)
      made.prepare()
      return made
    } catch (error) {
      // What cannot be compiled is not tried again with every answer.
      failures.set(schema, error)
      throw error
    }
  }
  const resolve = resolverOf(contract.document, contract.file)
  return (operation) => {
    const judgeOf = (schema: JsonObject): Judge => judge(schema, operation.id)
    const tools: AnswerTools = {
      judge: judgeOf,
      shapeOf: (schema) => shapeOf(schema, { resolve, fits: (one) => lazilyFits(() => judgeOf(one)) }),
      names: () => names ??= declaredNames(contract.document)
    }
    return new OperationAnswers(operation, new Set(supplied(operation)), tools)
  }
}

function lazilyFits (make: () => Judge): (value: unknown) => boolean {
  let judge: Judge | undefined
  return (value) => {
    judge ??= make()
    return fitsIn(judge, value)
  }
}

class OperationAnswers implements AnswerValidator {
  readonly #operation: Operation
  readonly #supplied: ReadonlySet<string>
  readonly #tools: AnswerTools
  readonly #known = new Map<number, ResponseCheck>()

  constructor (operation: Operation, supplied: ReadonlySet<string>, tools: AnswerTools) {
    this.#operation = operation
    this.#supplied = supplied
    this.#tools = tools
  }

  head (status: number, headers: AnswerHeaders): ReadHead {
    const known = this.#known.get(status)
    if (known) return known(headers)
    const declared = declaredStatus(this.#operation.responses, status)
    const check = declared === undefined ? undeclared(status) : this.#prepare(declared, status)
    this.#known.set(status, check)
    return check(headers)
  }

  #prepare (declared: string, status: number): ResponseCheck {
    const response = this.#operation.responses.get(declared) as DeclaredResponse
    const headers = prepareHeadersCheck(response.headers.filter(({ name }) => !this.#supplied.has(name.toLowerCase())), this.#tools)
    const media = prepareMediaCheck(response.content, hasContent(this.#operation.method, status), this.#tools)
    return (came) => readHead(declared, { headers, media }, came)
  }
}

type ResponseCheck = (headers: AnswerHeaders) => ReadHead

function readHead (declared: string, { headers, media }: { readonly headers: HeadersCheck, readonly media: MediaCheck }, came: AnswerHeaders): ReadHead {
  const { finding, body } = media(came['content-type'])
  const findings = headers(came)
  return { declared, findings: finding ? [finding, ...findings] : findings, body }
}

/** The declared status that an answer comes under: exactly its own, then its range, then `default` (OpenAPI 3.0.3, Responses Object). */
function declaredStatus (responses: Responses, status: number): string | undefined {
  return [String(status), `${Math.floor(status / 100)}XX`, 'default'].find((declared) => responses.has(declared))
}

function undeclared (status: number): ResponseCheck {
  const read: ReadHead = { declared: undefined, findings: [{ in: 'status', pointer: '', rule: 'undeclared', detail: `the status ${status} is not declared` }], body: undefined }
  return () => read
}

/** False for answers that have no content, whatever is declared (RFC 9110, 6.4.1, 15.3.5, 15.3.6 and 15.4.5). */
function hasContent (method: string, status: number): boolean {
  return method !== 'HEAD' && ![204, 205, 304].includes(status)
}
