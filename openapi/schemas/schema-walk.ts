import { isObject } from '../document.ts'
import type { Json, JsonObject } from '../document.ts'

/** The keywords of JSON Schema (draft-07 and 2020-12) whose values are schemas: one, a list of them, or several by name. */
const single = new Set(['items', 'additionalItems', 'additionalProperties', 'unevaluatedItems', 'unevaluatedProperties', 'contains', 'propertyNames', 'not', 'if', 'then', 'else'])
const lists = new Set(['allOf', 'anyOf', 'oneOf', 'prefixItems', 'items'])
const named = new Set(['properties', 'patternProperties', 'dependentSchemas', 'definitions', '$defs'])

/** Changes a schema and every schema inside it, from the inside out; references stay references. What it is given stays as it is. */
export function mapSchemas (schema: JsonObject, change: (schema: JsonObject) => JsonObject): JsonObject {
  const map = (value: Json): Json => isObject(value) ? mapSchemas(value, change) : value
  return change(Object.fromEntries(Object.entries(schema).map(([keyword, value]) => {
    if (lists.has(keyword) && Array.isArray(value)) return [keyword, value.map(map)]
    if (named.has(keyword) && isObject(value)) return [keyword, Object.fromEntries(Object.entries(value).map(([name, member]) => [name, map(member)]))]
    return [keyword, single.has(keyword) ? map(value) : value]
  })))
}
