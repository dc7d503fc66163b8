import { schemaFrom } from './declared-parameters.ts'
import type { Parameter } from './declared-parameters.ts'
import { isObject } from '../document.ts'
import type { Json, JsonObject } from '../document.ts'
import { isJsonType } from '../answers/json-answers.ts'
import { essence } from '../requests/media-type.ts'
import type { Resolve } from './references.ts'

/** An answer as it is declared: its media types as they are written, each with its schema (`undefined` = any bytes), and its headers, which are written like parameters. */
export interface DeclaredResponse { readonly content: ReadonlyMap<string, JsonObject | undefined>, readonly headers: readonly Parameter[] }

/** The answers of an operation by declared status: '200', '4XX', 'default'. */
export type Responses = ReadonlyMap<string, DeclaredResponse>

/** Reads the Responses Object of an operation. */
export function declaredResponses (source: Json | undefined, resolve: Resolve): Responses {
  return new Map(membersOf(source).filter(([status]) => !status.startsWith('x-')).map(([status, value]) => {
    const { content, headers } = resolve(value)
    return [/^\dxx$/i.test(status) ? status.toUpperCase() : status, {
      content: new Map(membersOf(content).map(([type, media]) => [type, schemaOf(media, resolve)])),
      // OpenAPI 3.0.3, Response Object: a header with this name is ignored.
      headers: membersOf(headers).filter(([name]) => name.toLowerCase() !== 'content-type').map(([name, header]) => declaredHeader(name, resolve(header), resolve))
    }]
  }))
}

function declaredHeader (name: string, { required, explode, schema, content }: JsonObject, resolve: Resolve): Parameter {
  const [type, media] = membersOf(content)[0] ?? []
  const declared = type === undefined ? schema : isObject(media) ? media['schema'] : undefined
  return {
    name,
    in: 'header',
    required: required === true,
    style: 'simple',
    explode: explode === true,
    allowsEmpty: false,
    content: type === undefined ? undefined : isJsonType(essence(type)) ? 'json' : 'text',
    schema: schemaFrom(declared, resolve) ?? {}
  }
}

/** A reference stays one, so that what it names is compiled once. */
function schemaOf (media: Json, resolve: Resolve): JsonObject | undefined {
  const schema = isObject(media) ? media['schema'] : undefined
  if (schema === true) return undefined
  return isObject(schema) && '$ref' in schema ? schema : schemaFrom(schema, resolve)
}

function membersOf (value: Json | undefined): readonly (readonly [string, Json])[] {
  return isObject(value) ? Object.entries(value) : []
}

/** The names of all response headers of an operation, in lower case. */
export function declaredHeaders (responses: Responses): readonly string[] {
  return [...new Set([...responses.values()].flatMap(({ headers }) => headers.map(({ name }) => name.toLowerCase())))]
}
