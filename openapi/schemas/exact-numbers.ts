import { isDeepStrictEqual } from 'node:util'
import type { ErrorObject, KeywordDefinition } from 'ajv'
import type { DataValidateFunction } from 'ajv/dist/types/index.js'
import type { Json, JsonObject } from '../document.ts'

/** What a schema says of numbers, and of what else may stand in their place. */
const numeric = ['type', 'enum', 'const', 'minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf', 'format']
const keyword = 'exactly'

/** Makes a schema judge also integers that come as bigint, because no double holds them: from their digits, not from what they would be rounded to. */
export function toExactSchema (schema: JsonObject): JsonObject {
  const said = numeric.filter((name) => schema[name] !== undefined)
  if (said.length === 0) return schema
  const rest = Object.entries(schema).filter(([name]) => !['type', 'enum', 'const'].includes(name))
  return { ...Object.fromEntries(rest), [keyword]: Object.fromEntries(said.map((name) => [name, schema[name] as Json])) }
}

/** The keyword that `toExactSchema` puts into schemas. The other ones look at doubles only, and pass over a bigint. */
export const exactKeyword: KeywordDefinition = {
  keyword,
  errors: true,
  compile: (said: JsonObject): DataValidateFunction => {
    const validate: DataValidateFunction = (value: unknown) => {
      const fault = findTypeFault(said, value) ?? findListFault(said, value) ?? (typeof value === 'bigint' ? findLimitFault(said, value) : undefined)
      if (fault) validate.errors = [fault]
      return fault === undefined
    }
    return validate
  }
}

type Fault = Partial<ErrorObject>

function findTypeFault ({ type }: JsonObject, value: unknown): Fault | undefined {
  if (type === undefined) return undefined
  const types = [type].flat() as readonly string[]
  return types.some((one) => isOfType(one, value)) ? undefined : { keyword: 'type', message: `must be ${types.join(',')}`, params: { type }, schema: type }
}

function isOfType (type: string, value: unknown): boolean {
  if (type === 'integer') return typeof value === 'bigint' || Number.isInteger(value)
  if (type === 'number') return typeof value === 'bigint' || Number.isFinite(value)
  if (type === 'null') return value === null
  if (type === 'array') return Array.isArray(value)
  return type === 'object' ? typeof value === 'object' && value !== null && !Array.isArray(value) : typeof value === type
}

// The contract's own numbers were rounded when it was read.
function findListFault (said: JsonObject, value: unknown): Fault | undefined {
  const isSame = (listed: unknown): boolean => typeof value === 'bigint' ? listed === Number(value) : isDeepStrictEqual(listed, value)
  if (Array.isArray(said['enum']) && !said['enum'].some(isSame)) return { keyword: 'enum', message: 'must be equal to one of the allowed values', params: { allowedValues: said['enum'] }, schema: said['enum'] }
  return said['const'] === undefined || isSame(said['const']) ? undefined : { keyword: 'const', message: 'must be equal to constant', params: { allowedValue: said['const'] }, schema: said['const'] }
}

/** JavaScript compares a bigint with a double by what both are, without rounding. */
const limits: readonly (readonly [name: string, sign: string, holds: (value: bigint, limit: number) => boolean])[] = [
  ['minimum', '>=', (value, limit) => value >= limit],
  // Rounded, the largest int64 is one too large.
  ['maximum', '<=', (value, limit) => limit === 2 ** 63 ? value < limit : value <= limit],
  ['exclusiveMinimum', '>', (value, limit) => value > limit],
  ['exclusiveMaximum', '<', (value, limit) => value < limit]
]

function findLimitFault (said: JsonObject, value: bigint): Fault | undefined {
  for (const [name, sign, holds] of limits) {
    const limit = said[name]
    if (typeof limit === 'number' && !holds(value, limit)) return { keyword: name, message: `must be ${sign} ${limit}`, params: { limit } }
  }
  const { multipleOf, format } = said
  if (typeof multipleOf === 'number' && !isMultiple(value, multipleOf)) return { keyword: 'multipleOf', message: `must be multiple of ${multipleOf}`, params: { multipleOf } }
  const fits = format === 'int64' ? BigInt.asIntN(64, value) === value : format !== 'int32'
  return fits ? undefined : { keyword: 'format', message: `must match format ${JSON.stringify(format)}`, params: { format }, schema: format }
}

/** Of a fraction such as 0.01 or 0.5 every integer is a multiple that its inverse says so of. */
function isMultiple (value: bigint, multipleOf: number): boolean {
  if (Number.isInteger(multipleOf)) return multipleOf !== 0 && value % BigInt(multipleOf) === 0n
  const inverse = 1 / multipleOf
  return Math.abs(inverse - Math.round(inverse)) < 1e-8 || Number.isInteger(Number(value) / multipleOf)
}
