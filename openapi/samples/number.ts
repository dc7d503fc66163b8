import type { Json, JsonObject } from '../document.ts'

/** A number that a schema describes, whole where it has to be; the least that is not negative, where it may be. `pick` makes different ones. */
export function numberOf (schema: JsonObject, pick: number, isWhole: boolean): number {
  const low = limitOf(schema['minimum'], schema['exclusiveMinimum'], Math.max)
  const high = limitOf(schema['maximum'], schema['exclusiveMaximum'], Math.min)
  const { multipleOf } = schema
  const step = typeof multipleOf === 'number' ? multipleOf : isWhole ? 1 : undefined
  if (step === undefined) return between(low, high, pick)
  const first = low.value === undefined ? Math.min(0, Math.floor((high.value ?? 0) / step)) : Math.ceil(low.value / step)
  const least = low.isExclusive && first * step === low.value || low.value === undefined && high.value === undefined ? first + 1 : first
  const down = low.value === undefined && high.value !== undefined
  const last = high.isExclusive && first * step === high.value ? first - 1 : first
  // A product of fractions has digits that its decimal form does not.
  return Number(((down ? last - pick : least + pick) * step).toPrecision(15))
}

interface Limit { readonly value: number | undefined, readonly isExclusive: boolean }

/** The limit that both spellings together mean: OpenAPI 3.0 writes `exclusiveMinimum: true`, 3.1 the number. */
function limitOf (limit: Json | undefined, exclusive: Json | undefined, tighter: (...values: number[]) => number): Limit {
  const value = typeof limit === 'number' ? limit : undefined
  if (typeof exclusive !== 'number') return { value, isExclusive: exclusive === true && value !== undefined }
  return { value: tighter(exclusive, value ?? exclusive), isExclusive: value === undefined || tighter(exclusive, value) === exclusive }
}

function between (low: Limit, high: Limit, pick: number): number {
  if (low.value !== undefined && high.value !== undefined) return low.isExclusive || high.isExclusive || pick > 0 ? low.value + (high.value - low.value) * (pick + 1) / (pick + 2) : low.value
  if (low.value !== undefined) return low.value + pick + (low.isExclusive ? 1 : 0)
  if (high.value !== undefined) return high.value - pick - (high.isExclusive ? 1 : 0)
  return 1.5 + pick
}
