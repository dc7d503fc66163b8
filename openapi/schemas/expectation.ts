import type { ErrorObject } from 'ajv'
import { isObject } from '../document.ts'
import type { JsonObject } from '../document.ts'

/** How much of a list that a contract gives is told, in characters. */
const longestList = 300

/** What a value should have been, in words of the contract: never anything of the value itself. Reads on from "the body" or the name of a parameter. */
export function expectationOf ({ keyword, params, message, schema, parentSchema }: ErrorObject): string {
  const list = (values: readonly unknown[], conjunction = ', '): string => values.map((value) => JSON.stringify(value)).join(conjunction)
  if (keyword === 'type') return `must be ${[params['type']].flat().join(' or ')}`
  if (keyword === 'const' || keyword === 'enum') {
    const allowed = (keyword === 'const' ? [params['allowedValue']] : params['allowedValues'] ?? schema) as readonly unknown[]
    const told = list(allowed)
    return told.length > longestList ? 'must be one of the values that the contract lists' : allowed.length === 1 ? `must be ${told}` : `must be one of ${told}`
  }
  if (keyword === 'additionalProperties' || keyword === 'unevaluatedProperties') return `may have no members but those that the contract declares${declaredMembers(parentSchema)}`
  if (keyword === 'not') return 'must not be what the contract excludes'
  return message ?? 'does not match its schema'
}

function declaredMembers (schema: JsonObject | undefined): string {
  const told = isObject(schema?.['properties']) ? Object.keys(schema['properties']).join(', ') : ''
  return told === '' || told.length > longestList ? '' : `: ${told}`
}
