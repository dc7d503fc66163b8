import { array, constant, constantFrom, integer, nat, oneof, option, sample, string, stringMatching, tuple } from 'fast-check'
import type { Arbitrary } from 'fast-check'
import type { Contract, Operation } from '../contract.ts'
import type { Parameter } from '../reading/declared-parameters.ts'
import type { Json, JsonObject } from '../document.ts'
import { isObject } from '../document.ts'
import { resolverOf } from '../reading/references.ts'
import { Samples } from '../samples/sample.ts'

/** A request to try: a good one in which at most one thing was changed. `changed` is the parameter or 'body', where it was. */
export interface Trial {
  readonly path: Readonly<Record<string, string>>
  readonly query: readonly (readonly [name: string, value: string])[]
  readonly headers: Readonly<Record<string, string>>
  readonly body: Json | undefined
  readonly changed: Parameter | 'body' | 'query' | undefined
}

/** The texts of a parameter: one, or those of a list. */
type Texts = readonly string[]

/**
 * Makes requests to an operation: each parameter and member of the body that is declared is left out, set to something else or to what is just within
 * or beyond a limit, one at a time. The same seed makes the same requests. Undefined where a required part cannot be written plainly.
 */
export function trialsOf (contract: Contract, operation: Operation, samples: Samples, { runs, seed }: { readonly runs: number, readonly seed: number }): readonly Trial[] | undefined {
  const resolve = resolverOf(contract.document, contract.file)
  const plain = operation.parameters.filter((parameter) => isPlain(parameter, resolve(parameter.schema)))
  if (operation.parameters.some((parameter) => parameter.required && !plain.includes(parameter))) return undefined
  const schema = operation.body?.content.get('application/json')
  if (operation.body?.required === true && schema === undefined) return undefined
  const good = new Map(plain.map((parameter) => [parameter, textsOf(samples.of(parameter.schema).value)]))
  const body = schema === undefined ? undefined : samples.of(schema).value
  const base = toTrial(plain.map((parameter) => [parameter, good.get(parameter) as Texts]), body, undefined)
  const least = toTrial(plain.filter(({ required }) => required).map((parameter) => [parameter, good.get(parameter) as Texts]), operation.body?.required === true ? body : undefined, undefined)
  const others = (changed: Parameter, texts: Texts | undefined): Trial => toTrial(plain.flatMap((parameter): [Parameter, Texts][] => parameter !== changed ? [[parameter, good.get(parameter) as Texts]] : texts === undefined ? [] : [[parameter, texts]]), body, changed)
  const changes = [
    ...plain.map((parameter) => option(texts(parameter, resolve(parameter.schema)), { nil: undefined }).filter((value) => value !== undefined || parameter.in !== 'path').map((value) => others(parameter, value))),
    constant<Trial>({ ...base, query: [...base.query, ['non-dichiarato', '1']], changed: 'query' }),
    ...body === undefined ? [] : [mutations(body).map((value): Trial => ({ ...base, body: value, changed: 'body' }))]
  ]
  return [base, least, ...sample(oneof(...changes), { numRuns: runs, seed })]
}

function isPlain ({ in: place, style, explode, content }: Parameter, { type }: JsonObject): boolean {
  if (content !== undefined || place === 'cookie') return false
  if (typeof type === 'string' && ['string', 'integer', 'number', 'boolean'].includes(type)) return style === 'simple' || style === 'form'
  return type === 'array' && place === 'query' && style === 'form' && explode
}

function textsOf (value: Json): Texts {
  return Array.isArray(value) ? value.map((item) => textsOf(item as Json)[0] ?? '') : [typeof value === 'string' ? value : JSON.stringify(value)]
}

function toTrial (parts: readonly (readonly [Parameter, Texts])[], body: Json | undefined, changed: Parameter | undefined): Trial {
  const inPlace = (place: string): readonly (readonly [string, Texts])[] => parts.filter(([parameter]) => parameter.in === place).map(([{ name }, values]) => [name, values])
  return {
    path: Object.fromEntries(inPlace('path').map(([name, [text = '']]) => [name, text])),
    query: inPlace('query').flatMap(([name, values]) => values.map((text): [string, string] => [name, text])),
    headers: Object.fromEntries(inPlace('header').map(([name, [text = '']]) => [name.toLowerCase(), text])),
    body,
    changed
  }
}

/** Texts for a parameter: numbers around its limits, words of lengths around its own, and some of anything that can be sent. */
function texts ({ in: place }: Parameter, schema: JsonObject): Arbitrary<Texts> {
  const items = isObject(schema['items']) ? schema['items'] : schema
  const edges = ['minimum', 'maximum', 'minLength', 'maxLength'].flatMap((name) => {
    const limit = items[name]
    if (typeof limit !== 'number') return []
    return [-1, 0, 1].map((step) => name.endsWith('Length') ? 'a'.repeat(Math.max(0, Math.min(limit + step, 3000))) : String(limit + step))
  })
  const sendable = stringMatching(place === 'header' ? /^[!-~]{1,12}$/ : /^[a-zA-Z0-9 _.,:@-]{1,12}$/)
  const text = oneof(constantFrom(...edges, 'a', '1', '-1', '1.5', '1e1', '0x1', '+1', '01', 'true', 'null'), integer().map(String), sendable).filter((value) => value !== '' && value.trim() === value && value !== '.' && value !== '..')
  return schema['type'] === 'array' ? array(text, { minLength: 1, maxLength: 5 }) : text.map((value) => [value])
}

const anything: Arbitrary<Json> = oneof(constantFrom<Json>(null, true, 0, -1, 1.5, 2 ** 31, '', 'a', [], {}, [[]], { a: 1 }), integer(), string({ maxLength: 12 }), constant('a'.repeat(3000)))

/** A value with one part of it changed: left out, replaced, doubled, or with a member more. */
function mutations (value: Json): Arbitrary<Json> {
  const places = placesIn(value)
  return tuple(nat({ max: places.length - 1 }), constantFrom('replace', 'remove', 'add', 'double'), anything).map(([index, how, other]) => change(value, places[index] ?? [], how, other))
}

function placesIn (value: Json, path: readonly string[] = []): readonly (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [path]
  return [path, ...Object.entries(value).flatMap(([name, member]) => placesIn(member, [...path, name]))]
}

function change (value: Json, path: readonly string[], how: string, other: Json): Json {
  const [name, ...rest] = path
  if (name === undefined) return how === 'add' && isObject(value) ? { ...value, nonDichiarato: other } : how === 'double' && Array.isArray(value) ? [...value, ...value] as Json[] : other
  if (Array.isArray(value)) return value.flatMap((item, index) => String(index) !== name ? [item as Json] : rest.length === 0 && how === 'remove' ? [] : [change(item as Json, rest, how, other)])
  return Object.fromEntries(Object.entries(value as JsonObject).flatMap(([key, member]) => key !== name ? [[key, member]] : rest.length === 0 && how === 'remove' ? [] : [[key, change(member, rest, how, other)]]))
}
