import { isObject } from './document.ts'
import type { JsonObject } from './document.ts'
import { essence } from './media-type.ts'

/** The request body: media types in lower case without parameters, each with its schema (`undefined` = any bytes). */
export interface Body { readonly required: boolean, readonly content: ReadonlyMap<string, JsonObject | undefined> }

/** Reads a Request Body Object, its reference followed. */
export function declaredBody (source: JsonObject): Body {
  const content = isObject(source['content']) ? source['content'] : {}
  return {
    required: source['required'] === true,
    content: new Map(Object.entries(content).map(([type, media]) => {
      const schema = isObject(media) ? media['schema'] : undefined
      return [essence(type), isObject(schema) ? schema : undefined]
    }))
  }
}
