import { atPointer, isObject } from '../document.ts'
import type { Json, JsonObject } from '../document.ts'
import { essence } from '../requests/media-type.ts'
import type { Operation } from '../contract.ts'
import type { Parameter } from '../reading/declared-parameters.ts'
import type { Body } from '../reading/declared-body.ts'
import type { CompareSchemas, SchemaDifference } from './schema-differences.ts'

/** Something in which two states of an operation differ: in which part of it (empty for the whole), and whether callers that kept to the earlier one get on with the later. */
export interface OperationDifference { readonly kind: 'breaking' | 'compatible', readonly where: string, readonly message: string }

/** What two operations are compared with: the documents in which their references end, and their schemas. */
export interface Comparison { readonly before: JsonObject, readonly after: JsonObject, readonly schemas: CompareSchemas }

/** Compares two states of one operation, part by part. */
export function compareOperations (before: Operation, after: Operation, comparison: Comparison): readonly OperationDifference[] {
  return [
    ...compareWhole(before, after),
    ...compareParameters(before, after, comparison),
    ...compareBodies(before.body, after.body, comparison),
    ...compareResponses(responsesOf(before, comparison.before), responsesOf(after, comparison.after), comparison)
  ]
}

function compareWhole (before: Operation, after: Operation): readonly OperationDifference[] {
  const [from, to] = [before, after].map(({ method, path }) => `${method} ${path}`)
  const isMoved = before.method !== after.method || templateOf(before.path) !== templateOf(after.path)
  return [
    ...isMoved ? [breaking('', `was ${from}, is ${to}`)] : [],
    ...before.id === after.id ? [] : [compatible('', `the operationId was ${before.id}`)],
    ...before.isPublic && !after.isPublic ? [breaking('', 'was public, needs a voucher now')] : [],
    ...!before.isPublic && after.isPublic ? [compatible('', 'is public now')] : [],
    ...before.source['deprecated'] !== true && after.source['deprecated'] === true ? [compatible('', 'is deprecated now')] : []
  ]
}

/** A path as callers see it: the names of its parameters are nothing to them. */
export function templateOf (path: string): string {
  return path.replaceAll(/\{[^}]*\}/g, '{}')
}

function compareParameters (before: Operation, after: Operation, { schemas }: Comparison): readonly OperationDifference[] {
  const [earlier, later] = [parametersOf(before), parametersOf(after)]
  return [
    ...[...earlier].flatMap(([key, parameter]) => {
      const where = `${parameter.in} parameter "${parameter.name}"`
      const other = later.get(key)
      if (!other) return parameter.in === 'path' ? [] : [goneParameter(parameter, where)]
      return [
        ...!parameter.required && other.required ? [breaking(where, 'is required now')] : [],
        ...parameter.required && !other.required ? [compatible(where, 'is no longer required')] : [],
        ...parameter.explode !== other.explode && [parameter, other].some(({ schema }) => schema['type'] === 'array') ? [breaking(where, `is written in another way: explode is ${other.explode} now`)] : [],
        ...at(where, schemas(parameter.schema, other.schema, 'request'))
      ]
    }),
    ...[...later].flatMap(([key, parameter]) => {
      if (earlier.has(key) || parameter.in === 'path') return []
      const where = `${parameter.in} parameter "${parameter.name}"`
      return [parameter.required ? breaking(where, 'is new and required') : compatible(where, 'is new')]
    })
  ]
}

/** By what callers know them by: those of the path by their position. */
function parametersOf ({ path, parameters }: Operation): ReadonlyMap<string, Parameter> {
  const inPath = [...path.matchAll(/\{([^}]*)\}/g)].map(([, name]) => name)
  return new Map(parameters.map((parameter) => {
    const { name, in: place } = parameter
    return [`${place} ${place === 'path' ? inPath.indexOf(name) : place === 'header' ? name.toLowerCase() : name}`, parameter]
  }))
}

function goneParameter ({ in: place }: Parameter, where: string): OperationDifference {
  return place === 'query' ? breaking(where, 'is gone, and a query parameter that is not declared is refused') : compatible(where, 'is gone: it is passed over')
}

function compareBodies (before: Body | undefined, after: Body | undefined, { schemas }: Comparison): readonly OperationDifference[] {
  const where = 'request body'
  if (!before && !after) return []
  if (!after) return [breaking(where, 'is gone: none is taken any more')]
  if (!before) return [after.required ? breaking(where, 'is new and required') : compatible(where, 'is new')]
  return [
    ...!before.required && after.required ? [breaking(where, 'is required now')] : [],
    ...before.required && !after.required ? [compatible(where, 'is no longer required')] : [],
    ...compareContents(where, before.content, after.content, (one, other) => schemas(one, other, 'request'))
  ]
}

type Content = ReadonlyMap<string, JsonObject | undefined>

function compareContents (where: string, before: Content, after: Content, schemas: (before: JsonObject | undefined, after: JsonObject | undefined) => readonly SchemaDifference[]): readonly OperationDifference[] {
  return [
    ...[...before].flatMap(([type, schema]) => after.has(type) ? at(`${where} ${type}`, schemas(schema, after.get(type))) : [breaking(where, `the media type ${type} is gone`)]),
    ...[...after.keys()].filter((type) => !before.has(type)).map((type) => compatible(where, `the media type ${type} is new`))
  ]
}

/** A response as it is declared; headers by their names in lower case. */
interface Response { readonly content: Content, readonly headers: ReadonlyMap<string, JsonObject> }

type Responses = ReadonlyMap<string, Response>

function compareResponses (before: Responses, after: Responses, { schemas }: Comparison): readonly OperationDifference[] {
  const compare = (one: JsonObject | undefined, other: JsonObject | undefined): readonly SchemaDifference[] => schemas(one, other, 'response')
  return [
    ...[...before].flatMap(([status, response]) => {
      const where = `response ${status}`
      const other = covering(after, status)
      const gone = after.has(status) ? [] : [status.startsWith('2') && !other ? breaking(where, 'is gone') : compatible(where, 'is no longer declared')]
      return other ? [...gone, ...compareContents(where, response.content, other.content, compare), ...compareHeaders(where, response.headers, other.headers)] : gone
    }),
    // Whoever does not know a status takes it for the first of its class (RFC 9110, 15).
    ...[...after.keys()].filter((status) => !before.has(status)).map((status) => compatible(`response ${status}`, 'is new'))
  ]
}

/** The response that a status has: its own, that of its class, or the one of all others. */
function covering (responses: Responses, status: string): Response | undefined {
  return responses.get(status) ?? responses.get(`${status.charAt(0)}XX`) ?? responses.get('default')
}

// The gateway passes on only headers that are declared.
function compareHeaders (where: string, before: Response['headers'], after: Response['headers']): readonly OperationDifference[] {
  return [
    ...[...before].flatMap(([name, header]) => {
      const other = after.get(name)
      if (!other) return [breaking(where, `the header ${name} is gone`)]
      return header['required'] === true && other['required'] !== true ? [breaking(where, `the header ${name} is no longer required`)] : []
    }),
    ...[...after.keys()].filter((name) => !before.has(name)).map((name) => compatible(where, `the header ${name} is new`))
  ]
}

function responsesOf ({ source }: Operation, document: JsonObject): Responses {
  return new Map(membersOf(source['responses']).map(([status, value]) => {
    const { content, headers } = followed(value, document)
    return [status.toUpperCase() === 'DEFAULT' ? 'default' : status.toUpperCase(), {
      content: new Map(membersOf(content).map(([type, media]) => [essence(type), isObject(media) && isObject(media['schema']) ? media['schema'] : undefined])),
      headers: new Map(membersOf(headers).map(([name, header]) => [name.toLowerCase(), followed(header, document)]))
    }]
  }))
}

function membersOf (value: Json | undefined): readonly (readonly [string, Json])[] {
  return isObject(value) ? Object.entries(value) : []
}

/** What a reference leads to; the contract was read, so that it does lead somewhere. */
function followed (value: Json | undefined, document: JsonObject): JsonObject {
  const reference = isObject(value) ? value['$ref'] : undefined
  if (typeof reference === 'string') return followed(atPointer(document, reference.slice(1)), document)
  return isObject(value) ? value : {}
}

function at (where: string, differences: readonly SchemaDifference[]): readonly OperationDifference[] {
  return differences.map(({ kind, pointer, message }) => ({ kind, where: pointer === '' ? where : `${where} ${pointer}`, message }))
}

function breaking (where: string, message: string): OperationDifference {
  return { kind: 'breaking', where, message }
}

function compatible (where: string, message: string): OperationDifference {
  return { kind: 'compatible', where, message }
}
