import { isScalar, LineCounter, parseDocument } from 'yaml'
import type { Document, YAMLParseError } from 'yaml'
import { findExcess, growsTooLarge, mostValues } from './reading/extent.ts'
import { parseJson } from './json/json.ts'

/** A parsed JSON or YAML value whose shape is not known yet. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }
export type JsonObject = { readonly [key: string]: Json }

/** Says what is wrong with a file, where (line and column from 1, an RFC 6901 pointer into that file) and, in `reason`, how to mend it. */
export class DocumentError extends Error {
  override name = 'DocumentError'
  readonly file: string
  readonly reason: string
  readonly line: number | undefined
  readonly column: number
  readonly pointer: string | undefined
  constructor (file: string, reason: string, line?: number, column = 1, pointer?: string) {
    super(`${file}${line === undefined ? '' : `:${line}:${column}`}: ${reason}${pointer === undefined ? '' : ` (at #${pointer})`}`)
    this.file = file
    this.reason = reason
    this.line = line
    this.column = column
    this.pointer = pointer
  }
}

/** Largest text that is read as a document. */
export const maxDocumentBytes = 5 * 1024 * 1024

/** Only what JSON has, whatever version of YAML a text says that it is of, and whatever tags: a date stays a text. */
const asJson = { schema: 'core', resolveKnownTags: false } as const

/** A parsed text, and how a number, a truth value or the like is written in it at a path; undefined where there is none. */
export interface Parsed { readonly value: JsonObject, readonly written: (path: readonly (string | number)[]) => string | undefined }

/**
 * Parses a YAML 1.2 or JSON text (merge keys and anchors allowed, what they repeat is bounded, duplicate keys refused) into an object.
 * Throws DocumentError with the line of the first mistake; texts over 5 MiB are refused.
 */
export function parseObject (text: string, file: string): JsonObject {
  return parseText(text, file).value
}

/** The same, for those who need to know how something is written. */
export function parseText (text: string, file: string): Parsed {
  if (Buffer.byteLength(text) > maxDocumentBytes) throw new DocumentError(file, 'is larger than 5 MiB; split it or remove embedded data')
  if (text.startsWith('\ufffd\ufffd') && text.includes('\0')) throw new DocumentError(file, 'is written in UTF-16; save it as UTF-8', 1, 1)
  const plain = text.startsWith('\ufeff') ? text.slice(1) : text
  const json = readJson(plain)
  const { value, document } = json === undefined ? readYaml(plain, file) : readMembers(json, plain, file)
  refuseExcess(value, file)
  if (!isObject(value)) throw new DocumentError(file, 'is not an object: a YAML mapping or JSON object is expected at the top', 1, 1)
  return {
    value,
    written: (path) => {
      const node = document().getIn(path, true)
      return isScalar(node) ? node.source : undefined
    }
  }
}

/** What a text holds, and its nodes. */
interface Reading { readonly value: unknown, readonly document: () => Document }

function readYaml (text: string, file: string): Reading {
  const { document, refuse } = nodesOf(text, file)
  const [mistake] = document.errors
  if (mistake) throw refuse(mistake)
  if (tryTo(file, () => growsTooLarge(document))) throw new DocumentError(file, `cannot be read: it holds more than ${mostValues} values once its aliases are written out`)
  return { value: tryTo(file, () => document.toJS({ maxAliasCount: -1 }) as unknown), document: () => document }
}

/** JSON is YAML but for white space, and of what JSON itself takes only a key that is there twice is a mistake: most need not be read as YAML, which takes its time. */
function readMembers (value: unknown, text: string, file: string): Reading {
  refuseExcess(value, file)
  let nodes: Document | undefined
  if ('fault' in parseJson(Buffer.from(text))) {
    const { document, refuse } = nodesOf(text, file)
    const mistake = document.errors.find(({ code }) => code === 'DUPLICATE_KEY')
    if (mistake) throw refuse(mistake)
    nodes = document
  }
  return { value, document: () => nodes ??= nodesOf(text, file).document }
}

function nodesOf (text: string, file: string): { readonly document: Document.Parsed, readonly refuse: (mistake: YAMLParseError) => DocumentError } {
  const lines = new LineCounter()
  const document = tryTo(file, () => parseDocument(text, { ...asJson, merge: true, uniqueKeys: true, lineCounter: lines, prettyErrors: false, logLevel: 'error' }))
  const refuse = (mistake: YAMLParseError): DocumentError => {
    const { line, col } = lines.linePos(mistake.pos[0])
    return new DocumentError(file, sentenceOf(mistake) + templateHint(text), line, col)
  }
  return { document, refuse }
}

function refuseExcess (value: unknown, file: string): void {
  const excess = findExcess(value)
  if (excess !== undefined) throw new DocumentError(file, `cannot be read: it ${excess}`)
}

function sentenceOf ({ code, message }: YAMLParseError): string {
  if (code === 'MULTIPLE_DOCS') return 'a second document begins here: a file has to be one'
  const [, quote] = /^Missing closing (['"])quote$/.exec(message) ?? []
  if (quote !== undefined) return `a text that begins with ${quote} is not closed: add ${quote} where it ends`
  return message.includes('call stack') ? 'is nested too deep' : message
}

function readJson (text: string): unknown {
  if (!/^\s*\{/.test(text)) return undefined
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

// Terraform, Helm and the like: contracts are kept as templates where an API gateway is set up by them.
function templateHint (text: string): string {
  const index = text.split('\n').findIndex((line) => /^\s*%\{|%\{\s*(?:if|for|else|end)|\$\{|\{\{/.test(line))
  return index === -1 ? '' : `; line ${index + 1} looks like a template: if this is one, render it first and use the result`
}

function tryTo<T> (file: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw new DocumentError(file, `cannot be read: ${error instanceof RangeError ? 'it is nested too deep' : (error as Error).message}`)
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
