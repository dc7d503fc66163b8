import { isObject } from './document.ts'
import type { Json, JsonObject } from './document.ts'
import type { Resolve } from './references.ts'

/** A header of an answer as it is declared, in style `simple`: its name in lower case, and what it may be; `undefined` is anything. `isJson` when it is one JSON text, by its `content`. */
export interface DeclaredHeader {
  readonly name: string
  readonly required: boolean
  readonly explode: boolean
  readonly isJson: boolean
  readonly schema: JsonObject | undefined
}

/** An answer as it is declared: its media types as they are written, each with its schema (`undefined` = any bytes), and its headers. */
export interface DeclaredResponse { readonly content: ReadonlyMap<string, JsonObject | undefined>, readonly headers: readonly DeclaredHeader[] }

/** The answers of an operation by declared status: '200', '4XX', 'default'. */
export type Responses = ReadonlyMap<string, DeclaredResponse>

/** Reads the Responses Object of an operation. */
export function declaredResponses (source: Json | undefined, resolve: Resolve): Responses {
  return new Map(membersOf(source).filter(([status]) => !status.startsWith('x-')).map(([status, value]) => {
    const { content, headers } = resolve(value)
    return [/^\dxx$/i.test(status) ? status.toUpperCase() : status, {
      content: new Map(membersOf(content).map(([type, media]) => [type, schemaOf(media)])),
      // OpenAPI 3.0.3, Response Object: a header with this name is ignored.
      headers: membersOf(headers).filter(([name]) => name.toLowerCase() !== 'content-type').map(([name, header]) => declaredHeader(name.toLowerCase(), resolve(header), resolve))
    }]
  }))
}

function declaredHeader (name: string, source: JsonObject, resolve: Resolve): DeclaredHeader {
  const [type, media] = membersOf(source['content'])[0] ?? []
  const schema = type === undefined ? source['schema'] : schemaOf(media)
  return {
    name,
    required: source['required'] === true,
    explode: source['explode'] === true,
    isJson: type !== undefined && /[/+]json\b/i.test(type),
    schema: isObject(schema) ? resolve(schema) : undefined
  }
}

function schemaOf (media: Json | undefined): JsonObject | undefined {
  const schema = isObject(media) ? media['schema'] : undefined
  return isObject(schema) ? schema : undefined
}

function membersOf (value: Json | undefined): readonly (readonly [string, Json])[] {
  return isObject(value) ? Object.entries(value) : []
}

/** The names of all response headers of an operation, in lower case. */
export function declaredHeaders (responses: Responses): readonly string[] {
  return [...new Set([...responses.values()].flatMap(({ headers }) => headers.map(({ name }) => name)))]
}
