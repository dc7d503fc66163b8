import { essence } from '../requests/media-type.ts'
import type { Contract, Operation } from '../contract.ts'
import { atPointer, isObject } from '../document.ts'
import type { Json, JsonObject } from '../document.ts'
import { problemMediaType } from '../problem.ts'

/** The answers in JSON that an operation declares: media types of the successful ones, in their order, and the schemas of all that are no problem documents. */
export interface JsonAnswers { readonly types: readonly string[], readonly schemas: readonly JsonObject[] }

/** True for a media type (lower case, no parameters) whose content is one JSON text (RFC 6839, 3.1). */
export function isJsonType (type: string): boolean {
  return /[/+]json$/.test(type)
}

/** Reads from a contract what an operation answers in JSON. */
export function jsonAnswersOf ({ source }: Operation, { document }: Pick<Contract, 'document'>): JsonAnswers {
  const declared = membersOf(source['responses']).flatMap(([status, response]) => membersOf(resolve(response, document)['content']).flatMap(([mediaType, media]) => {
    const type = essence(mediaType)
    return isJsonType(type) && type !== problemMediaType ? [{ status, type, schema: isObject(media) ? media['schema'] : undefined }] : []
  }))
  return {
    types: [...new Set(declared.filter(({ status }) => status.startsWith('2')).map(({ type }) => type))],
    schemas: declared.map(({ schema }) => schema).filter(isObject)
  }
}

function membersOf (value: Json | undefined): readonly (readonly [string, Json])[] {
  return isObject(value) ? Object.entries(value) : []
}

function resolve (value: Json, document: JsonObject): JsonObject {
  const reference = isObject(value) ? value['$ref'] : undefined
  const found = typeof reference === 'string' ? atPointer(document, reference.slice(1)) : value
  return isObject(found) ? found : {}
}
