import { atPointer, isObject } from '../document.ts'
import type { Json, JsonObject } from '../document.ts'

/** How often a schema may hold itself in a sample. */
const maxNesting = 2

/**
 * The flat schemas, without references and compositions, of which a value could be made that a schema describes: one for each branch, in their
 * order. None where it holds itself too often. `trail` are the references that lead to it.
 */
export function * alternativesOf (schema: Json, root: JsonObject, trail: readonly string[]): Generator<Alternative> {
  if (!isObject(schema)) {
    if (schema === true) yield { schema: {}, trail }
    return
  }
  const { $ref, allOf, oneOf, anyOf, discriminator: _, ...own } = schema
  if (typeof $ref === 'string') {
    if (trail.filter((reference) => reference === $ref).length >= maxNesting) return
    yield * all([atPointer(root, $ref.slice(1)) ?? true, own], root, [...trail, $ref])
    return
  }
  const tagged = tagOf(schema, root, trail)
  if (tagged === 'children') yield * childrenOf(schema, root, trail)
  const parts = [isObject(tagged) ? merge(own, tagged) : own, ...Array.isArray(allOf) ? allOf as readonly Json[] : [], ...[oneOf, anyOf].flatMap((branches) => Array.isArray(branches) ? [new Branches(branches as readonly Json[], schema)] : [])]
  yield * all(parts, root, trail)
}

export interface Alternative { readonly schema: JsonObject, readonly trail: readonly string[] }

/** Branches of which one counts, and the schema that they stand in. */
class Branches {
  readonly list: readonly Json[]
  readonly owner: JsonObject
  constructor (list: readonly Json[], owner: JsonObject) {
    this.list = list
    this.owner = owner
  }
}

/** Every way to meet all of several schemas. */
function * all ([first, ...rest]: readonly (Json | Branches)[], root: JsonObject, trail: readonly string[]): Generator<Alternative> {
  if (first === undefined) {
    yield { schema: {}, trail }
    return
  }
  for (const one of ways(first, root, trail)) {
    // Both trails begin with what led here.
    for (const other of all(rest, root, trail)) yield { schema: merge(one.schema, other.schema), trail: [...one.trail, ...other.trail.slice(trail.length)] }
  }
}

function * ways (part: Json | Branches, root: JsonObject, trail: readonly string[]): Generator<Alternative> {
  if (!(part instanceof Branches)) {
    if (isObject(part) && isFlat(part)) yield { schema: part, trail }
    else yield * alternativesOf(part, root, trail)
    return
  }
  for (const branch of part.list) {
    const tag = tagSchema(part.owner, isObject(branch) ? branch['$ref'] : undefined)
    for (const found of alternativesOf(branch, root, trail)) yield tag ? { ...found, schema: merge(found.schema, tag) } : found
  }
}

function isFlat (schema: JsonObject): boolean {
  return !['$ref', 'allOf', 'oneOf', 'anyOf', 'discriminator'].some((name) => name in schema)
}

/** What a discriminator without branches asks for: the tag of the child from which this schema was reached, or that a child is taken instead. */
function tagOf (schema: JsonObject, root: JsonObject, trail: readonly string[]): JsonObject | 'children' | undefined {
  const { discriminator } = schema
  if (!isObject(discriminator) || Array.isArray(schema['oneOf']) || Array.isArray(schema['anyOf']) || !isObject(discriminator['mapping'])) return undefined
  const child = Object.values(discriminator['mapping']).find((target) => trail.includes(referenceOf(target)))
  if (child !== undefined) return tagSchema(schema, referenceOf(child))
  return Object.values(discriminator['mapping']).some((target) => atPointer(root, referenceOf(target).slice(1)) !== undefined) ? 'children' : undefined
}

function * childrenOf (schema: JsonObject, root: JsonObject, trail: readonly string[]): Generator<Alternative> {
  const mapping = (schema['discriminator'] as JsonObject)['mapping'] as JsonObject
  for (const target of Object.values(mapping)) yield * alternativesOf({ $ref: referenceOf(target) }, root, trail)
}

function referenceOf (target: Json | undefined): string {
  const name = typeof target === 'string' ? target : ''
  return name.includes('/') ? name : `#/components/schemas/${name}`
}

/** What fixes the member that a discriminator names to the tag of a branch. */
function tagSchema ({ discriminator }: JsonObject, reference: Json | undefined): JsonObject | undefined {
  if (!isObject(discriminator) || typeof discriminator['propertyName'] !== 'string' || typeof reference !== 'string') return undefined
  const { propertyName, mapping } = discriminator
  const mapped = isObject(mapping) ? Object.entries(mapping).find(([, target]) => referenceOf(target) === reference)?.[0] : undefined
  return { type: 'object', properties: { [propertyName]: { enum: [mapped ?? reference.split('/').at(-1) as string] } }, required: [propertyName] }
}

const tighter: Readonly<Record<string, (one: number, other: number) => number>> = {
  minimum: Math.max, minLength: Math.max, minItems: Math.max, minProperties: Math.max, maximum: Math.min, maxLength: Math.min, maxItems: Math.min, maxProperties: Math.min
}

/** One schema that asks what both ask, as far as it can be said in one. */
function merge (one: JsonObject, other: JsonObject): JsonObject {
  const merged: Record<string, Json> = { ...one }
  for (const [name, value] of Object.entries(other)) {
    const known = one[name]
    merged[name] = known === undefined ? value : mergeMember(name, known, value)
  }
  return merged
}

function mergeMember (name: string, one: Json, other: Json): Json {
  const tighten = tighter[name]
  if (tighten && typeof one === 'number' && typeof other === 'number') return tighten(one, other)
  if (name === 'required' && Array.isArray(one) && Array.isArray(other)) return [...new Set([...one, ...other] as Json[])]
  if (name === 'enum' && Array.isArray(one) && Array.isArray(other)) return one.filter((value) => other.includes(value as never)) as Json[]
  if (name === 'type') return [one].flat().filter((type) => [other].flat().includes(type as never))
  if (name === 'properties' && isObject(one) && isObject(other)) return Object.fromEntries([...new Set([...Object.keys(one), ...Object.keys(other)])].map((key) => [key, both(one[key], other[key])]))
  if (name === 'items' || name === 'additionalProperties') return isObject(one) && isObject(other) ? { allOf: [one, other] } : one === false ? one : isObject(one) ? one : other
  return ['example', 'default'].includes(name) && isObject(one) && isObject(other) ? { ...one, ...other } : one
}

function both (one: Json | undefined, other: Json | undefined): Json {
  return one === undefined ? other as Json : other === undefined ? one : { allOf: [one, other] }
}
