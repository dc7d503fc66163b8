import { escapeToken } from '../reading/anatomy.ts'
import { atPointer, isObject } from '../document.ts'
import type { Json, JsonObject } from '../document.ts'
import { segmentsOf } from '../json/field-tree.ts'

const components = '#/components/schemas/'

/** What deciding by a tag needs: the `name` of the member that is the tag, the schema as the contract has it, what refers to it where it is a component, and how schemas are referred to. */
interface Tagged {
  readonly name: string
  readonly schema: JsonObject
  readonly document: JsonObject
  readonly self: string | undefined
  readonly idOf: (reference: string) => string
  readonly inheritedIdOf: (reference: string) => string
}

/** A schema that some tags stand for, as JSON Schema. */
interface Branch { readonly tags: readonly string[], readonly target: JsonObject }

/**
 * Makes a discriminator decide (OpenAPI 3.0.3, Discriminator Object): the value of the tag names the one schema that an object must match, by `mapping` or, for
 * schemas that it does not name, by their own names; an unknown tag is refused. The schemas are those of oneOf or anyOf; without these, those
 * that extend this one by allOf. `result` is the schema rewritten as JSON Schema; where no tag is known it stays as it is.
 */
export function decideByTag (result: JsonObject, given: Omit<Tagged, 'name'>): JsonObject {
  const { schema } = given
  const { propertyName: name } = schema['discriminator'] as JsonObject
  if (typeof name !== 'string') return result
  const tagged = { ...given, name }
  const list = ['oneOf', 'anyOf'].find((keyword) => Array.isArray(schema[keyword]))
  const { branches, isOpen } = list === undefined ? heirBranches(tagged) : listedBranches(schema[list] as readonly Json[], result[list] as readonly Json[], tagged)
  if (branches.length === 0) return result
  const { allOf = [], ...others } = Object.fromEntries(Object.entries(result).filter(([keyword]) => keyword !== list))
  const tags = branches.flatMap((branch) => branch.tags)
  const has = (values: readonly string[]): JsonObject => ({ properties: { [name]: { enum: values } } })
  const decided: JsonObject = { required: [name], ...has(tags), allOf: branches.map((branch) => ({ if: has(branch.tags), then: branch.target })) }
  const original: JsonObject = list === undefined ? {} : { [list]: result[list] as Json }
  const condition: JsonObject = isOpen ? { type: 'object', required: [name], ...has(tags) } : { type: 'object' }
  return { ...others, allOf: [...allOf as readonly Json[], { if: condition, then: decided, else: original }] }
}

/** Schemas of a list, by their tags; `isOpen` when there is one whose tag nobody says. */
function listedBranches (list: readonly Json[], rewritten: readonly Json[], tagged: Tagged): { readonly branches: readonly Branch[], readonly isOpen: boolean } {
  const mapped = mappedTags(tagged)
  const branches = [...mapped].map(([reference, tags]): Branch => ({ tags, target: { $ref: tagged.idOf(reference) } }))
  let isOpen = false
  for (const [index, item] of list.entries()) {
    const reference = isObject(item) ? item['$ref'] : undefined
    if (typeof reference === 'string' && mapped.has(reference)) continue
    const tags = ownTags(item, tagged) ?? (typeof reference === 'string' ? [lastName(reference)] : undefined)
    if (tags && isObject(rewritten[index])) branches.push({ tags, target: rewritten[index] })
    else isOpen = true
  }
  return { branches, isOpen }
}

function heirBranches (tagged: Tagged): { readonly branches: readonly Branch[], readonly isOpen: boolean } {
  const { self, document, idOf, inheritedIdOf } = tagged
  const mapped = mappedTags(tagged)
  const heirs = self === undefined ? [] : heirsOf(self, document)
  const named = heirs.filter((heir) => !mapped.has(heir)).map((heir): [string, readonly string[]] => [heir, [lastName(heir)]])
  if (mapped.size + named.length === 0) return { branches: [], isOpen: false }
  // Nothing keeps an object from being of the very schema that others extend.
  const own: readonly [string, readonly string[]][] = self === undefined || mapped.has(self) ? [] : [[self, [lastName(self)]]]
  const branches = [...mapped, ...named, ...own].map(([reference, tags]) => ({ tags, target: { $ref: reference === self ? inheritedIdOf(reference) : idOf(reference) } }))
  return { branches, isOpen: false }
}

/** The tags of `mapping`, by the references that they stand for. */
function mappedTags ({ schema, document }: Tagged): ReadonlyMap<string, readonly string[]> {
  const { mapping } = schema['discriminator'] as JsonObject
  const tags = new Map<string, readonly string[]>()
  for (const [tag, target] of Object.entries(isObject(mapping) ? mapping : {})) {
    if (typeof target !== 'string') continue
    const byName = components + escapeToken(target)
    const reference = atPointer(document, byName.slice(1)) === undefined ? target : byName
    if (reference.startsWith('#') && atPointer(document, reference.slice(1)) !== undefined) tags.set(reference, [...tags.get(reference) ?? [], tag])
  }
  return tags
}

/** The tags that a schema itself allows, by const or enum. */
function ownTags (schema: Json, { document, name }: Tagged): readonly string[] | undefined {
  const property = propertyOf(schema, name, document, 0)
  const values = Array.isArray(property?.['enum']) ? property['enum'] as readonly Json[] : [property?.['const']]
  return values.every((value) => typeof value === 'string') && values.length > 0 ? values : undefined
}

function propertyOf (schema: Json | undefined, name: string, document: JsonObject, depth: number): JsonObject | undefined {
  if (!isObject(schema) || depth > 20) return undefined
  if (typeof schema['$ref'] === 'string') return propertyOf(atPointer(document, schema['$ref'].slice(1)), name, document, depth + 1)
  const own = isObject(schema['properties']) && Object.hasOwn(schema['properties'], name) ? schema['properties'][name] : undefined
  if (isObject(own)) return typeof own['$ref'] === 'string' ? atPointer(document, own['$ref'].slice(1)) as JsonObject | undefined : own
  for (const part of Array.isArray(schema['allOf']) ? schema['allOf'] as readonly Json[] : []) {
    const found = propertyOf(part, name, document, depth + 1)
    if (found) return found
  }
  return undefined
}

/** The components that a component extends by allOf, over however many steps, and that have a discriminator. */
export function parentsOf (self: string, document: JsonObject): ReadonlySet<string> {
  return inheritanceOf(document).parents.get(self) ?? none
}

const none: ReadonlySet<string> = new Set()

function heirsOf (self: string, document: JsonObject): readonly string[] {
  return inheritanceOf(document).heirs.get(self) ?? []
}

interface Inheritance { readonly parents: ReadonlyMap<string, ReadonlySet<string>>, readonly heirs: ReadonlyMap<string, readonly string[]> }
const known = new WeakMap<JsonObject, Inheritance>()

function inheritanceOf (document: JsonObject): Inheritance {
  const before = known.get(document)
  if (before) return before
  const found = readInheritance(atPointer(document, '/components/schemas'))
  known.set(document, found)
  return found
}

function readInheritance (value: Json | undefined): Inheritance {
  const schemas = isObject(value) ? value : {}
  const tagged = new Set(Object.entries(schemas).filter(([, schema]) => isObject(schema) && isObject(schema['discriminator'])).map(([name]) => components + escapeToken(name)))
  const direct = new Map(Object.entries(schemas).map(([name, schema]) => [components + escapeToken(name), extended(schema)]))
  const parents = new Map<string, ReadonlySet<string>>()
  const heirs = new Map<string, string[]>()
  if (tagged.size === 0) return { parents, heirs }
  for (const self of direct.keys()) {
    const all = new Set<string>(direct.get(self))
    for (const parent of all) for (const next of direct.get(parent) ?? []) all.add(next)
    all.delete(self)
    parents.set(self, all.intersection(tagged))
    for (const parent of parents.get(self) ?? []) heirs.set(parent, [...heirs.get(parent) ?? [], self])
  }
  return { parents, heirs }
}

function extended (schema: Json): readonly string[] {
  const parts = isObject(schema) && Array.isArray(schema['allOf']) ? schema['allOf'] as readonly Json[] : []
  return parts.flatMap((part) => isObject(part) && typeof part['$ref'] === 'string' ? [part['$ref']] : [])
}

function lastName (reference: string): string {
  return segmentsOf(reference.slice(1)).at(-1) ?? ''
}
