import { atPointer, isObject } from '../document.ts'
import type { Json, JsonObject } from '../document.ts'
import { decideByTag, parentsOf } from './discriminator.ts'

/** Where a checked value comes from: a caller, or the upstream. */
export type Direction = 'request' | 'response'

const schemaLists = new Set(['allOf', 'anyOf', 'oneOf', 'prefixItems', 'items'])
const schemaMaps = new Set(['properties', 'patternProperties', 'dependentSchemas'])
const schemaMembers = new Set(['items', 'additionalItems', 'additionalProperties', 'contains', 'propertyNames', 'not', 'if', 'then', 'else', 'unevaluatedItems', 'unevaluatedProperties'])
/** What says nothing of a value, or is not said to it. */
const annotations = new Set(['example', 'examples', 'discriminator', 'xml', 'externalDocs', 'deprecated', 'readOnly', 'writeOnly', 'nullable', 'description', 'title', 'default', 'definitions', 'id', 'dependencies', 'contentEncoding', 'contentMediaType', 'contentSchema'])

/** What a schema is rewritten for: `self` is the reference to it where it is a component, `optional` are members that may be missing whatever requires them. */
interface Rewriting { readonly direction: Direction, readonly document: JsonObject | undefined, readonly self?: string, readonly optional?: ReadonlySet<string> }

/**
 * Rewrites a Schema Object of OpenAPI 3.0 as JSON Schema draft-07, of 3.1 as JSON Schema 2020-12: `nullable` becomes a type, boolean exclusive limits become
 * numbers, references become references to schema ids (`schemaId`), a discriminator decides by its tag. Members that do not validate are dropped.
 * `direction` decides which required members count: a request may omit what is readOnly, a response what is writeOnly. `document` is that which the
 * schema belongs to (3.0 without discriminators and references to what is readOnly, where there is none).
 */
export function toJsonSchema (schema: JsonObject, direction: Direction, document?: JsonObject): JsonObject {
  return rewrite(schema, { direction, document })
}

/** The id under which what a reference leads to is compiled for a direction. */
export function schemaId (reference: string, direction: Direction): string {
  return `varco:${direction}/${encodeURIComponent(reference.replace(/^#/, ''))}`
}

const inherited = '-inherited'

/** The id of what a component gives to those that extend it by allOf. */
function inheritedId (reference: string, direction: Direction): string {
  return schemaId(reference, direction).replace('/', `${inherited}/`)
}

/** What stands behind an id that a rewritten schema of the document refers to, rewritten too; undefined when there is no such schema. */
export function schemaBehind (id: string, document: JsonObject): JsonObject | undefined {
  const [, direction = '', suffix, pointer = ''] = /^varco:(request|response)(-inherited)?\/(.*)$/.exec(id) ?? []
  const self = `#${decodeURIComponent(pointer)}`
  const found = atPointer(document, self.slice(1))
  if (typeof found === 'boolean') return found ? {} : { not: {} }
  if (found === null) return {}
  if (!isObject(found)) return undefined
  return rewrite(suffix === inherited ? withoutTag(found) : found, { direction: direction as Direction, document, self })
}

/** What a schema gives to those that extend it: not the choice between them. */
function withoutTag (schema: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(schema).filter(([name]) => !['discriminator', 'oneOf', 'anyOf'].includes(name)))
}

/** Whether a document is of OpenAPI 3.1, whose schemas are JSON Schema. */
export function isJsonSchemaDialect (document: JsonObject | undefined): boolean {
  return typeof document?.['openapi'] === 'string' && document['openapi'].startsWith('3.1')
}

function rewrite (source: JsonObject, at: Rewriting): JsonObject {
  const { direction, document, self } = at
  const reference = source['$ref']
  const isJsonSchema = isJsonSchemaDialect(document)
  // OpenAPI 3.0.3, Reference Object: what stands beside a reference is ignored.
  if (typeof reference === 'string' && !isJsonSchema) return { $ref: schemaId(reference, direction) }
  const schema = isJsonSchema && Array.isArray(source['items']) ? withPrefix(source) : source
  const optional = optionalIn(schema, at)
  const inner: Rewriting = { direction, document }
  const result: Record<string, Json> = typeof reference === 'string' ? { $ref: schemaId(reference, direction) } : {}
  const parents = self !== undefined && document ? parentsOf(self, document) : undefined
  for (const [key, value] of Object.entries(schema)) {
    if (key === 'allOf' && Array.isArray(value)) {
      result['allOf'] = value.map((part: Json) => isObject(part) && typeof part['$ref'] === 'string' && parents?.has(part['$ref']) ? { $ref: inheritedId(part['$ref'], direction) } : rewritePart(part, { ...inner, optional }))
    } else if (schemaLists.has(key) && Array.isArray(value)) result[key] = value.map((part: Json) => rewritePart(part, inner))
    else if (schemaMaps.has(key) && isObject(value)) result[key] = Object.fromEntries(Object.entries(value).map(([name, member]) => [name, rewritePart(member, inner)]))
    else if (schemaMembers.has(key)) result[key] = rewritePart(value, inner)
    else if (!annotations.has(key) && !key.startsWith('x-') && !key.startsWith('$')) result[key] = value
  }
  foldExclusive(result, 'minimum', 'exclusiveMinimum')
  foldExclusive(result, 'maximum', 'exclusiveMaximum')
  // OpenAPI 3.0.3 clarifies: nullable means something only beside a type in the same schema, and an enum has to list null all the same.
  if (!isJsonSchema && schema['nullable'] === true && typeof schema['type'] === 'string') result['type'] = [schema['type'], 'null']
  if (Array.isArray(result['required']) && optional.size > 0) result['required'] = result['required'].filter((name) => !optional.has(String(name)))
  return document && isObject(schema['discriminator']) ? decideByTag(result, { schema, document, self, idOf: (target) => schemaId(target, direction), inheritedIdOf: (target) => inheritedId(target, direction) }) : result
}

function rewritePart (value: Json, at: Rewriting): Json {
  return isObject(value) ? rewrite(value, at) : value
}

// JSON Schema had the schemas of a tuple under items until 2019.
function withPrefix (schema: JsonObject): JsonObject {
  const { items, additionalItems, ...others } = schema
  return { ...others, prefixItems: items as Json, ...additionalItems !== undefined && { items: additionalItems } }
}

function foldExclusive (result: Record<string, Json>, limit: string, exclusive: string): void {
  if (typeof result[exclusive] !== 'boolean') return
  if (result[exclusive] && result[limit] !== undefined) {
    result[exclusive] = result[limit]
    delete result[limit]
  } else delete result[exclusive]
}

/** The members that a request (a response) may leave out because they are read only (write only), here or in what this schema is made of. */
function optionalIn (schema: JsonObject, { direction, document, optional }: Rewriting): ReadonlySet<string> {
  const exempt = direction === 'request' ? 'readOnly' : 'writeOnly'
  const found = new Set(optional)
  const follow = (value: Json | undefined, hops: number): Json | undefined =>
    isObject(value) && typeof value['$ref'] === 'string' && document && hops < 20 ? follow(atPointer(document, value['$ref'].slice(1)), hops + 1) : value
  const seen = new Set<Json>()
  const gather = (value: Json | undefined): void => {
    if (!isObject(value) || seen.has(value)) return
    seen.add(value)
    for (const [name, property] of Object.entries(isObject(value['properties']) ? value['properties'] : {})) {
      if (isObject(property) && (property[exempt] === true || (follow(property, 0) as JsonObject | undefined)?.[exempt] === true)) found.add(name)
    }
    for (const part of Array.isArray(value['allOf']) ? value['allOf'] as readonly Json[] : []) gather(follow(part, 0))
  }
  if (schema['required'] !== undefined || schema['allOf'] !== undefined) gather(schema)
  return found
}
