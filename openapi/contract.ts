import { createHash } from 'node:crypto'
import { bundle } from './bundle.ts'
import { findCircle } from './circle.ts'
import { nameOperations } from './operation-ids.ts'
import { atPointer, DocumentError, isObject } from './document.ts'
import type { Json, JsonObject } from './document.ts'

/** The HTTP methods a contract can declare, in upper case. */
export const methods = ['GET', 'PUT', 'POST', 'DELETE', 'OPTIONS', 'HEAD', 'PATCH', 'TRACE'] as const
export type Method = (typeof methods)[number]

/** A path, query or header parameter; `style` and `explode` as OpenAPI 3.0.3 "Style Values" defines them. */
export interface Parameter {
  readonly name: string
  readonly in: 'path' | 'query' | 'header'
  readonly required: boolean
  readonly explode: boolean
  readonly schema: JsonObject
}

/** The request body: media types in lower case without parameters, each with its schema (`undefined` = any bytes). */
export interface Body { readonly required: boolean, readonly content: ReadonlyMap<string, JsonObject | undefined> }

/** One operation of a contract. `path` is the template below the base path; `isPublic` is true only for an explicit `security: []`. */
export interface Operation {
  readonly id: string
  readonly method: Method
  readonly path: string
  readonly isPublic: boolean
  readonly parameters: readonly Parameter[]
  readonly body: Body | undefined
  /** Media types (lower case, no parameters) by declared status: '200', '4XX', 'default'. */
  readonly responses: ReadonlyMap<string, readonly string[]>
  /** Names of all declared response headers, in lower case. */
  readonly responseHeaders: readonly string[]
  readonly source: JsonObject
}

/** A contract as the rest of Varco sees it; `files` are all that it was read from, `document` is the self-contained OpenAPI document, `sha256` the hash of its JSON. */
export interface Contract {
  readonly file: string
  readonly files: readonly string[]
  readonly title: string
  readonly version: string
  readonly basePath: string
  readonly operations: readonly Operation[]
  readonly document: JsonObject
  readonly sha256: string
}

/** Loads, bundles and reads a contract. Throws DocumentError with the first thing that keeps it from being served. */
export async function loadContract (file: string): Promise<Contract> {
  const { document, files } = await bundle(file)
  return toContract(nameOperations(document), file, files)
}

/** Reads a self-contained OpenAPI 3.0 document. Throws DocumentError. */
export function toContract (document: JsonObject, file: string, files: readonly string[] = [file]): Contract {
  const version = document['openapi']
  if (typeof version !== 'string' || !/^3\.0\.\d+$/.test(version)) throw new DocumentError(file, 'openapi must be 3.0.x (RAC_GEN_001)')
  const circle = findCircle(document)
  if (circle !== undefined) throw new DocumentError(file, `schema "${circle}" refers to itself with no property and no list between, so that no value can be checked against it`)
  const info = objectAt(document, '/info', file)
  const read = new Reader(document, file)
  const operations = Object.entries(objectAt(document, '/paths', file)).flatMap(([path, item]) => read.operations(path, read.resolve(item)))
  const twice = operations.find((operation, index) => operations.findIndex((other) => other.id === operation.id) !== index)
  if (twice) throw new DocumentError(file, `operationId "${twice.id}" is used twice; every operation needs its own`)
  return {
    file,
    files,
    title: textAt(info, 'title', file),
    version: textAt(info, 'version', file),
    basePath: basePath(document),
    operations,
    document,
    sha256: createHash('sha256').update(JSON.stringify(document)).digest('hex')
  }
}

class Reader {
  readonly #document: JsonObject
  readonly #file: string
  constructor (document: JsonObject, file: string) {
    this.#document = document
    this.#file = file
  }

  /** Follows local references until something that is not a reference; a cycle is an error. */
  resolve (value: Json | undefined, seen: readonly string[] = []): JsonObject {
    const reference = isObject(value) ? value['$ref'] : undefined
    if (typeof reference === 'string') {
      if (seen.includes(reference)) throw new DocumentError(this.#file, `$ref "${reference}" refers to itself`)
      return this.resolve(atPointer(this.#document, reference.slice(1)), [...seen, reference])
    }
    if (!isObject(value)) throw new DocumentError(this.#file, `an object is expected ${seen.length > 0 ? `at ${seen.at(-1)}` : 'under paths'}`)
    return value
  }

  operations (path: string, item: JsonObject): Operation[] {
    return methods.flatMap((method) => {
      const source = item[method.toLowerCase()]
      return isObject(source) ? [this.#operation(method, path, item, source)] : []
    })
  }

  #operation (method: Method, path: string, item: JsonObject, source: JsonObject): Operation {
    const id = source['operationId']
    const where = `${method} ${path}`
    if (typeof id !== 'string' || id === '') throw new DocumentError(this.#file, `${where} has no operationId`)
    return {
      id,
      method,
      path,
      isPublic: Array.isArray(source['security']) && source['security'].length === 0,
      parameters: this.#parameters(where, list(item['parameters']), list(source['parameters'])),
      body: source['requestBody'] === undefined ? undefined : this.#body(this.resolve(source['requestBody'])),
      responses: this.#responses(source),
      responseHeaders: this.#responseHeaders(source),
      source
    }
  }

  /** Path-level and operation-level parameters merged; the operation's own win (OpenAPI 3.0.3, Path Item Object). */
  #parameters (where: string, shared: readonly Json[], own: readonly Json[]): Parameter[] {
    const merged = new Map<string, Parameter>()
    for (const value of [...shared, ...own]) {
      const parameter = this.#parameter(where, this.resolve(value))
      if (parameter) merged.set(`${parameter.in} ${parameter.in === 'header' ? parameter.name.toLowerCase() : parameter.name}`, parameter)
    }
    return [...merged.values()]
  }

  #parameter (where: string, source: JsonObject): Parameter | undefined {
    const { name, in: place, style, schema } = source
    if (typeof name !== 'string' || typeof place !== 'string') throw new DocumentError(this.#file, `${where}: a parameter has no name or no place (in)`)
    // OpenAPI 3.0.3 says that header parameters with these names are ignored: they belong to the protocol.
    if (place === 'header' && ['accept', 'content-type', 'authorization'].includes(name.toLowerCase())) return undefined
    if (place !== 'path' && place !== 'query' && place !== 'header') throw new DocumentError(this.#file, `${where}: parameter "${name}" in ${place} is not supported`)
    if (style !== undefined && style !== (place === 'query' ? 'form' : 'simple')) {
      throw new DocumentError(this.#file, `${where}: parameter "${name}" has the style ${JSON.stringify(style)}, which is not supported`)
    }
    if (!isObject(schema)) throw new DocumentError(this.#file, `${where}: parameter "${name}" has no schema`)
    return { name, in: place, required: source['required'] === true, explode: (source['explode'] ?? place === 'query') === true, schema: this.resolve(schema) }
  }

  #body (source: JsonObject): Body {
    const content = isObject(source['content']) ? source['content'] : {}
    return {
      required: source['required'] === true,
      content: new Map(Object.entries(content).map(([type, media]) => {
        const schema = isObject(media) ? media['schema'] : undefined
        return [essence(type), isObject(schema) ? schema : undefined]
      }))
    }
  }

  #responseHeaders (source: JsonObject): readonly string[] {
    const responses = Object.values(isObject(source['responses']) ? source['responses'] : {})
    const headers = responses.flatMap((value) => {
      const declared = this.resolve(value)['headers']
      return isObject(declared) ? Object.keys(declared) : []
    })
    return [...new Set(headers.map((name) => name.toLowerCase()))]
  }

  #responses (source: JsonObject): ReadonlyMap<string, readonly string[]> {
    const responses = Object.entries(isObject(source['responses']) ? source['responses'] : {})
    return new Map(responses.map(([status, value]) => {
      const content = this.resolve(value)['content']
      return [status, isObject(content) ? Object.keys(content).map(essence) : []]
    }))
  }
}

/** A media type in lower case without its parameters (RFC 9110, 8.3.1). */
export function essence (mediaType: string): string {
  return (mediaType.split(';', 1)[0] ?? '').replaceAll(/^[ \t]+|[ \t]+$/g, '').toLowerCase()
}

// Real contracts have placeholders in their server URLs; where nothing can be read from one, the configuration says the path.
function basePath (document: JsonObject): string {
  const url = atPointer(document, '/servers/0/url')
  if (typeof url !== 'string' || !URL.canParse(url, 'http://relative.invalid')) return ''
  const path = new URL(url, 'http://relative.invalid').pathname.replace(/\/+$/, '')
  return path.includes('%7B') ? '' : path
}

function list (value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : []
}

function textAt (info: JsonObject, member: string, file: string): string {
  const value = info[member]
  if (typeof value !== 'string') throw new DocumentError(file, `info.${member} must be a text; put it in quotes`)
  return value
}

function objectAt (document: JsonObject, pointer: string, file: string): JsonObject {
  const value = atPointer(document, pointer)
  if (!isObject(value)) throw new DocumentError(file, `has no ${pointer.slice(1)} object`)
  return value
}
