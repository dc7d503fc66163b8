import { parseCookies, writeCookies } from './cookies.ts'
import type { CookiePair } from './cookies.ts'
import { isDeepName, readDeepObject } from './deep-object.ts'
import type { Parameter } from '../reading/declared-parameters.ts'
import { parseJsonExactly } from '../json/json.ts'
import { shownPointer } from '../json/pointer.ts'
import { parseQuery } from './query.ts'
import type { QueryPair } from './query.ts'
import { refused } from './request-finding.ts'
import type { Finding, Findings } from './request-finding.ts'
import type { Judge, Violation } from '../schemas/schema-judge.ts'
import type { Shape } from './shape.ts'
import { escapePointer, holdsBigint, once, readList, readMembers, readScalar, withDoubles } from './typed-values.ts'
import type { Typed } from './typed-values.ts'
import type { Notation, Written } from './written.ts'

/** The parts of a request that carry parameters. */
export interface ParameterSource {
  /** Path values as they were matched, decoded. */
  readonly path: Readonly<Record<string, string | undefined>>
  /** A path value as it was written, for parameters that are more than one text. */
  rawPath? (name: string): string | undefined
  /** The raw query string, without its question mark. */
  readonly query: string
  /** The values of a header, by its lower-case name: a list where it came more than once. */
  header (name: string): string | readonly string[] | undefined
}

/** Typed parameter values by name (own members only), the query pairs to forward, and the Cookie header to forward, where cookies are declared. */
export interface ReadParameters { readonly values: Readonly<Record<string, unknown>>, readonly query: readonly QueryPair[], readonly cookie: string | undefined }

/** A declared parameter with what reads and judges it. `kinds` are the forms in which its schema takes a value, in the order in which they are tried. */
export interface CompiledParameter extends Parameter {
  readonly key: string
  readonly pointer: string
  readonly kinds: readonly ('scalar' | 'list' | 'members')[]
  /** True for an object whose members are written as parameters: each by itself (`form` with `explode`) or with a name in brackets. */
  readonly isSpread: boolean
  /** True where no parameter has its own name. */
  readonly isApart: boolean
  readonly shape: Shape
  readonly notation: Notation
  readonly judge: Judge
}

/** All parameters of an operation, and what is known of them together. */
export interface CompiledParameters {
  readonly all: readonly CompiledParameter[]
  /** Names of query parameters as they are written, members of objects that are written as parameters included. */
  readonly queryNames: ReadonlySet<string>
  readonly cookieNames: ReadonlySet<string>
  /** Parameters whose members have names in brackets, and one that takes any name. */
  readonly deep: readonly string[]
  readonly takesAny: boolean
  /** Every member name that the contract declares. */
  readonly declared: ReadonlySet<string>
}

interface Sources { readonly source: ParameterSource, readonly query: ReadonlyMap<string, readonly QueryPair[]>, readonly cookies: ReadonlyMap<string, readonly CookiePair[]> }

const noPairs: ReadonlyMap<string, never> = new Map<string, never>()

/**
 * Reads and checks every parameter of an operation. Numbers are read by a strict lexer (no hex, exponent or spaces for integers), a
 * parameter that may occur once must occur once, and a query parameter that the contract does not declare is refused. Gives all that is wrong.
 */
export function readParameters (compiled: CompiledParameters, source: ParameterSource): ReadParameters | Findings {
  const query = parseQuery(source.query)
  if (!query) return refused([{ in: 'query', pointer: '', rule: 'encoding', detail: 'the query string has a broken percent-encoding' }])
  const cookies = compiled.cookieNames.size === 0 ? [] : parseCookies([source.header('cookie') ?? []].flat().join('; '), compiled.cookieNames)
  if (!cookies) return refused([{ in: 'cookie', pointer: '', rule: 'encoding', detail: 'the cookies have a broken percent-encoding' }])
  const findings: Finding[] = []
  for (const { name } of query) {
    if (compiled.queryNames.has(name) || isDeclared(compiled, name)) continue
    findings.push(undeclared(compiled))
    break
  }
  const sources: Sources = { source, query: grouped(query), cookies: grouped(cookies) }
  const values = Object.create(null) as Record<string, unknown>
  for (const parameter of compiled.all) {
    const read = readOne(parameter, sources, compiled)
    if (read === undefined) {
      if (parameter.required) findings.push(toFinding(parameter, { pointer: parameter.pointer, rule: 'required', expected: 'is required and missing' }))
    } else if (Array.isArray(read)) findings.push(...read.map((violation) => toFinding(parameter, violation)))
    // What names the resource goes first, where something else has the same name.
    else if (!(parameter.name in values) || parameter.in === 'path') values[parameter.name] = read.value
  }
  return findings.length > 0 ? refused(findings) : { values, query, cookie: writeCookies(cookies) }
}

/** True for a parameter in whose text nothing is delimited. */
export function isOneText ({ style, kinds }: Pick<CompiledParameter, 'style' | 'kinds'>): boolean {
  return style === 'simple' && kinds.length === 1 && kinds[0] === 'scalar'
}

function grouped<Pair extends { readonly name: string }> (pairs: readonly Pair[]): ReadonlyMap<string, readonly Pair[]> {
  if (pairs.length === 0) return noPairs
  const groups = new Map<string, Pair[]>()
  for (const pair of pairs) {
    const group = groups.get(pair.name)
    if (group) group.push(pair)
    else groups.set(pair.name, [pair])
  }
  return groups
}

function isDeclared ({ deep, takesAny }: CompiledParameters, name: string): boolean {
  return takesAny || deep.some((parameter) => isDeepName(name, parameter))
}

/** The value of a parameter; undefined when it is not there, violations when it is not what it should be. */
function readOne (parameter: CompiledParameter, sources: Sources, compiled: CompiledParameters): { readonly value: unknown } | Violation[] | undefined {
  const read = readTyped(parameter, sources, compiled)
  if (read === undefined) return undefined
  if ('violation' in read) return [read.violation]
  const { value } = read
  if (parameter.allowsEmpty && value === '') return read
  const isBig = holdsBigint(value)
  if (isBig ? parameter.judge.fitsExactly(value) : parameter.judge.fits(value)) return isBig ? { value: withDoubles(value) } : read
  return parameter.judge.explain(value, false).map(({ pointer, ...rest }) => ({ ...rest, pointer: parameter.pointer + shownPointer(pointer, value, compiled.declared) }))
}

function readTyped (parameter: CompiledParameter, sources: Sources, compiled: CompiledParameters): Typed | undefined {
  const { pointer, notation, content } = parameter
  if (parameter.isSpread) {
    const spread = parameter.style === 'deepObject' ? findDeep(parameter, sources) : findSpread(parameter, sources, compiled)
    if (spread || parameter.isApart) return spread
  }
  const found = findWritten(parameter, sources)
  if (!found) return undefined
  if (parameter.allowsEmpty && found.length === 1 && found[0]?.value === '') return { value: '' }
  if (content !== undefined) return found.length === 1 ? readContent(content, found[0]?.value ?? '', pointer) : { violation: once(pointer) }
  return readKinds(parameter, found, notation)
}

/** Reads a value in the first of the forms that it may have in which it fits; in the only one where there is but one. */
function readKinds (parameter: CompiledParameter, found: readonly Written[], notation: Notation): Typed {
  let best: Typed | undefined
  for (const kind of parameter.kinds) {
    const typed = readKind(kind, parameter, found, notation)
    if (parameter.kinds.length === 1) return typed
    if ('value' in typed && (holdsBigint(typed.value) ? parameter.judge.fitsExactly(typed.value) : parameter.judge.fits(typed.value))) return typed
    if (!best || 'violation' in best) best = typed
  }
  return best ?? { violation: { pointer: parameter.pointer, rule: 'type', expected: 'is of no type that can be written here' } }
}

function readKind (kind: CompiledParameter['kinds'][number], { pointer, shape, explode }: CompiledParameter, found: readonly Written[], notation: Notation): Typed {
  const several = found.length > 1
  if (kind === 'scalar') {
    const text = notation.scalar(found)
    return text === undefined ? { violation: several ? once(pointer) : unlike(pointer, 'value') } : readScalar(shape, text, pointer)
  }
  if (kind === 'list') {
    const texts = notation.list(found)
    return texts === undefined || !shape.items ? { violation: several && !explode ? { ...once(pointer), expected: 'may be given only once, with its values in one list' } : unlike(pointer, 'list') } : readList(shape.items, texts, pointer)
  }
  const members = notation.members(found)
  return members === undefined || !shape.members ? { violation: several ? once(pointer) : unlike(pointer, 'object') } : readMembers(shape.members, members, pointer)
}

function unlike (pointer: string, what: string): Violation {
  return { pointer, rule: 'style', expected: `is not written as the contract has such a ${what} written` }
}

function readContent (content: 'json' | 'text', text: string, pointer: string): Typed {
  if (content === 'text') return { value: text }
  const parsed = parseJsonExactly(Buffer.from(text))
  return 'fault' in parsed ? { violation: { pointer, rule: 'json', expected: `cannot be read: ${parsed.fault}` } } : { value: parsed.exact ?? parsed.value }
}

/** Everything that was written as the value of a parameter; undefined when nothing was. */
function findWritten ({ in: place, name, key, shape, style, kinds }: CompiledParameter, { source, query, cookies }: Sources): readonly Written[] | undefined {
  if (place === 'query') return query.get(name)
  if (place === 'cookie') return cookies.get(name)
  if (place === 'path') {
    const value = source.path[name]
    const raw = isOneText({ style, kinds }) ? '' : source.rawPath?.(name)
    return value === undefined || raw === undefined ? undefined : [{ raw, value }]
  }
  const values = source.header(key)
  if (values === undefined) return undefined
  // A list may be sent in several lines (RFC 9110, 5.3); of anything else there is one.
  if (typeof values === 'string') return [{ raw: values, value: values }]
  return shape.items ? [{ raw: values.join(','), value: values.join(',') }] : values.map((value) => ({ raw: value, value }))
}

function findDeep ({ name, shape: { members }, pointer }: CompiledParameter, { query }: Sources): Typed | undefined {
  const pairs = [...query].flatMap(([written, some]) => isDeepName(written, name) ? some : [])
  return pairs.length === 0 || !members ? undefined : readDeepObject(members, name, pairs, pointer)
}

function findSpread ({ in: place, shape: { members }, pointer }: CompiledParameter, { query, cookies }: Sources, { queryNames }: CompiledParameters): Typed | undefined {
  if (!members) return undefined
  const pairs: ReadonlyMap<string, readonly Written[]> = place === 'query' ? query : cookies
  const own = [...pairs].filter(([name]) => members.declared.has(name) || (members.takesOthers && place === 'query' && !queryNames.has(name)))
  return own.length === 0 ? undefined : readMembers(members, own.map(([name, some]) => [name, some.map(({ value }) => value)]), pointer)
}

function toFinding ({ in: place, name }: CompiledParameter, { pointer, rule, expected }: Violation): Finding {
  const inside = pointer.slice(escapePointer(name).length + 1)
  return { in: place, pointer, rule, detail: `${place} parameter "${name}" ${inside && `at ${inside} `}${expected}` }
}

function undeclared ({ all }: CompiledParameters): Finding {
  const names = all.filter((parameter) => parameter.in === 'query').map((parameter) => parameter.name)
  const allowed = names.length > 0 ? `only these are: ${names.join(', ')}` : 'this operation takes none'
  return { in: 'query', pointer: '', rule: 'undeclared', detail: `a query parameter is not declared in the contract; ${allowed}` }
}
