import type { Severity, Text } from '../../openapi/lint/finding.ts'

/** Something that is wrong with a file, or with what it names; `line` and `column` from 1, where it stands somewhere. */
export interface Problem {
  readonly file: string
  readonly line?: number | undefined
  readonly column?: number | undefined
  /** RFC 6901 pointer into the file. */
  readonly pointer?: string | undefined
  readonly severity: Severity
  /** The rule's stable name, the name that the national checker gives to it, and the recommendation of the guidelines behind it. */
  readonly rule: string
  readonly reference?: string | undefined
  readonly rac?: string | undefined
  readonly message: Text
  /** The page that explains the rule. */
  readonly url?: string | undefined
}

/** What checking one file came to: what is in it, in words, and what is wrong. */
export interface Checked {
  readonly file: string
  readonly kind: 'contract' | 'configuration'
  readonly facts: Text
  /** Whether the platform would publish it: of a contract that was judged by the rules of its gate. */
  readonly publishable?: boolean
  readonly problems: readonly Problem[]
}

/** How many problems there are of each severity. */
export type Counts = Readonly<Record<Severity, number>>

/** Counts problems by severity. */
export function countsOf (problems: readonly Problem[]): Counts {
  const count = (severity: Severity): number => problems.filter((problem) => problem.severity === severity).length
  return { error: count('error'), warn: count('warn'), info: count('info'), hint: count('hint') }
}

/** A problem as a sentence that begins with its place (`file:line[:column]: …`) told it; one without a place is the file's. */
export function placedProblem (sentence: string, file: string, rule: string): Problem {
  const [, place, line, column, said] = /^(.+?):(\d+)(?::(\d+))?: ([^]*)$/.exec(sentence) ?? []
  const message = said ?? sentence
  return { file: place ?? file, ...line !== undefined && { line: Number(line), column: Number(column ?? 1) }, severity: 'error', rule, message: { it: message, en: message } }
}
