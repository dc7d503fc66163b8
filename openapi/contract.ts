import { createHash } from 'node:crypto'
import { escapeToken } from './reading/anatomy.ts'
import { bundle } from './reading/bundle.ts'
import { findCircle } from './reading/circle.ts'
import { declaredBody } from './reading/declared-body.ts'
import type { Body } from './reading/declared-body.ts'
import { declaredParameters } from './reading/declared-parameters.ts'
import type { Parameter } from './reading/declared-parameters.ts'
import { declaredHeaders, declaredResponses } from './reading/declared-responses.ts'
import type { Responses } from './reading/declared-responses.ts'
import { DocumentError, isObject } from './document.ts'
import type { Json, JsonObject } from './document.ts'
import { segmentsOf } from './json/field-tree.ts'
import { mendObjects } from './reading/mend-objects.ts'
import { mendSchemas } from './reading/mend-schemas.ts'
import { Notes } from './reading/note.ts'
import type { Note } from './reading/note.ts'
import { errorAt, originOf } from './reading/origin.ts'
import type { Origins } from './reading/origin.ts'
import { readablePaths } from './reading/path-templates.ts'
import { resolverOf } from './reading/references.ts'
import type { Resolve } from './reading/references.ts'
import { serverPath } from './reading/server-path.ts'

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

/**
 * A contract as the rest of Varco sees it; `files` are all that it was read from, `digests` the SHA-256 (hex) of each file that counted for it (absolute paths) as it was then, `document` is the self-contained OpenAPI document with what real contracts
 * leave out filled in (`notes` say where), `origins` tell where what it took in comes from, `sha256` is the hash of its JSON.
 */
export interface Contract {
  readonly file: string
  readonly files: readonly string[]
  readonly digests: ReadonlyMap<string, string>
  readonly title: string
  readonly version: string
  readonly basePath: string
  readonly operations: readonly Operation[]
  readonly document: JsonObject
  readonly notes: readonly Note[]
  readonly origins: Origins
  readonly sha256: string
}

/** What is known of a document beside itself. */
interface Source extends Pick<Contract, 'files' | 'digests'> { readonly origins: Origins, readonly written: (path: readonly string[]) => string | undefined }

/** Loads, bundles and reads a contract. Throws DocumentError with the first thing that keeps it from being served, and with its place. */
export async function loadContract (file: string): Promise<Contract> {
  const { document, ...source } = await bundle(file)
  try {
    return readContract(document, file, source)
  } catch (error) {
    if (error instanceof DocumentError && error.pointer !== undefined && error.line === undefined) throw errorAt(originOf(error.pointer, file, source.origins), error.reason)
    throw error
  }
}

/** Reads a self-contained OpenAPI 3.0 or 3.1 document. Throws DocumentError. */
export function toContract (document: JsonObject, file: string): Contract {
  return readContract(document, file, { files: [file], digests: new Map(), origins: new Map(), written: () => undefined })
}

function readContract (source: JsonObject, file: string, { files, digests, origins, written }: Source): Contract {
  const fail = (pointer: string, message: string): DocumentError => new DocumentError(file, message, undefined, 1, pointer)
  const version = source['openapi']
  if (typeof version !== 'string' || !/^3\.[01]\.\d+$/.test(version)) throw fail('/openapi', `openapi must be 3.0.x or 3.1.x, in quotes (RAC_GEN_001)${source['swagger'] === undefined ? '' : ': this is Swagger 2, which converters make OpenAPI 3 of'}`)
  const notes = new Notes()
  const isOwn = (pointer: string): boolean => originOf(pointer, file, origins).file === file
  const mended = mendSchemas(mendObjects(source, notes), { notes, fail, written: (pointer) => isOwn(pointer) ? written(segmentsOf(pointer)) : undefined })
  const paths = readablePaths(pathsOf(mended, notes, fail), { resolve: resolverOf(mended, file), notes, fail })
  const document: JsonObject = { ...mended, paths }
  const circle = findCircle(document)
  if (circle) throw fail(circle.pointer, circle.reason)
  const { info } = document
  if (!isObject(info)) throw fail('', 'has no info object: add one with title and version')
  const text = (member: string): string => textOf(info[member], written(['info', member])) ?? missing(member, notes)
  const resolve = resolverOf(document, file)
  return {
    file,
    files,
    digests,
    title: text('title'),
    version: text('version'),
    basePath: serverPath(document),
    operations: Object.entries(paths).flatMap(([path, item]) => operationsOf(path, item as JsonObject, resolve, fail)),
    document,
    notes: notes.all,
    origins,
    sha256: createHash('sha256').update(JSON.stringify(document)).digest('hex')
  }
}

// Libraries of components have no paths; since OpenAPI 3.1 they need none.
function pathsOf ({ paths, components, webhooks }: JsonObject, notes: Notes, fail: (pointer: string, message: string) => Error): JsonObject {
  if (isObject(paths)) return paths
  if (paths !== undefined && paths !== null) throw fail('/paths', 'paths must be an object')
  if (paths === undefined && Object.keys(isObject(components) ? components : {}).length === 0 && webhooks === undefined) throw fail('', 'has no paths object')
  notes.add('', 'has no paths: there is nothing to serve')
  return {}
}

/** A text of info; a number as it is written. */
function textOf (value: Json | undefined, written: string | undefined): string | undefined {
  return typeof value === 'string' ? value : typeof value === 'number' ? written ?? String(value) : undefined
}

function missing (member: string, notes: Notes): string {
  notes.add('/info', `info has no ${member} that is a text`)
  return ''
}

function operationsOf (path: string, item: JsonObject, resolve: Resolve, fail: (pointer: string, message: string) => Error): Operation[] {
  return methods.flatMap((method) => {
    const source = item[method.toLowerCase()]
    if (!isObject(source)) return []
    const pointer = `/paths/${escapeToken(path)}/${method.toLowerCase()}`
    try {
      return {
        id: source['operationId'] as string,
        method,
        path,
        isPublic: Array.isArray(source['security']) && source['security'].length === 0,
        parameters: declaredParameters(item['parameters'], source['parameters'], { resolve, fail: (message) => fail(pointer, `${method} ${path}: ${message}`) }),
        body: source['requestBody'] === undefined ? undefined : declaredBody(resolve(source['requestBody']), resolve),
        ...answersOf(source['responses'], resolve),
        source
      }
    } catch (error) {
      throw error instanceof DocumentError && error.pointer === undefined ? fail(pointer, error.reason) : error
    }
  })
}

function answersOf (source: Json | undefined, resolve: Resolve): Pick<Operation, 'responses' | 'responseHeaders'> {
  const responses = declaredResponses(source, resolve)
  return { responses, responseHeaders: declaredHeaders(responses) }
}
