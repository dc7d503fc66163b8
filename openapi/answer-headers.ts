import type { AnswerFinding, AnswerHeaders, AnswerTools } from './answers.ts'
import type { Parameter } from './declared-parameters.ts'
import { readParameters } from './parameters.ts'
import { isRefused } from './request-finding.ts'
import { compileParameters } from './validate.ts'

/** Gives all that is wrong with the headers of an answer. */
export type HeadersCheck = (headers: AnswerHeaders) => readonly AnswerFinding[]

const nothing: readonly AnswerFinding[] = []

/** Prepares the check of the headers that an answer declares. Throws DocumentError when a schema of one cannot be compiled. */
export function prepareHeadersCheck (declared: readonly Parameter[], { judge, shapeOf, names }: AnswerTools): HeadersCheck {
  if (declared.length === 0) return () => nothing
  const compiled = compileParameters(declared, { judge, shapeOf, declared: names() })
  return (headers) => {
    const read = readParameters(compiled, { path: {}, query: '', header: (name) => headers[name] })
    return isRefused(read) ? read.findings.map(toFinding) : nothing
  }
}

function toFinding ({ pointer, rule, detail }: { readonly pointer: string, readonly rule: string, readonly detail: string }): AnswerFinding {
  return { in: 'header', pointer, rule, detail: detail.replace(/^header parameter/, 'the header') }
}
