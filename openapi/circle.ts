import { atPointer, isObject } from './document.ts'
import type { Json, JsonObject } from './document.ts'

/**
 * The first component schema that leads back to itself on the same value (through `$ref`, `allOf`, `anyOf`, `oneOf` or `not` alone), or
 * undefined. Checking a value against it would never end; a schema that contains itself in a property or a list is fine.
 */
export function findCircle (document: JsonObject): string | undefined {
  const schemas = atPointer(document, '/components/schemas')
  const straight = new Set<string>()
  const leadsBack = (name: string, trail: readonly string[]): boolean => {
    if (straight.has(name)) return false
    if (trail.includes(name) || references(isObject(schemas) ? schemas[name] : undefined).some((next) => leadsBack(next, [...trail, name]))) return true
    straight.add(name)
    return false
  }
  return Object.keys(isObject(schemas) ? schemas : {}).find((name) => leadsBack(name, []))
}

/** The names of the component schemas that a value must be checked against together with this one. */
function references (schema: Json | undefined): string[] {
  if (!isObject(schema)) return []
  const { $ref, allOf, anyOf, oneOf, not } = schema
  if (typeof $ref === 'string') return $ref.startsWith('#/components/schemas/') ? [$ref.slice('#/components/schemas/'.length)] : []
  return [allOf, anyOf, oneOf, not].flat().flatMap((one) => references(one))
}
