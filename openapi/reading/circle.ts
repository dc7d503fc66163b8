import { escapeToken, schemasIn } from './anatomy.ts'
import { atPointer, isObject } from '../document.ts'
import type { Json, JsonObject } from '../document.ts'
import { segmentsOf } from '../json/field-tree.ts'
import { schemaBehind, schemaId } from '../schemas/schema.ts'

/** How many schemas one value may have to be checked against, those that are reached in two ways counted twice. */
const mostChecks = 100_000

/** What keeps values from being checked against a component schema: its pointer, and why. */
export interface SchemaFault { readonly pointer: string, readonly reason: string }

/**
 * The first schema that leads back to itself on the same value (through `$ref`, `allOf`, `anyOf`, `oneOf`, `not` or conditions alone), or that
 * has one value checked too often; undefined when there is none. Checking a value against the first would never end; a schema that contains itself in a
 * property or a list is fine.
 */
export function findCircle (document: JsonObject): SchemaFault | undefined {
  const schemas = atPointer(document, '/components/schemas')
  const known = new Map<string, number | undefined>()
  const checksOf = (id: string): number => {
    const before = known.get(id)
    if (before !== undefined) return before
    if (known.has(id)) throw new Circle()
    known.set(id, undefined)
    const checks = references(schemaBehind(id, document)).reduce((sum, next) => sum + checksOf(next), 1)
    known.set(id, checks)
    return checks
  }
  const named = Object.keys(isObject(schemas) ? schemas : {}).map((name) => `/components/schemas/${escapeToken(name)}`)
  const referred = [...schemasIn(document)].flatMap(({ schema: { $ref } }) => typeof $ref === 'string' && $ref.startsWith('#') ? [$ref.slice(1)] : [])
  for (const pointer of new Set([...named, ...referred])) {
    const name = `schema "${segmentsOf(pointer).at(-1) ?? ''}"`
    try {
      if (checksOf(schemaId(pointer, 'request')) > mostChecks) return { pointer, reason: `${name} has one value checked against more than ${mostChecks} others, through allOf, anyOf, oneOf and not` }
    } catch (error) {
      if (!(error instanceof Circle)) throw error
      return { pointer, reason: `${name} refers to itself with no property and no list between, so that no value can be checked against it` }
    }
  }
  return undefined
}

class Circle extends Error {}

/** The ids of the schemas that a value must be checked against together with this one. */
function references (schema: Json | undefined): string[] {
  if (!isObject(schema)) return []
  const { $ref, allOf, anyOf, oneOf, not, if: condition, then, else: otherwise, dependentSchemas } = schema
  const conditional = isObject(dependentSchemas) ? Object.values(dependentSchemas) : []
  return [...typeof $ref === 'string' ? [$ref] : [], ...[allOf, anyOf, oneOf, not, condition, then, otherwise, ...conditional].flat().flatMap((one) => references(one))]
}
