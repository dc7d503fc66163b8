import { isObject } from './document.ts'
import type { Json, JsonObject } from './document.ts'

/** Where a checked value comes from: a caller, or the upstream. */
export type Direction = 'request' | 'response'

const schemaLists = ['allOf', 'anyOf', 'oneOf']
const schemaMaps = ['properties', 'definitions']
const schemaMembers = ['items', 'additionalProperties', 'not']
const annotations = new Set(['example', 'discriminator', 'xml', 'externalDocs', 'deprecated', 'readOnly', 'writeOnly', 'nullable', 'description', 'title', 'default'])

/**
 * Rewrites an OpenAPI 3.0 Schema Object as JSON Schema draft-07: `nullable` becomes a type, boolean exclusive limits become numbers,
 * references to `#/components/schemas/X` become references to the schema id `X`. Members that do not validate are dropped.
 * `direction` decides which required members count: a request may omit what is readOnly, a response what is writeOnly.
 */
export function toJsonSchema (schema: JsonObject, direction: Direction): JsonObject {
  const reference = schema['$ref']
  if (typeof reference === 'string') return { $ref: schemaId(reference, direction) }
  const result: Record<string, Json> = {}
  for (const [key, value] of Object.entries(schema)) {
    if (annotations.has(key) || key.startsWith('x-')) continue
    result[key] = convertMember(key, value, direction)
  }
  foldExclusive(result, 'minimum', 'exclusiveMinimum')
  foldExclusive(result, 'maximum', 'exclusiveMaximum')
  foldNullable(result, schema)
  foldRequired(result, schema, direction)
  return result
}

/** The id under which a component schema is compiled for a direction. */
export function schemaId (reference: string, direction: Direction): string {
  return `${direction}:${reference}`
}

function convertMember (key: string, value: Json, direction: Direction): Json {
  const convert = (member: Json): Json => isObject(member) ? toJsonSchema(member, direction) : member
  if (schemaMembers.includes(key)) return convert(value)
  if (schemaLists.includes(key) && Array.isArray(value)) return value.map(convert)
  if (schemaMaps.includes(key) && isObject(value)) return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, convert(member)]))
  return value
}

function foldExclusive (result: Record<string, Json>, limit: string, exclusive: string): void {
  if (typeof result[exclusive] !== 'boolean') return
  if (result[exclusive] && result[limit] !== undefined) {
    result[exclusive] = result[limit]
    delete result[limit]
  } else delete result[exclusive]
}

function foldNullable (result: Record<string, Json>, schema: JsonObject): void {
  // OpenAPI 3.0.3 clarifies: nullable means something only beside a type in the same schema.
  if (schema['nullable'] !== true || typeof schema['type'] !== 'string') return
  result['type'] = [schema['type'], 'null']
  if (Array.isArray(result['enum']) && !result['enum'].includes(null)) result['enum'] = [...result['enum'], null]
}

function foldRequired (result: Record<string, Json>, schema: JsonObject, direction: Direction): void {
  const { required, properties } = schema
  if (!Array.isArray(required) || !isObject(properties)) return
  const exempt = direction === 'request' ? 'readOnly' : 'writeOnly'
  result['required'] = required.filter((name) => {
    const property = properties[String(name)]
    return !(isObject(property) && property[exempt] === true)
  })
}
