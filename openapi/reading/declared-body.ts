import { schemaFrom, styles } from './declared-parameters.ts'
import type { Style } from './declared-parameters.ts'
import { isObject } from '../document.ts'
import type { Json, JsonObject } from '../document.ts'
import { declaredType } from '../requests/media-type.ts'
import type { Resolve } from './references.ts'

/** How one property of a form is written (OpenAPI 3.0.3, Encoding Object): media types and ranges, a style where one is named, and headers that its part must have, in lower case. */
export interface Encoding {
  readonly types: readonly string[]
  readonly style: Style | undefined
  readonly explode: boolean
  readonly requiredHeaders: readonly string[]
}

/** By the names of the properties. */
export type Encodings = ReadonlyMap<string, Encoding>

/** The request body: media types and ranges in lower case, each with its schema (`undefined` = any bytes); and how the properties of forms are written. */
export interface Body {
  readonly required: boolean
  readonly content: ReadonlyMap<string, JsonObject | undefined>
  readonly encodings: ReadonlyMap<string, Encodings>
}

/** Reads a Request Body Object, its reference followed. */
export function declaredBody (source: JsonObject, resolve: Resolve): Body {
  const content = Object.entries(isObject(source['content']) ? source['content'] : {}).map(([type, media]) => [declaredType(type), isObject(media) ? media : {}] as const)
  return {
    required: source['required'] === true,
    content: new Map(content.map(([type, { schema }]) => [type, schema === true ? undefined : isObject(schema) && '$ref' in schema ? schema : schemaFrom(schema, resolve)])),
    encodings: new Map(content.flatMap(([type, { encoding }]) => isObject(encoding) ? [[type, encodingsOf(encoding, resolve)]] : []))
  }
}

function encodingsOf (source: JsonObject, resolve: Resolve): Encodings {
  return new Map(Object.entries(source).map(([name, value]) => [name, encodingOf(isObject(value) ? value : {}, resolve)]))
}

function encodingOf ({ contentType, style, explode, headers }: JsonObject, resolve: Resolve): Encoding {
  const known = styles.query.find((one) => one === style) ?? (explode === undefined ? undefined : 'form')
  return {
    types: typeof contentType === 'string' ? contentType.split(',').map((type) => type.trim().toLowerCase()) : [],
    style: known,
    explode: (explode ?? (known ?? 'form') === 'form') === true,
    requiredHeaders: isObject(headers) ? Object.entries(headers).flatMap(([name, header]) => isRequired(header, resolve) ? [name.toLowerCase()] : []) : []
  }
}

function isRequired (header: Json, resolve: Resolve): boolean {
  return isObject(header) && resolve(header)['required'] === true
}
