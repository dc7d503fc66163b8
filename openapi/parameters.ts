import type { ValidateFunction } from 'ajv'
import type { Parameter } from './declared-parameters.ts'
import type { JsonObject } from './document.ts'
import { decodeComponent, parseQuery } from './query.ts'
import type { QueryPair } from './query.ts'

/** What is wrong with a request: where, by which rule, and what is expected. Never the value received (it may be personal data). */
export interface Finding { readonly in: 'path' | 'query' | 'header' | 'body', readonly pointer: string, readonly rule: string, readonly detail: string }

/** The parts of a request that carry parameters: matched path values (decoded), the raw query string, and a header lookup by lower-case name. */
export interface ParameterSource {
  readonly path: Readonly<Record<string, string | undefined>>
  readonly query: string
  header (name: string): string | undefined
}

/** Typed parameter values by name (own members only), and the query pairs to forward. */
export interface ReadParameters { readonly values: Readonly<Record<string, unknown>>, readonly query: readonly QueryPair[] }

export interface CompiledParameter extends Parameter { readonly check: ValidateFunction, readonly key: string }

/**
 * Reads and checks every parameter of an operation. Numbers are read by a strict lexer (no hex, exponent or spaces for integers), a
 * parameter that may occur once must occur once, and a query parameter that the contract does not declare is refused.
 */
export function readParameters (declared: readonly CompiledParameter[], source: ParameterSource): ReadParameters | Finding {
  const query = parseQuery(source.query)
  if (!query) return { in: 'query', pointer: '', rule: 'encoding', detail: 'the query string has a broken percent-encoding' }
  const unknown = query.find((pair) => !declared.some((parameter) => parameter.in === 'query' && parameter.name === pair.name))
  if (unknown) return undeclared(declared)
  const values = Object.create(null) as Record<string, unknown>
  for (const parameter of declared) {
    const read = readOne(parameter, source, query)
    if (read === undefined) {
      if (parameter.required) return fault(parameter, 'required', 'is required and missing')
      continue
    }
    if (isFinding(read)) return read
    if (!parameter.check(read.value)) return fault(parameter, parameter.check.errors?.[0]?.keyword ?? 'schema', parameter.check.errors?.[0]?.message ?? 'does not match its schema')
    values[parameter.name] = read.value
  }
  return { values, query }
}

/** True when reading gave a finding instead of values. */
export function isFinding (read: object): read is Finding {
  return 'rule' in read
}

function readOne (parameter: CompiledParameter, source: ParameterSource, query: readonly QueryPair[]): { value: unknown } | Finding | undefined {
  const texts = parameter.in === 'query' ? queryTexts(parameter, query) : singleText(parameter, parameter.in === 'path' ? source.path[parameter.name] : source.header(parameter.key))
  if (!Array.isArray(texts)) return texts
  if (parameter.schema['type'] !== 'array') {
    return texts.length === 1 ? lexOne(parameter, parameter.schema, texts[0] as string) : fault(parameter, 'once', 'may be given only once')
  }
  const values: unknown[] = []
  for (const text of texts) {
    const item = lexOne(parameter, parameter.schema['items'] as JsonObject, text)
    if (isFinding(item)) return item
    values.push(item.value)
  }
  return { value: values }
}

function queryTexts (parameter: CompiledParameter, query: readonly QueryPair[]): string[] | Finding | undefined {
  const pairs = query.filter((pair) => pair.name === parameter.name)
  const first = pairs[0]
  if (!first) return undefined
  if (parameter.schema['type'] !== 'array' || parameter.explode) return pairs.map((pair) => pair.value)
  if (pairs.length > 1) return fault(parameter, 'once', 'may be given only once, with its values separated by commas')
  return first.raw.split(',').map(decodeComponent)
}

function singleText (parameter: CompiledParameter, text: string | undefined): string[] | undefined {
  if (text === undefined) return undefined
  return parameter.schema['type'] === 'array' ? text.split(',').map((item) => item.trim()) : [text]
}

function lexOne (parameter: CompiledParameter, schema: JsonObject, text: string): { value: unknown } | Finding {
  const type = schema['type']
  if (type === 'integer') return /^-?(?:0|[1-9]\d{0,18})$/.test(text) ? { value: Number(text) } : fault(parameter, 'type', 'must be an integer in decimal digits')
  if (type === 'number') return /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d{1,3})?$/.test(text) ? { value: Number(text) } : fault(parameter, 'type', 'must be a number')
  if (type === 'boolean') return text === 'true' || text === 'false' ? { value: text === 'true' } : fault(parameter, 'type', 'must be true or false')
  return { value: text }
}

function fault (parameter: Parameter, rule: string, detail: string): Finding {
  return { in: parameter.in, pointer: `/${parameter.name}`, rule, detail: `${parameter.in} parameter "${parameter.name}" ${detail}` }
}

function undeclared (declared: readonly Parameter[]): Finding {
  const names = declared.filter((parameter) => parameter.in === 'query').map((parameter) => parameter.name)
  const allowed = names.length > 0 ? `only these are: ${names.join(', ')}` : 'this operation takes none'
  return { in: 'query', pointer: '', rule: 'undeclared', detail: `a query parameter is not declared in the contract; ${allowed}` }
}
