import { isObject } from '../document.ts'
import type { Json, JsonObject } from '../document.ts'
import { essence } from './media-type.ts'

/** The media type of a merge patch (RFC 7396). */
export const mergePatchType = 'application/merge-patch+json'

/**
 * Makes the schema of a resource judge a merge patch of it (RFC 7396): what is not in the patch stays as it is, so that nothing is required, and
 * null takes away what is optional. A schema that was written for the patch itself is left as it is: what it requires, the patch must have.
 */
export function toMergePatchSchema (schema: JsonObject): JsonObject {
  const { required, properties, ...rest } = schema
  if (!isObject(properties)) return schema
  const kept = new Set(Array.isArray(required) ? required.map(String) : [])
  return { ...rest, properties: Object.fromEntries(Object.entries(properties).map(([name, property]) => [name, kept.has(name) || !isObject(property) ? property : { anyOf: [{ type: 'null' }, property] }])) }
}

/** References to the schemas under which a contract sends or answers anything but a merge patch: those of resources. */
export function resourceSchemas (document: Json): ReadonlySet<string> {
  const found = new Set<string>()
  const walk = (value: Json): void => {
    if (typeof value !== 'object' || value === null) return
    const content = isObject(value) ? value['content'] : undefined
    for (const [type, media] of Object.entries(isObject(content) ? content : {})) {
      const schema = isObject(media) ? media['schema'] : undefined
      const reference = isObject(schema) ? schema['$ref'] : undefined
      if (typeof reference === 'string' && essence(type) !== mergePatchType) found.add(reference)
    }
    for (const member of Object.values(value)) walk(member)
  }
  walk(document)
  return found
}
