import { isObject } from '../document.ts'
import type { Json } from '../document.ts'

/** Gives the value of a keyword as it is meant; undefined when nobody can say. */
type Mend = (value: Json) => Json | undefined

const number: Mend = (value) => typeof value === 'number' && Number.isFinite(value) ? value : typeof value === 'string' && /^-?\d+(?:\.\d+)?$/.test(value.trim()) ? Number(value) : undefined
const boolean: Mend = (value) => typeof value === 'boolean' ? value : value === 'true' ? true : value === 'false' ? false : undefined
const limit: Mend = (value) => boolean(value) ?? number(value)
const text: Mend = (value) => typeof value === 'string' ? value : undefined
const schema: Mend = (value) => isObject(value) ? value : boolean(value)
const orTuple: Mend = (value) => Array.isArray(value) ? some(value.filter((one: Json) => schema(one) !== undefined), value) : schema(value)

const count: Mend = (value) => {
  const mended = number(value)
  return typeof mended === 'number' && Number.isInteger(mended) && mended >= 0 ? mended : undefined
}

const positive: Mend = (value) => {
  const mended = number(value)
  return typeof mended === 'number' && mended > 0 ? mended : undefined
}

const schemas: Mend = (value) => Array.isArray(value) ? some(value.filter((one: Json) => schema(one) !== undefined), value) : isObject(value) ? [value] : undefined

const namedSchemas: Mend = (value) => {
  if (!isObject(value)) return undefined
  // A name with nothing behind it is a member of which nothing is said.
  return Object.values(value).every((one) => isObject(one) || typeof one === 'boolean') ? value : Object.fromEntries(Object.entries(value).map(([name, one]) => [name, schema(one) ?? {}]))
}

const names: Mend = (value) => {
  if (typeof value === 'string') return [value]
  if (!Array.isArray(value)) return undefined
  return value.every((one: Json) => typeof one === 'string') ? value : value.filter((one: Json) => typeof one === 'string' || typeof one === 'number').map(String)
}

const values: Mend = (value) => Array.isArray(value) ? (value.length > 0 ? value : undefined) : isObject(value) || value === null ? undefined : [value]
const dependent: Mend = (value) => isObject(value) && Object.values(value).every((one) => Array.isArray(one) && one.every((name: Json) => typeof name === 'string')) ? value : undefined

function some (kept: Json[], before: readonly Json[]): Json | undefined {
  return kept.length === 0 ? undefined : kept.length === before.length ? before : kept
}

const mends: Readonly<Record<string, Mend>> = {
  minimum: number, maximum: number, exclusiveMinimum: limit, exclusiveMaximum: limit, multipleOf: positive,
  minLength: count, maxLength: count, minItems: count, maxItems: count, minProperties: count, maxProperties: count, minContains: count, maxContains: count,
  uniqueItems: boolean, nullable: boolean, readOnly: boolean, writeOnly: boolean, deprecated: boolean,
  pattern: text, format: text, required: names, enum: values, dependentRequired: dependent,
  allOf: schemas, anyOf: schemas, oneOf: schemas, prefixItems: schemas, items: orTuple,
  properties: namedSchemas, patternProperties: namedSchemas, dependentSchemas: namedSchemas,
  additionalProperties: schema, additionalItems: schema, not: schema, contains: schema, propertyNames: schema, if: schema, then: schema, else: schema, unevaluatedItems: schema, unevaluatedProperties: schema
}

/** Puts right the value of a keyword of JSON Schema that is of another type than it has to be: the same value where it is fine, undefined where nobody can say what is meant. */
export function mendKeyword (keyword: string, value: Json): Json | undefined {
  return Object.hasOwn(mends, keyword) ? mends[keyword]?.(value) : value
}
