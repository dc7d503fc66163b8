import type { AnswerFinding, AnswerTools } from './answers.ts'
import type { DeclaredHeader } from './declared-responses.ts'
import type { JsonObject } from './document.ts'
import { parseJson } from './json.ts'
import type { Judge } from './schema-judge.ts'
import { simpleValues, typesOf } from './text-values.ts'

/** Checks the value of one header as it came: undefined when it did not, a list when it came more than once. */
export type HeaderCheck = (value: string | readonly string[] | undefined) => AnswerFinding | undefined

/** Prepares the check of a declared header; its schema is compiled when a value is first there. */
export function prepareHeaderCheck ({ name, required, explode, isJson, schema }: DeclaredHeader, { resolve, judge: judgeOf }: AnswerTools): HeaderCheck {
  const fault = (rule: string, detail: string): AnswerFinding => ({ in: 'header', pointer: `/${name}`, rule, detail: `the header ${name} ${detail}` })
  const isList = schema !== undefined && !isJson && typesOf(schema, resolve).includes('array')
  let judge: Judge | undefined
  const valuesOf = (text: string): readonly unknown[] => {
    if (!isJson) return simpleValues(text, { schema: schema as JsonObject, explode }, resolve)
    const parsed = parseJson(Buffer.from(text))
    return 'fault' in parsed ? [] : [parsed.value]
  }
  return (value) => {
    if (value === undefined) return required ? fault('required', 'is required and missing') : undefined
    if (schema === undefined) return undefined
    // A list may be sent in several lines (RFC 9110, 5.3); of anything else there is one.
    if (typeof value !== 'string' && !isList) return fault('once', 'may be given only once')
    const values = valuesOf((typeof value === 'string' ? value : value.join(',')).trim())
    if (values.length === 0) return fault(isJson ? 'json' : 'type', isJson ? 'is no JSON' : `must be ${typesOf(schema, resolve).join(' or ')}`)
    judge ??= judgeOf(schema)
    if (values.some((value) => judge?.fits(value))) return undefined
    const [violation] = judge.explain(values[0], true)
    return fault(violation?.rule ?? 'schema', violation?.expected ?? 'does not match its schema')
  }
}
