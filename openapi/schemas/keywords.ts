import type { ErrorObject, KeywordDefinition } from 'ajv'
import type { DataValidateFunction } from 'ajv/dist/types/index.js'
import type { JsonObject } from '../document.ts'

/** The enum of a list so long that looking through it for every value would take its time. */
const listed = 'listed'
const longList = 100

/** Counts how often a schema is entered that contains itself. */
const counted = 'counted'
/** How often such schemas may be entered for one value: some 50 ms, with what is wrong gathered on the way. */
const mostEntered = 20_000

/** Thrown while a value is checked that takes too many steps. */
export class TooManySteps extends Error {}

/** Counts the steps that checking one value takes. */
export class Steps {
  #count = 0

  start (): void {
    this.#count = 0
  }

  readonly keyword: KeywordDefinition = {
    keyword: counted,
    before: 'not',
    compile: () => () => {
      if (++this.#count > mostEntered) throw new TooManySteps()
      return true
    }
  }
}

/** Has the entries of a schema counted. */
export function withCount (schema: JsonObject): JsonObject {
  return { ...schema, [counted]: true }
}

/** Has a long enum looked up instead of looked through. */
export function withLookups (schema: JsonObject): JsonObject {
  const { enum: values, ...others } = schema
  return Array.isArray(values) && values.length > longList ? { ...others, [listed]: values } : schema
}

/**
 * Keywords of JSON Schema as Ajv has them, but for their time: `uniqueItems` takes time by the size of a list and not by its square, a long enum takes one look;
 * and `multipleOf` calculates in decimals, so that 19.99 is a multiple of 0.01.
 */
export const exactKeywords: readonly KeywordDefinition[] = [
  {
    keyword: 'uniqueItems',
    type: 'array',
    schemaType: 'boolean',
    errors: true,
    compile: (isUnique: boolean): DataValidateFunction => judge((items: readonly unknown[]) => {
      if (!isUnique) return undefined
      const seen = new Map<string, number>()
      for (const [index, item] of items.entries()) {
        const form = formOf(item)
        const twin = seen.get(form)
        if (twin !== undefined) return { keyword: 'uniqueItems', params: { i: index, j: twin }, message: `must NOT have duplicate items (items ## ${twin} and ${index} are identical)` }
        seen.set(form, index)
      }
      return undefined
    })
  },
  {
    keyword: 'multipleOf',
    type: 'number',
    schemaType: 'number',
    errors: true,
    compile: (multipleOf: number): DataValidateFunction => {
      const divisor = decimalOf(multipleOf)
      return judge((value: number) => isMultiple(value, multipleOf, divisor) ? undefined : { keyword: 'multipleOf', params: { multipleOf }, message: `must be multiple of ${multipleOf}` })
    }
  },
  {
    keyword: listed,
    schemaType: 'array',
    errors: true,
    compile: (values: readonly unknown[]): DataValidateFunction => {
      const forms = new Set(values.map(formOf))
      return judge((value: unknown) => forms.has(formOf(value)) ? undefined : { keyword: 'enum', params: { allowedValues: values }, message: 'must be equal to one of the allowed values' })
    }
  }
]

function judge (findFault: (value: never) => Partial<ErrorObject> | undefined): DataValidateFunction {
  const validate: DataValidateFunction = (value: unknown) => {
    const fault = findFault(value as never)
    if (fault) validate.errors = [fault]
    return fault === undefined
  }
  return validate
}

/** A text that two values have in common when they are the same value of JSON. */
function formOf (value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value)
  if (typeof value !== 'object' || value === null) return String(value)
  if (Array.isArray(value)) return `[${value.map(formOf).join(',')}]`
  return `{${Object.entries(value).map(([name, member]) => `${JSON.stringify(name)}:${formOf(member)}`).toSorted().join(',')}}`
}

interface Decimal { readonly digits: bigint, readonly exponent: number }

function decimalOf (value: number): Decimal {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/.exec(String(value)) ?? []
  return { digits: BigInt(`${sign}${whole}${fraction}` || '0'), exponent: Number(exponent) - fraction.length }
}

function isMultiple (value: number, multipleOf: number, divisor: Decimal): boolean {
  if (!Number.isFinite(value) || divisor.digits === 0n) return false
  if (Number.isInteger(multipleOf) && Number.isSafeInteger(value)) return value % multipleOf === 0
  const { digits, exponent } = decimalOf(value)
  const least = Math.min(exponent, divisor.exponent)
  return (digits * 10n ** BigInt(exponent - least)) % (divisor.digits * 10n ** BigInt(divisor.exponent - least)) === 0n
}
