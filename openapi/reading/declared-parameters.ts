import { isObject } from '../document.ts'
import type { Json, JsonObject } from '../document.ts'
import { isJsonType } from '../answers/json-answers.ts'
import { essence } from '../requests/media-type.ts'
import type { Resolve } from './references.ts'

/** Where parameters may stand, with the styles that each takes there, the usual one first (OpenAPI 3.0.3, Style Values). */
export const styles = {
  path: ['simple', 'label', 'matrix'],
  query: ['form', 'spaceDelimited', 'pipeDelimited', 'deepObject'],
  header: ['simple'],
  cookie: ['form']
} as const

export type Place = keyof typeof styles
export type Style = (typeof styles)[Place][number]

/** A parameter; `style` and `explode` as OpenAPI 3.0.3 "Style Values" defines them, but for one whose `content` says that it is JSON, or a text. */
export interface Parameter {
  readonly name: string
  readonly in: Place
  readonly required: boolean
  readonly style: Style
  readonly explode: boolean
  readonly allowsEmpty: boolean
  readonly content: 'json' | 'text' | undefined
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

function declaredParameter (source: JsonObject, reader: ParametersReader): Parameter | undefined {
  const { name, in: place } = source
  if (typeof name !== 'string' || typeof place !== 'string') throw reader.fail('a parameter has no name or no place (in)')
  // OpenAPI 3.0.3 says that header parameters with these names are ignored: they belong to the protocol.
  if (place === 'header' && ['accept', 'content-type', 'authorization'].includes(name.toLowerCase())) return undefined
  if (!isPlace(place)) throw reader.fail(`parameter "${name}" is in ${place}, where no parameter can be`)
  const style = styleOf(source, name, place, reader)
  return {
    name,
    in: place,
    required: source['required'] === true || place === 'path',
    style,
    explode: (source['explode'] ?? style === 'form') === true,
    allowsEmpty: place === 'query' && source['allowEmptyValue'] === true,
    ...contentOf(source, name, reader)
  }
}

function isPlace (place: string): place is Place {
  return Object.hasOwn(styles, place)
}

function styleOf ({ style }: JsonObject, name: string, place: Place, { fail }: ParametersReader): Style {
  const known: readonly Style[] = styles[place]
  if (style === undefined) return known[0] as Style
  const found = known.find((one) => one === style)
  if (!found) throw fail(`parameter "${name}" has the style ${JSON.stringify(style)}, which there is not in ${place}: only ${known.join(', ')}`)
  return found
}

function contentOf ({ schema, content }: JsonObject, name: string, { resolve, fail }: ParametersReader): Pick<Parameter, 'content' | 'schema'> {
  const [type, media] = isObject(content) ? Object.entries(content)[0] ?? [] : []
  const declared = type === undefined ? schema : isObject(media) ? media['schema'] ?? {} : {}
  const read = schemaFrom(declared, resolve)
  if (!read) throw fail(`parameter "${name}" has no schema`)
  return { content: type === undefined ? undefined : isJsonType(essence(type)) ? 'json' : 'text', schema: read }
}

/** A schema with its reference followed, unless something is said beside it (OpenAPI 3.1); `true` and `false` are schemas there, too. Undefined when there is none. */
export function schemaFrom (value: Json | undefined, resolve: Resolve): JsonObject | undefined {
  if (typeof value === 'boolean') return value ? {} : { not: {} }
  if (!isObject(value)) return undefined
  return Object.keys(value).length > 1 ? value : resolve(value)
}
