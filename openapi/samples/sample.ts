import type { ValidateFunction } from 'ajv'
import type { Contract } from '../contract.ts'
import { isObject } from '../document.ts'
import type { Json, JsonObject } from '../document.ts'
import { schemaCompiler } from '../schemas/schema-compiler.ts'
import type { Direction } from '../schemas/schema.ts'
import { alternativesOf } from './alternatives.ts'
import { numberOf } from './number.ts'
import { textOf } from './text.ts'

/** A value made of a schema, and whether it meets all that the schema asks. */
export interface Sample { readonly value: Json, readonly isValid: boolean }

/** How many ways to meet a schema are tried, and how many items a list gets at most. */
const maxTries = 40
const maxItems = 200

/**
 * Makes values that the schemas of a contract describe: from their examples, defaults and enumerations where these are valid, else invented. What
 * is made is checked with the same validators as calls are.
 */
export class Samples {
  readonly #contract: Contract
  readonly #direction: Direction
  readonly #compile: ReturnType<typeof schemaCompiler>
  readonly #checks = new Map<Json, ValidateFunction | undefined>()
  #isCareful = false
  constructor (contract: Contract, direction: Direction) {
    this.#contract = contract
    this.#direction = direction
    this.#compile = schemaCompiler(contract)
  }

  /** A value for a schema; `pick` makes different ones. */
  of (schema: Json, pick = 0): Sample {
    // Nearly always the first try is good as a whole; only where it is not every part is looked at, which takes a compiled check for each.
    const quick = this.#try(schema, pick, false)
    return quick.isValid ? quick : this.#try(schema, pick, true)
  }

  #try (schema: Json, pick: number, isCareful: boolean): Sample {
    this.#isCareful = isCareful
    const value = this.#make(schema, [], pick) ?? null
    return { value, isValid: this.isValid(schema, value) }
  }

  /** Whether a value meets a schema of the contract. */
  isValid (schema: Json, value: Json): boolean {
    if (!isObject(schema)) return schema !== false
    if (!this.#checks.has(schema)) this.#checks.set(schema, this.#check(schema))
    return this.#checks.get(schema)?.(value) ?? true
  }

  #check (schema: JsonObject): ValidateFunction | undefined {
    try {
      return this.#compile(schema, this.#direction, 'a sample')
    } catch {
      return undefined
    }
  }

  /** The first value that is valid, or else the first; undefined where none can be made without an end. */
  #make (schema: Json, trail: readonly string[], pick: number): Json | undefined {
    let first: Json | undefined
    let tries = 0
    for (const value of this.#candidates(schema, trail, pick)) {
      if (!this.#isCareful || this.isValid(schema, value)) return value
      first ??= value
      if (++tries >= maxTries) break
    }
    return first
  }

  * #candidates (schema: Json, trail: readonly string[], pick: number): Generator<Json> {
    const flat = alternativesOf(schema, this.#contract.document, trail).take(maxTries)
    for (const alternative of flat) {
      yield * writtenIn(alternative.schema, pick)
      for (const isWhole of [true, false]) {
        const value = this.#invent(alternative.schema, alternative.trail, pick, isWhole)
        if (value !== undefined) yield value
      }
    }
  }

  /** `isWhole` has members that may be left out, too. */
  #invent (schema: JsonObject, trail: readonly string[], pick: number, isWhole: boolean): Json | undefined {
    const type = typeOf(schema)
    if (type === 'object') return this.#object(schema, trail, pick, isWhole)
    if (type === 'array') return this.#array(schema, trail, pick, isWhole)
    if (type === 'number' || type === 'integer') return numberOf(schema, pick, type === 'integer')
    if (type === 'boolean') return pick % 2 === 0
    return type === 'null' ? null : textOf(schema, pick)
  }

  #object (schema: JsonObject, trail: readonly string[], pick: number, isWhole: boolean): Json | undefined {
    const properties = isObject(schema['properties']) ? schema['properties'] : {}
    const required = Array.isArray(schema['required']) ? schema['required'].map(String) : []
    const most = typeof schema['maxProperties'] === 'number' ? schema['maxProperties'] : Infinity
    const least = typeof schema['minProperties'] === 'number' ? schema['minProperties'] : 0
    const value: Record<string, Json> = Object.create(null) as Record<string, Json>
    for (const name of [...required, ...Object.keys(properties)]) {
      if (name in value || !required.includes(name) && (!isWhole || Object.keys(value).length >= most)) continue
      if (Object.hasOwn(properties, name) && this.#isForOthers(properties[name])) continue
      const member = this.#make(Object.hasOwn(properties, name) ? properties[name] as Json : additional(schema), trail, pick)
      if (member !== undefined) value[name] = member
      else if (required.includes(name)) return undefined
    }
    const more = isWhole && Object.keys(properties).length === 0 && isObject(schema['additionalProperties']) && most > 0 ? Math.max(1, least) : least
    for (let index = Object.keys(value).length; index < Math.min(more, maxItems) && schema['additionalProperties'] !== false; index++) {
      const member = this.#make(additional(schema), trail, index)
      if (member === undefined) break
      value[`chiave${index + 1}`] = member
    }
    return { ...value }
  }

  /** What only the other side sends is left out. */
  #isForOthers (property: Json | undefined): boolean {
    const other = this.#direction === 'request' ? 'readOnly' : 'writeOnly'
    const [flat] = property === undefined ? [] : alternativesOf(property, this.#contract.document, []).take(1)
    return flat?.schema[other] === true
  }

  #array (schema: JsonObject, trail: readonly string[], pick: number, isWhole: boolean): Json | undefined {
    const prefix = Array.isArray(schema['prefixItems']) ? schema['prefixItems'] as readonly Json[] : []
    const least = typeof schema['minItems'] === 'number' ? schema['minItems'] : 0
    const most = typeof schema['maxItems'] === 'number' ? schema['maxItems'] : Infinity
    const wanted = Math.min(Math.max(least, prefix.length, isWhole ? 1 : 0), most, maxItems)
    const items: Json[] = []
    const seen = new Set<string>()
    for (let index = 0; items.length < wanted && index < wanted * 4; index++) {
      const item = this.#make(prefix[items.length] ?? schema['items'] ?? {}, trail, pick + index)
      if (item === undefined) break
      const text = JSON.stringify(item)
      if (schema['uniqueItems'] === true && seen.has(text)) continue
      seen.add(text)
      items.push(item)
    }
    return items.length < least ? undefined : items
  }
}

function additional (schema: JsonObject): Json {
  return isObject(schema['additionalProperties']) ? schema['additionalProperties'] : {}
}

/** The values that a schema itself writes down. */
function writtenIn (schema: JsonObject, pick: number): readonly Json[] {
  const { example, examples, default: usual, const: only, enum: values } = schema
  if (only !== undefined) return [only]
  const listed = [...Array.isArray(examples) ? examples as readonly Json[] : [], ...Array.isArray(values) ? values as readonly Json[] : []]
  const turned = [...listed.slice(pick % (listed.length || 1)), ...listed.slice(0, pick % (listed.length || 1))]
  return [...pick > 0 ? [] : [example, usual].filter((value) => value !== undefined), ...turned]
}

function typeOf (schema: JsonObject): string {
  const [declared] = [schema['type']].flat().filter((type) => typeof type === 'string' && type !== 'null')
  if (typeof declared === 'string') return declared
  if ([schema['type']].flat().includes('null')) return 'null'
  const has = (...names: readonly string[]): boolean => names.some((name) => name in schema)
  if (has('items', 'minItems', 'maxItems', 'prefixItems')) return 'array'
  if (has('minimum', 'maximum', 'multipleOf', 'exclusiveMinimum', 'exclusiveMaximum')) return 'number'
  return has('pattern', 'minLength', 'maxLength', 'format') ? 'string' : 'object'
}
