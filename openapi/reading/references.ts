import { atPointer, DocumentError, isObject } from '../document.ts'
import type { Json, JsonObject } from '../document.ts'

/** Follows local references until something that is not a reference. Throws DocumentError where that is no object. */
export type Resolve = (value: Json | undefined) => JsonObject

/** Makes what follows the references of a self-contained document; `file` is named in errors. */
export function resolverOf (document: JsonObject, file: string): Resolve {
  const follow = (value: Json | undefined, seen: readonly string[]): JsonObject => {
    const reference = isObject(value) ? value['$ref'] : undefined
    if (typeof reference === 'string') {
      if (seen.includes(reference)) throw new DocumentError(file, `$ref "${reference}" refers to itself`, undefined, 1, reference.slice(1))
      return follow(atPointer(document, reference.slice(1)), [...seen, reference])
    }
    const last = seen.at(-1)
    if (!isObject(value)) throw new DocumentError(file, `an object is expected ${last === undefined ? 'under paths' : `at ${last}`}`, undefined, 1, last?.slice(1))
    return value
  }
  return (value) => follow(value, [])
}
