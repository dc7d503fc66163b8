import { member } from './value.ts'

/** The schemas that a schema is made of: itself and, one in the other, those that it combines. */
function parts (schema: unknown, depth = 0): unknown[] {
  const combined = depth > 10 ? [] : ['allOf', 'anyOf', 'oneOf'].flatMap((keyword) => member(schema, keyword) ?? [])
  return [schema, ...combined.flatMap((part) => parts(part, depth + 1))]
}

/** Whether a schema, or one that it combines, has the property `name`. */
export function declares (schema: unknown, name: string): boolean {
  return parts(schema).some((part) => member(member(part, 'properties'), name) !== undefined)
}
