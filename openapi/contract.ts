import { createHash } from 'node:crypto'
import { bundle } from './bundle.ts'
import { findCircle } from './circle.ts'
import { declaredBody } from './declared-body.ts'
import type { Body } from './declared-body.ts'
import { declaredParameters } from './declared-parameters.ts'
import type { Parameter } from './declared-parameters.ts'
import { declaredHeaders, declaredResponses } from './declared-responses.ts'
import type { Responses } from './declared-responses.ts'
import { atPointer, DocumentError, isObject } from './document.ts'
import type { JsonObject } from './document.ts'
import { nameOperations } from './operation-ids.ts'
import { resolverOf } from './references.ts'
import type { Resolve } from './references.ts'

/** The HTTP methods a contract can declare, in upper case. */
export const methods = ['GET', 'PUT', 'POST', 'DELETE', 'OPTIONS', 'HEAD', 'PATCH', 'TRACE'] as const
export type Method = (typeof methods)[number]

/** One operation of a contract. `path` is the template below the base path; `isPublic` is true only for an explicit `security: []`. */
export interface Operation {
  readonly id: string
  readonly method: Method
  readonly path: string
  readonly isPublic: boolean
  readonly parameters: readonly Parameter[]
  readonly body: Body | undefined
  readonly responses: Responses
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
  const resolve = resolverOf(document, file)
  const operations = Object.entries(objectAt(document, '/paths', file)).flatMap(([path, item]) => operationsOf(path, resolve(item), resolve, file))
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

function operationsOf (path: string, item: JsonObject, resolve: Resolve, file: string): Operation[] {
  return methods.flatMap((method) => {
    const source = item[method.toLowerCase()]
    if (!isObject(source)) return []
    const id = source['operationId']
    const where = `${method} ${path}`
    const responses = declaredResponses(source['responses'], resolve)
    if (typeof id !== 'string' || id === '') throw new DocumentError(file, `${where} has no operationId`)
    return {
      id,
      method,
      path,
      isPublic: Array.isArray(source['security']) && source['security'].length === 0,
      parameters: declaredParameters(item['parameters'], source['parameters'], { resolve, fail: (message) => new DocumentError(file, `${where}: ${message}`) }),
      body: source['requestBody'] === undefined ? undefined : declaredBody(resolve(source['requestBody']), resolve),
      responses,
      responseHeaders: declaredHeaders(responses),
      source
    }
  })
}

// Real contracts have placeholders in their server URLs; where nothing can be read from one, the configuration says the path.
function basePath (document: JsonObject): string {
  const url = atPointer(document, '/servers/0/url')
  if (typeof url !== 'string' || !URL.canParse(url, 'http://relative.invalid')) return ''
  const path = new URL(url, 'http://relative.invalid').pathname.replace(/\/+$/, '')
  return path.includes('%7B') ? '' : path
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
