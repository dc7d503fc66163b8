import { isObject } from './document.ts'
import type { Json } from './document.ts'
import { essence } from './media-type.ts'
import type { Resolve } from './references.ts'

/** Media types (lower case, no parameters) by declared status: '200', '4XX', 'default'. */
export type Responses = ReadonlyMap<string, readonly string[]>

/** Reads the Responses Object of an operation. */
export function declaredResponses (source: Json | undefined, resolve: Resolve): Responses {
  return new Map(Object.entries(isObject(source) ? source : {}).map(([status, value]) => {
    const content = resolve(value)['content']
    return [status, isObject(content) ? Object.keys(content).map(essence) : []]
  }))
}

/** The names of all response headers of an operation, in lower case. */
export function declaredHeaders (source: Json | undefined, resolve: Resolve): readonly string[] {
  const headers = Object.values(isObject(source) ? source : {}).flatMap((value) => {
    const declared = resolve(value)['headers']
    return isObject(declared) ? Object.keys(declared) : []
  })
  return [...new Set(headers.map((name) => name.toLowerCase()))]
}
