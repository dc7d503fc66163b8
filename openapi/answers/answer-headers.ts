import type { AnswerFinding, AnswerHeaders, AnswerTools } from './answers.ts'
import type { Parameter } from '../reading/declared-parameters.ts'
import { readParameters } from '../requests/parameters.ts'
import type { CompiledParameters } from '../requests/parameters.ts'
import { isRefused } from '../requests/request-finding.ts'
import { compileParameters } from '../requests/validate.ts'

/** Gives all that is wrong with the headers of an answer. */
export type HeadersCheck = (headers: AnswerHeaders) => readonly AnswerFinding[]

const nothing: readonly AnswerFinding[] = []

/** Prepares the check of the headers that an answer declares. Throws DocumentError when a schema of one cannot be compiled. */
export function prepareHeadersCheck (declared: readonly Parameter[], { judge, shapeOf, names }: AnswerTools): HeadersCheck {
  if (declared.length === 0) return () => nothing
  const [cookies, others] = [true, false].map((isCookie) => compileParameters(declared.filter(({ name }) => (name.toLowerCase() === 'set-cookie') === isCookie), { judge, shapeOf, declared: names() })) as [CompiledParameters, CompiledParameters]
  const check = (compiled: CompiledParameters, headers: AnswerHeaders): readonly AnswerFinding[] => {
    const read = readParameters(compiled, { path: {}, query: '', header: (name) => headers[name] })
    return isRefused(read) ? read.findings.map(toFinding) : nothing
  }
  return (headers) => {
    const found = check(others, headers)
    if (cookies.all.length === 0) return found
    // The one header that is a list which no commas make one (RFC 9110, 5.3): each line is judged by itself.
    const lines = [headers['set-cookie']].flat()
    return [...found, ...lines.flatMap((line) => check(cookies, { 'set-cookie': line }))]
  }
}

function toFinding ({ pointer, rule, detail }: { readonly pointer: string, readonly rule: string, readonly detail: string }): AnswerFinding {
  return { in: 'header', pointer, rule, detail: detail.replace(/^header parameter/, 'the header') }
}
