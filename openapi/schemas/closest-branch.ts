import type { Ajv, ErrorObject, KeywordDefinition } from 'ajv'
import type { DataValidateFunction } from 'ajv/dist/types/index.js'
import { isObject } from '../document.ts'
import type { Json, JsonObject } from '../document.ts'

const keyword = 'closest'

/** Makes a schema say of a value that is none of several alternatives what is wrong with it as the closest of them, instead of as each. */
export function toClosestSchema (schema: JsonObject): JsonObject {
  const { anyOf, oneOf, ...rest } = schema
  return anyOf === undefined && oneOf === undefined ? schema : { ...rest, [keyword]: { ...anyOf !== undefined && { anyOf }, ...oneOf !== undefined && { oneOf } } }
}

/** How many alternatives may be looked at for one value: those inside of others multiply. */
const mostTried = 2000

/** Counts the alternatives that are looked at. One that was used up says nothing any more: what was found may not hold. */
export class Tries {
  #left = mostTried

  /** Begins with another value. */
  start (): void {
    this.#left = mostTried
  }

  take (): boolean {
    return this.#left-- > 0
  }

  get areUsedUp (): boolean { return this.#left < 0 }
}

/** The keyword that `toClosestSchema` puts into schemas. */
export function closestKeyword (ajv: Ajv, tries: Tries): KeywordDefinition {
  return {
    keyword,
    errors: 'full',
    compile: ({ anyOf, oneOf }: { readonly anyOf?: readonly Json[], readonly oneOf?: readonly Json[] }): DataValidateFunction => {
      const validate: DataValidateFunction = (value: unknown, place) => {
        if (!tries.take()) return true
        const path = place?.instancePath ?? ''
        const faults = [...findFaults({ ajv, tries, value, path }, anyOf, false), ...findFaults({ ajv, tries, value, path }, oneOf, true)]
        validate.errors = faults
        return faults.length === 0
      }
      return validate
    }
  }
}

interface Look { readonly ajv: Ajv, readonly tries: Tries, readonly value: unknown, readonly path: string }

function findFaults ({ ajv, tries, value, path }: Look, branches: readonly Json[] | undefined, isExclusive: boolean): ErrorObject[] {
  if (!branches) return []
  const results = branches.map((branch) => tries.take() ? faultsOf(ajv, branch, value, path) : [])
  const fitting = results.filter(({ length }) => length === 0).length
  if (fitting === 1 || (fitting > 1 && !isExclusive)) return []
  if (fitting > 1) return [{ keyword: 'oneOf', instancePath: path, schemaPath: '', params: {}, message: 'matches more than one of the alternatives, of which it may match only one' }]
  const types = results.map((faults) => faults.find((fault) => fault.keyword === 'type' && fault.instancePath === path)?.params['type'] as string | readonly string[] | undefined)
  // A value of no type that any alternative has is told all of them.
  if (types.every((type) => type !== undefined)) return [{ keyword: 'type', instancePath: path, schemaPath: '', params: { type: [...new Set(types.flat())] } }]
  return results.toSorted((one, other) => distance(one, path) - distance(other, path))[0] ?? []
}

function faultsOf (ajv: Ajv, branch: Json, value: unknown, path: string): readonly ErrorObject[] & ErrorObject[] {
  if (!isObject(branch)) return branch === false ? [{ keyword: 'false schema', instancePath: path, schemaPath: '', params: {} }] : []
  const check = ajv.compile(branch)
  return check.call({}, value, { instancePath: path, parentData: {}, parentDataProperty: '', rootData: {}, dynamicAnchors: {} }) ? [] : [...check.errors ?? []]
}

/** How far a value is from an alternative: another type is farthest, then another tag (a member with one value), then every fault counts the same. */
function distance (faults: readonly ErrorObject[], path: string): number {
  const has = (holds: (fault: ErrorObject) => boolean): boolean => faults.some(holds)
  const depth = path.split('/').length
  return faults.length
    + (has(({ keyword: rule, instancePath }) => rule === 'type' && instancePath === path) ? 10_000 : 0)
    + (has(({ keyword: rule, instancePath }) => (rule === 'const' || rule === 'enum') && instancePath.split('/').length <= depth + 1) ? 100 : 0)
}
