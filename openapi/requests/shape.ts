import { isObject } from '../document.ts'
import type { Json, JsonObject } from '../document.ts'
import { scalarOrder } from './lexical.ts'
import type { Scalar } from './lexical.ts'
import type { Resolve } from '../reading/references.ts'

/** What a value that comes as text may be by its schema: a scalar of some types, a list, an object, or several of these. */
export interface Shape {
  readonly scalars: readonly Scalar[]
  /** Tells of the values that one text may stand for which the schema takes; undefined where there is only one. */
  readonly fits: ((value: unknown) => boolean) | undefined
  /** The shape of what a list holds; undefined when the value is no list. */
  readonly items: Shape | undefined
  readonly members: Members | undefined
  /** True for a string of any bytes: what is read of it is its length. */
  readonly isBinary: boolean
  /** True where the schema names no type. */
  readonly isAny: boolean
}

/** The members of an object: the names that are declared, and the shape of each of them, or of any other; `takesOthers` says that the contract asks for others. */
export interface Members {
  readonly declared: ReadonlySet<string>
  readonly takesOthers: boolean
  /** Undefined for a member that may not be there. */
  shapeOf (name: string): Shape | undefined
}

type Type = Scalar | 'array' | 'object'

/** What a schema says of the form of a value, gathered from all its parts; no `types` is any type. */
interface Gathered {
  readonly types: ReadonlySet<Type> | undefined
  readonly items: JsonObject | undefined
  readonly properties: ReadonlyMap<string, JsonObject>
  readonly additional: Json | undefined
  readonly isBinary: boolean
}

const anything: Shape = { scalars: ['string'], fits: undefined, items: undefined, members: undefined, isBinary: false, isAny: true }

/** What working out shapes needs: `fits` makes what tells whether a schema takes a value. */
export interface ShapeParts { readonly resolve: Resolve, readonly fits: (schema: JsonObject) => (value: unknown) => boolean }

/** Works out the shape of what a schema describes, through references, allOf, oneOf and anyOf; that of what is inside when it is asked for. */
export function shapeOf (schema: JsonObject, parts: ShapeParts): Shape {
  const gathered = gather(schema, parts, new Set())
  const { types, items, isBinary } = gathered
  if (!types) return { ...anything, isBinary }
  const scalars = scalarOrder.filter((type) => types.has(type))
  const below = once(() => items ? shapeOf(items, parts) : anything)
  const fits = once(() => parts.fits(schema))
  return {
    scalars,
    fits: scalars.length > 1 ? (value) => fits()(value) : undefined,
    get items () { return types.has('array') ? below() : undefined },
    members: types.has('object') ? membersOf(gathered, parts) : undefined,
    isBinary,
    isAny: false
  }
}

function membersOf ({ properties, additional }: Gathered, parts: ShapeParts): Members {
  const shapes = new Map<string, Shape>()
  const others = once(() => isObject(additional) ? shapeOf(additional, parts) : anything)
  return {
    declared: new Set(properties.keys()),
    takesOthers: additional === true || isObject(additional),
    shapeOf: (name) => {
      const schema = properties.get(name)
      if (!schema) return additional === false ? undefined : others()
      const shape = shapes.get(name) ?? shapeOf(schema, parts)
      shapes.set(name, shape)
      return shape
    }
  }
}

function once<Value> (make: () => Value): () => Value {
  let made: { readonly value: Value } | undefined
  return () => (made ??= { value: make() }).value
}

/** Schemas are never changed, and refer to others of the same contract. */
const known = new WeakMap<JsonObject, Gathered>()

function gather (schema: JsonObject, parts: ShapeParts, seen: ReadonlySet<JsonObject>): Gathered {
  if (seen.has(schema)) return nothing
  const gathered = known.get(schema) ?? gatherParts(schema, parts, seen)
  known.set(schema, gathered)
  return gathered
}

function gatherParts (schema: JsonObject, tools: ShapeParts, seen: ReadonlySet<JsonObject>): Gathered {
  const trail = new Set([...seen, schema])
  const { $ref, ...own } = schema
  const parts = [
    ...typeof $ref === 'string' ? [gather(tools.resolve({ $ref }), tools, trail)] : [],
    ...schemasIn(own['allOf']).map((part) => gather(part, tools, trail)),
    ...['oneOf', 'anyOf'].flatMap((keyword) => {
      const branches = schemasIn(own[keyword]).map((branch) => gather(branch, tools, trail))
      return branches.length > 0 ? [united(branches)] : []
    })
  ]
  return [ownOf(own), ...parts].reduce(combined)
}

const nothing: Gathered = { types: undefined, items: undefined, properties: new Map(), additional: undefined, isBinary: false }

function ownOf (schema: JsonObject): Gathered {
  const { items, properties, additionalProperties: additional, format, contentMediaType, contentEncoding } = schema
  const types = typesOf(schema)
  const isText = types?.has('string') ?? contentMediaType !== undefined
  return {
    types: types ?? (isText ? new Set<Type>(['string']) : undefined),
    items: isObject(items) ? items : undefined,
    properties: new Map(Object.entries(isObject(properties) ? properties : {}).filter((entry): entry is [string, JsonObject] => isObject(entry[1]))),
    additional,
    isBinary: isText && (format === 'binary' || (contentMediaType !== undefined && contentEncoding === undefined))
  }
}

/** The types that a schema names, or that what it says besides is about. */
function typesOf (schema: JsonObject): Set<Type> | undefined {
  const { type, nullable } = schema
  if (type !== undefined) return new Set<Type>([...[type].flat() as Type[], ...nullable === true ? ['null' as const] : []])
  const values = Array.isArray(schema['enum']) ? schema['enum'] as readonly Json[] : schema['const'] === undefined ? [] : [schema['const']]
  if (values.length > 0) return new Set(values.map(typeOfValue))
  if (isObject(schema['properties']) || isObject(schema['additionalProperties'])) return new Set<Type>(['object'])
  if (isObject(schema['items'])) return new Set<Type>(['array'])
  if (['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'].some((keyword) => schema[keyword] !== undefined)) return new Set<Type>(['number', 'string'])
  return undefined
}

function typeOfValue (value: Json): Type {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number'
  return typeof value as Type
}

/** What holds of both: a value must be of a type that both have. */
function combined (one: Gathered, other: Gathered): Gathered {
  const both = one.types && other.types ? shared(one.types, other.types) : one.types ?? other.types
  return { ...together('allOf', one, other), types: both, additional: one.additional === false || other.additional === false ? false : one.additional ?? other.additional, isBinary: one.isBinary || other.isBinary }
}

function shared (one: ReadonlySet<Type>, other: ReadonlySet<Type>): ReadonlySet<Type> {
  const isIn = (types: ReadonlySet<Type>, type: Type): boolean => types.has(type) || (type === 'integer' && types.has('number'))
  return new Set([...[...one].filter((type) => isIn(other, type)), ...[...other].filter((type) => isIn(one, type))])
}

/** What may hold of either. */
function united (branches: readonly Gathered[]): Gathered {
  return branches.reduce((one, other) => ({
    ...together('anyOf', one, other),
    types: one.types && other.types && new Set([...one.types, ...other.types]),
    additional: one.additional === false && other.additional === false ? false : isObject(one.additional) ? one.additional : isObject(other.additional) ? other.additional : undefined,
    isBinary: one.isBinary && other.isBinary
  }))
}

function together (keyword: 'allOf' | 'anyOf', one: Gathered, other: Gathered): Pick<Gathered, 'items' | 'properties'> {
  const join = (first: JsonObject | undefined, second: JsonObject | undefined): JsonObject | undefined => first && second ? { [keyword]: [first, second] } : first ?? second
  const names = new Set([...one.properties.keys(), ...other.properties.keys()])
  return { items: join(one.items, other.items), properties: new Map([...names].map((name) => [name, join(one.properties.get(name), other.properties.get(name)) as JsonObject])) }
}

function schemasIn (value: Json | undefined): readonly JsonObject[] {
  return Array.isArray(value) ? (value as readonly Json[]).filter(isObject) : []
}
