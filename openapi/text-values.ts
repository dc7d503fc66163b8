import { isObject } from './document.ts'
import type { JsonObject } from './document.ts'
import type { Resolve } from './references.ts'

const scalarTypes = ['integer', 'number', 'boolean', 'string'] as const
type ScalarType = (typeof scalarTypes)[number]

const readers: Readonly<Record<ScalarType, (text: string) => unknown>> = {
  integer: (text) => /^-?(?:0|[1-9]\d{0,18})$/.test(text) ? Number(text) : undefined,
  number: (text) => /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d{1,3})?$/.test(text) ? Number(text) : undefined,
  boolean: (text) => text === 'true' ? true : text === 'false' ? false : undefined,
  string: (text) => text
}

/** The types that a schema names, its reference followed; empty when it names none. */
export function typesOf (schema: JsonObject, resolve: Resolve): readonly string[] {
  const { type } = resolve(schema)
  return typeof type === 'string' ? [type] : Array.isArray(type) ? type.map(String) : []
}

/** The values that a text may stand for under a schema, the narrowest first; none when the text is of no type that the schema names. */
export function scalarValues (text: string, schema: JsonObject, resolve: Resolve): readonly unknown[] {
  const named = typesOf(schema, resolve)
  const types = scalarTypes.filter((type) => named.length === 0 || named.includes(type))
  return [...new Set(types.map((type) => readers[type](text)))].filter((value) => value !== undefined)
}

/** The same for a text in style `simple` (OpenAPI 3.0.3, Style Values), whose schema may also be an array or an object. */
export function simpleValues (text: string, { schema, explode }: { readonly schema: JsonObject, readonly explode: boolean }, resolve: Resolve): readonly unknown[] {
  const types = typesOf(schema, resolve)
  const { items, properties } = resolve(schema)
  if (types.includes('array')) return combined(listOf(text), () => isObject(items) ? items : {}, resolve)
  if (!types.includes('object')) return scalarValues(text, schema, resolve)
  const pairs = pairsOf(text, explode)
  if (!pairs) return []
  const schemaFor = (index: number): JsonObject => {
    const property = isObject(properties) ? properties[pairs[index]?.[0] ?? ''] : undefined
    return isObject(property) ? property : {}
  }
  return combined(pairs.map(([, value]) => value), schemaFor, resolve).map((values) => Object.fromEntries(pairs.map(([name], index) => [name, values[index]])))
}

/** All of them as narrow as they can be, and all as wide: enough to tell whether a list matches its schema. */
function combined (texts: readonly string[], schemaFor: (index: number) => JsonObject, resolve: Resolve): readonly (readonly unknown[])[] {
  const values = texts.map((text, index) => scalarValues(text, schemaFor(index), resolve))
  if (values.some(({ length }) => length === 0)) return []
  return [values.map((some) => some[0]), values.map((some) => some.at(-1))]
}

function listOf (text: string): readonly string[] {
  return text.split(',').map((item) => item.trim())
}

function pairsOf (text: string, explode: boolean): readonly (readonly [string, string])[] | undefined {
  const parts = listOf(text)
  if (explode) return parts.every((part) => part.includes('=')) ? parts.map((part) => [part.slice(0, part.indexOf('=')), part.slice(part.indexOf('=') + 1)]) : undefined
  return parts.length % 2 === 0 ? Array.from({ length: parts.length / 2 }, (_, index) => [parts[index * 2] as string, parts[index * 2 + 1] as string]) : undefined
}
