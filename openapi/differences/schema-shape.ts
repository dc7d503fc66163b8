import { atPointer, isObject } from '../document.ts'
import type { Json, JsonObject } from '../document.ts'
import { formOf } from './json-form.ts'

/** What values are described for: to be sent by callers, or to be read by them. */
export type Direction = 'request' | 'response'

/** Schemas of a document that a value must match all at once; none means any value. */
export type Conjunction = readonly JsonObject[]

/** A limit on a number, a length or a count; `exclusive` when the value itself is beyond it. */
export interface Bound { readonly limit: number, readonly exclusive: boolean }

/** Schemas of which a value must match some (`anyOf`), exactly one (`oneOf`) or none (`not`). `discriminated` when the value itself says which. */
export interface Choice { readonly keyword: 'anyOf' | 'oneOf' | 'not', readonly schemas: readonly JsonObject[], readonly discriminated: boolean }

/** What a conjunction says of a value: references followed and allOf opened, so that it does not matter how it is written. */
export interface Shape {
  /** Tells shapes apart that are made of other schemas. */
  readonly key: string
  /** JSON types; undefined for all of them. */
  readonly types: ReadonlySet<string> | undefined
  /** The JSON texts of the only values; undefined where they are not listed. */
  readonly values: ReadonlySet<string> | undefined
  /** By keyword: minimum, maxLength and the like. */
  readonly bounds: ReadonlyMap<string, Bound>
  /** By keyword: patterns, formats and the like, that all hold. */
  readonly rules: ReadonlyMap<string, ReadonlySet<string>>
  readonly properties: ReadonlyMap<string, Conjunction>
  readonly required: ReadonlySet<string>
  /** Members that are not declared: `open` says nothing of them, `free` says that there may be such. */
  readonly others: 'open' | 'free' | 'none' | Conjunction
  readonly items: Conjunction
  readonly choices: readonly Choice[]
}

export const lowerBounds = ['minimum', 'minLength', 'minItems', 'minProperties'] as const
export const upperBounds = ['maximum', 'maxLength', 'maxItems', 'maxProperties'] as const
export const ruleNames = ['pattern', 'format', 'multipleOf', 'uniqueItems'] as const
export const choiceNames = ['anyOf', 'oneOf', 'not'] as const

/** Prepares telling what conjunctions of one document say; each is worked out once. */
export function prepareShapes (document: JsonObject): (schemas: Conjunction) => Shape {
  const known = new Map<string, Shape>()
  const numbers = new Map<JsonObject, number>()
  const numberOf = (schema: JsonObject): number => {
    const number = numbers.get(schema) ?? numbers.size
    numbers.set(schema, number)
    return number
  }
  return (schemas) => {
    const parts = opened(schemas, document)
    const key = parts.map(numberOf).join(' ')
    const shape = known.get(key) ?? shapeOf(parts, key)
    known.set(key, shape)
    return shape
  }
}

/** The members of an object that must be there when it goes in this direction: what is read only need not be sent, what is write only is not read (OpenAPI 3.0.3, Schema Object). */
export function requiredIn ({ required, properties }: Shape, direction: Direction): ReadonlySet<string> {
  const exempt = direction === 'request' ? 'readOnly' : 'writeOnly'
  return new Set([...required].filter((name) => properties.get(name)?.some((schema) => schema[exempt] === true) !== true))
}

/** The declared members of an object in this direction. */
export function propertiesIn ({ properties }: Shape, direction: Direction): ReadonlyMap<string, Conjunction> {
  return direction === 'request' ? properties : new Map([...properties].filter(([, schemas]) => schemas.every((schema) => schema['writeOnly'] !== true)))
}

/** Every schema that holds together with these, once. */
function opened (schemas: Conjunction, document: JsonObject): Conjunction {
  const found = new Set<JsonObject>()
  const waiting = [...schemas]
  for (let schema = waiting.shift(); schema; schema = waiting.shift()) {
    const reference = schema['$ref']
    const target = typeof reference === 'string' ? atPointer(document, reference.slice(1)) : schema
    if (!isObject(target) || found.has(target)) continue
    found.add(target)
    waiting.push(...typeof target['$ref'] === 'string' ? [target] : listOf(target['allOf']))
  }
  return [...found].filter(saysSomething)
}

function saysSomething (schema: JsonObject): boolean {
  return typeof schema['$ref'] !== 'string' && Object.keys(schema).some((keyword) => keyword !== 'allOf')
}

function shapeOf (parts: Conjunction, key: string): Shape {
  return {
    key,
    types: parts.map(typesOf).reduce(bothTypes, undefined),
    values: parts.map(valuesOf).reduce((all, some) => all && some ? all.intersection(some) : all ?? some, undefined),
    bounds: boundsOf(parts),
    rules: rulesOf(parts),
    properties: propertiesOf(parts),
    required: new Set(parts.flatMap(({ required }) => Array.isArray(required) ? required.map(String) : [])),
    others: othersOf(parts),
    items: parts.map(({ items }) => items).filter(isObject),
    choices: parts.flatMap(choicesOf)
  }
}

function typesOf ({ type, nullable }: JsonObject): ReadonlySet<string> | undefined {
  return typeof type === 'string' ? new Set([type, ...nullable === true ? ['null'] : []]) : undefined
}

/** An integer is a number. */
function bothTypes (all: ReadonlySet<string> | undefined, some: ReadonlySet<string> | undefined): ReadonlySet<string> | undefined {
  if (!all || !some) return all ?? some
  const within = (inner: ReadonlySet<string>, outer: ReadonlySet<string>): readonly string[] => [...inner].filter((type) => isTypeIn(type, outer))
  return new Set([...within(all, some), ...within(some, all)])
}

/** Whether values of a JSON type are values of some types. */
export function isTypeIn (type: string, types: ReadonlySet<string>): boolean {
  return types.has(type) || (type === 'integer' && types.has('number'))
}

function valuesOf ({ enum: values }: JsonObject): ReadonlySet<string> | undefined {
  if (!Array.isArray(values)) return undefined
  return new Set(values.map(formOf))
}

function boundsOf (parts: Conjunction): ReadonlyMap<string, Bound> {
  const bounds = new Map<string, Bound>()
  for (const [names, isTighter] of [[lowerBounds, isHigher], [upperBounds, isLower]] as const) {
    for (const name of names) for (const part of parts) {
      const [known, bound] = [bounds.get(name), boundIn(part, name)]
      if (bound && (!known || isTighter(bound, known))) bounds.set(name, bound)
    }
  }
  return bounds
}

const exclusiveNames: Readonly<Record<string, string>> = { minimum: 'exclusiveMinimum', maximum: 'exclusiveMaximum' }

function boundIn (part: JsonObject, name: string): Bound | undefined {
  const limit = part[name]
  return typeof limit === 'number' ? { limit, exclusive: part[exclusiveNames[name] ?? ''] === true } : undefined
}

function rulesOf (parts: Conjunction): Shape['rules'] {
  const rules = new Map<string, Set<string>>()
  for (const name of ruleNames) for (const { [name]: value } of parts) {
    if (value === undefined || value === false) continue
    rules.set(name, (rules.get(name) ?? new Set()).add(formOf(value)))
  }
  return rules
}

/** Whether a lower bound leaves less than another. */
export function isHigher (one: Bound, other: Bound): boolean {
  return one.limit > other.limit || (one.limit === other.limit && one.exclusive && !other.exclusive)
}

/** Whether an upper bound leaves less than another. */
export function isLower (one: Bound, other: Bound): boolean {
  return one.limit < other.limit || (one.limit === other.limit && one.exclusive && !other.exclusive)
}

function propertiesOf (parts: Conjunction): ReadonlyMap<string, Conjunction> {
  const properties = new Map<string, JsonObject[]>()
  for (const part of parts) {
    for (const [name, schema] of Object.entries(isObject(part['properties']) ? part['properties'] : {})) {
      if (isObject(schema)) properties.set(name, [...properties.get(name) ?? [], schema])
    }
  }
  return properties
}

function othersOf (parts: Conjunction): Shape['others'] {
  const said = parts.map(({ additionalProperties }) => additionalProperties).filter((value) => value !== undefined)
  if (said.includes(false)) return 'none'
  const schemas = said.filter(isObject).filter((schema) => Object.keys(schema).length > 0)
  return schemas.length > 0 ? schemas : said.length > 0 ? 'free' : 'open'
}

function choicesOf (part: JsonObject): readonly Choice[] {
  return choiceNames.filter((keyword) => part[keyword] !== undefined).map((keyword) => ({
    keyword,
    schemas: keyword === 'not' ? [part[keyword]].filter(isObject) : listOf(part[keyword]),
    discriminated: part['discriminator'] !== undefined
  }))
}

function listOf (value: Json | undefined): readonly JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : []
}
