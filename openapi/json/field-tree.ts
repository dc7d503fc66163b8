import { atPointer, isObject } from '../document.ts'
import type { JsonObject } from '../document.ts'

/**
 * Members of a JSON value that are meant together, as a tree. A member goes by its name, or by `values` where its name is not in `names`; an element
 * of a list goes by `items`. What a node has neither of cannot be followed further.
 */
export interface FieldTree {
  /** The value itself is meant, with all that is in it. */
  readonly whole: boolean
  readonly names: ReadonlyMap<string, FieldTree>
  readonly values: FieldTree | undefined
  readonly items: FieldTree | undefined
}

/** What JSON pointers mean in values of some schemas: the tree, and the schemas of what they end at. */
export interface PointedFields { readonly tree: FieldTree, readonly ends: readonly JsonObject[] }

/** A pointer that leads nowhere in the schemas: where it fails, and what could stand there. */
export interface LostPointer { readonly segment: string, readonly candidates: readonly string[] }

const nothing: FieldTree = { whole: false, names: new Map(), values: undefined, items: undefined }
const end: FieldTree = { ...nothing, whole: true }

/** The segments of a JSON pointer (RFC 6901), unescaped. */
export function segmentsOf (pointer: string): readonly string[] {
  return pointer.split('/').slice(1).map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~'))
}

/**
 * What pointers mean in values of any of the schemas of an OpenAPI document; `*` stands for every element of a list and every member of an
 * object. A pointer that no schema has is passed over: `findLost` tells.
 */
export function pointedFields (pointers: readonly string[], schemas: readonly JsonObject[], document: JsonObject): PointedFields {
  const ends: JsonObject[] = []
  const trees = pointers.map((pointer) => follow(segmentsOf(pointer), schemas, document, ends) ?? nothing)
  return { tree: spread(trees.reduce(merge, nothing)), ends }
}

/** Where a pointer leads nowhere in values of the schemas; undefined when one of them has it. */
export function findLost (pointer: string, schemas: readonly JsonObject[], document: JsonObject): LostPointer | undefined {
  let current = schemas
  for (const segment of segmentsOf(pointer)) {
    const { names, values, items } = step(segment, current, document)
    const next = [...names, ...values, ...items]
    if (next.length === 0) return { segment, candidates: candidatesIn(current, document) }
    current = next
  }
  return undefined
}

/** The names of all members that values of the schemas can have, at any depth. */
export function namesIn (schemas: readonly JsonObject[], document: JsonObject, seen = new Set<JsonObject>()): ReadonlySet<string> {
  const names = new Set<string>()
  for (const schema of schemas.flatMap((one) => expand(one, document))) {
    if (seen.size === seen.add(schema).size) continue
    const below = [...Object.values(propertiesOf(schema)), schema['items'], schema['additionalProperties']].filter(isObject)
    for (const name of [...Object.keys(propertiesOf(schema)), ...namesIn(below, document, seen)]) names.add(name)
  }
  return names
}

function follow ([segment, ...rest]: readonly string[], schemas: readonly JsonObject[], document: JsonObject, ends: JsonObject[]): FieldTree | undefined {
  if (segment === undefined) {
    ends.push(...schemas)
    return end
  }
  const { names, values, items } = step(segment, schemas, document)
  const below = (next: readonly JsonObject[]): FieldTree | undefined => next.length > 0 ? follow(rest, next, document, ends) : undefined
  const [named, valued, listed] = [below(names), below(values), below(items)]
  return named || valued || listed ? { whole: false, names: new Map(named ? [[segment, named]] : []), values: valued, items: listed } : undefined
}

/** The schemas of what a segment leads to: of the member of that name or, for `*`, of every member and of every element. */
function step (segment: string, schemas: readonly JsonObject[], document: JsonObject): Readonly<Record<'names' | 'values' | 'items', readonly JsonObject[]>> {
  const all = schemas.flatMap((schema) => expand(schema, document))
  if (segment === '*') return { names: [], values: all.flatMap((schema) => [...Object.values(propertiesOf(schema)), ...others(schema)].filter(isObject)), items: all.map((schema) => schema['items']).filter(isObject) }
  const named = all.flatMap((schema) => {
    const properties = propertiesOf(schema)
    return [Object.hasOwn(properties, segment) ? properties[segment] : others(schema)].flat().filter(isObject)
  })
  return { names: named, values: [], items: [] }
}

/** Schemas of the members whose names a schema does not declare; none unless it says that there may be such. */
function others ({ additionalProperties }: JsonObject): readonly JsonObject[] {
  return additionalProperties === true ? [{}] : isObject(additionalProperties) ? [additionalProperties] : []
}

function propertiesOf ({ properties }: JsonObject): JsonObject {
  return isObject(properties) ? properties : {}
}

function candidatesIn (schemas: readonly JsonObject[], document: JsonObject): readonly string[] {
  const all = schemas.flatMap((schema) => expand(schema, document))
  return [...new Set(all.flatMap((schema) => [...Object.keys(propertiesOf(schema)), ...isObject(schema['items']) ? ['*'] : []]))]
}

/** A schema and all that it is made of: references followed, allOf, anyOf and oneOf opened. */
function expand (schema: JsonObject, document: JsonObject, seen: readonly string[] = []): readonly JsonObject[] {
  const reference = schema['$ref']
  if (typeof reference === 'string') {
    const target = seen.includes(reference) ? undefined : atPointer(document, reference.slice(1))
    return isObject(target) ? expand(target, document, [...seen, reference]) : []
  }
  const parts = ['allOf', 'anyOf', 'oneOf'].flatMap((name) => schema[name] ?? []).filter(isObject)
  return [schema, ...parts.flatMap((part) => expand(part, document, seen))]
}

function merge (a: FieldTree, b: FieldTree): FieldTree {
  const names = [...a.names.keys(), ...b.names.keys()].map((name) => [name, either(a.names.get(name), b.names.get(name)) as FieldTree] as const)
  return { whole: a.whole || b.whole, names: new Map(names), values: either(a.values, b.values), items: either(a.items, b.items) }
}

function either (a: FieldTree | undefined, b: FieldTree | undefined): FieldTree | undefined {
  return a && b ? merge(a, b) : a ?? b
}

// What holds for every member holds for those with a name too, so that one look finds all that is meant.
function spread ({ whole, names, values, items }: FieldTree): FieldTree {
  return {
    whole,
    names: new Map([...names].map(([name, tree]) => [name, spread(values ? merge(tree, values) : tree)])),
    values: values && spread(values),
    items: items && spread(items)
  }
}
