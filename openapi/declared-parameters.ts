import { isObject } from './document.ts'
import type { Json, JsonObject } from './document.ts'
import type { Resolve } from './references.ts'

/** A path, query or header parameter; `style` and `explode` as OpenAPI 3.0.3 "Style Values" defines them. */
export interface Parameter {
  readonly name: string
  readonly in: 'path' | 'query' | 'header'
  readonly required: boolean
  readonly explode: boolean
  readonly schema: JsonObject
}

/** What reading the parameters of one operation needs: `fail` makes the error for one that cannot be served. */
export interface ParametersReader { readonly resolve: Resolve, readonly fail: (message: string) => Error }

/** Path-level and operation-level parameters merged; the operation's own win (OpenAPI 3.0.3, Path Item Object). Throws what `fail` makes. */
export function declaredParameters (shared: Json | undefined, own: Json | undefined, reader: ParametersReader): Parameter[] {
  const merged = new Map<string, Parameter>()
  for (const value of [shared, own].flatMap((some) => Array.isArray(some) ? some as readonly Json[] : [])) {
    const parameter = declaredParameter(reader.resolve(value), reader)
    if (parameter) merged.set(`${parameter.in} ${parameter.in === 'header' ? parameter.name.toLowerCase() : parameter.name}`, parameter)
  }
  return [...merged.values()]
}

function declaredParameter (source: JsonObject, { resolve, fail }: ParametersReader): Parameter | undefined {
  const { name, in: place, style, schema } = source
  if (typeof name !== 'string' || typeof place !== 'string') throw fail('a parameter has no name or no place (in)')
  // OpenAPI 3.0.3 says that header parameters with these names are ignored: they belong to the protocol.
  if (place === 'header' && ['accept', 'content-type', 'authorization'].includes(name.toLowerCase())) return undefined
  if (place !== 'path' && place !== 'query' && place !== 'header') throw fail(`parameter "${name}" in ${place} is not supported`)
  if (style !== undefined && style !== (place === 'query' ? 'form' : 'simple')) throw fail(`parameter "${name}" has the style ${JSON.stringify(style)}, which is not supported`)
  if (!isObject(schema)) throw fail(`parameter "${name}" has no schema`)
  return { name, in: place, required: source['required'] === true, explode: (source['explode'] ?? place === 'query') === true, schema: resolve(schema) }
}
