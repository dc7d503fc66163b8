import { LineCounter, parseDocument } from 'yaml'

/** A parsed JSON or YAML value whose shape is not known yet. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }
export type JsonObject = { readonly [key: string]: Json }

/** Says what is wrong with a file, where (line and column from 1) and, in the message, how to mend it. */
export class DocumentError extends Error {
  override name = 'DocumentError'
  constructor (file: string, message: string, line?: number, column = 1) {
    super(line === undefined ? `${file}: ${message}` : `${file}:${line}:${column}: ${message}`)
  }
}

const maxDocumentBytes = 5 * 1024 * 1024

/**
 * Parses a YAML 1.2 or JSON text (merge keys and anchors allowed, aliases bounded, duplicate keys refused) into an object.
 * Throws DocumentError with the line of the first mistake; texts over 5 MiB are refused.
 */
export function parseObject (text: string, file: string): JsonObject {
  if (Buffer.byteLength(text) > maxDocumentBytes) throw new DocumentError(file, 'is larger than 5 MiB; split it or remove embedded data')
  const lines = new LineCounter()
  const document = parseDocument(text, { merge: true, uniqueKeys: true, lineCounter: lines, prettyErrors: false })
  const mistake = document.errors[0]
  if (mistake) {
    const { line, col } = lines.linePos(mistake.pos[0])
    throw new DocumentError(file, mistake.message, line, col)
  }
  const value: unknown = toValue(document, file)
  if (!isObject(value)) throw new DocumentError(file, 'is not an object: a YAML mapping or JSON object is expected at the top', 1, 1)
  return value
}

function toValue (document: ReturnType<typeof parseDocument>, file: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 1000 })
  } catch (error) {
    throw new DocumentError(file, `cannot be read: ${(error as Error).message}`)
  }
}

/** True for a JSON object (not null, not an array). */
export function isObject (value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The value at an RFC 6901 pointer ('' or '/a/b'), or undefined when nothing is there. Only own members are followed. */
export function atPointer (root: Json, pointer: string): Json | undefined {
  let value: Json | undefined = root
  for (const token of pointer === '' ? [] : pointer.slice(1).split('/')) {
    const key = token.replaceAll('~1', '/').replaceAll('~0', '~')
    if (Array.isArray(value)) value = value[Number(key)] as Json | undefined
    else if (isObject(value) && Object.hasOwn(value, key)) value = value[key]
    else return undefined
  }
  return value
}
