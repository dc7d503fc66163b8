import { isObject } from '../../document.ts'
import type { Place } from './places.ts'
import type { Judged } from './rule.ts'
import { member } from './value.ts'

type Kind = 'document' | 'components' | 'pathItem' | 'operation' | 'callback' | 'content' | 'response' | 'media'
  | 'encoding' | 'schema'
type Members = { readonly [kind in Kind]?: { readonly [member: string]: Kind } }

// Members that hold one thing, and members that hold a list or a map of things. A "content" has a schema or media
// types: parameters, headers, request bodies. Examples, defaults and extensions hold data, so they are in neither.
const one: Members = {
  document: { components: 'components' },
  pathItem: toAll('operation', 'get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'),
  operation: { requestBody: 'content' },
  content: { schema: 'schema' },
  media: { schema: 'schema' },
  schema: toAll(
    'schema', 'items', 'additionalProperties', 'not', 'if', 'then', 'else', 'contains', 'propertyNames',
    'unevaluatedItems', 'unevaluatedProperties'
  )
}
const many: Members = {
  document: { paths: 'pathItem', webhooks: 'pathItem' },
  components: {
    ...toAll('content', 'parameters', 'headers', 'requestBodies'),
    schemas: 'schema',
    responses: 'response',
    callbacks: 'callback',
    pathItems: 'pathItem'
  },
  pathItem: { parameters: 'content' },
  operation: { parameters: 'content', responses: 'response', callbacks: 'callback' },
  content: { content: 'media' },
  response: { content: 'media', headers: 'content' },
  media: { encoding: 'encoding' },
  encoding: { headers: 'content' },
  schema: toAll(
    'schema', 'properties', 'patternProperties', '$defs', 'dependentSchemas', 'allOf', 'anyOf', 'oneOf', 'prefixItems'
  )
}

function toAll (kind: Kind, ...members: readonly string[]): { readonly [member: string]: Kind } {
  return Object.fromEntries(members.map((member) => [member, kind]))
}

/**
 * Every schema of an OpenAPI document, nested ones included, each once and where it is written: local references are not followed, those to
 * other files are, where they were put. So it ends, and never looks into examples, enumerations, defaults and extensions.
 */
export function schemas ({ resolved, written }: Judged): Place[] {
  const found: Place[] = []
  const followed = new Set<string>()
  const seen = new WeakSet()
  const visit = (value: unknown, put: unknown, path: readonly string[], kind: Kind, isOutside: boolean): void => {
    if (!isObject(value) || (isOutside && seen.has(value))) return
    if (isOutside) seen.add(value)
    const reference = value['$ref']
    if (typeof reference === 'string') {
      const key = `${kind} ${reference}`
      if (isOutside || reference.startsWith('#') || followed.has(key)) return
      followed.add(key)
      visit(put, put, path, kind, true)
      return
    }
    if (kind === 'schema') found.push({ value, path })
    const step = (holder: unknown, holderPut: unknown, name: string, way: readonly string[], inner: Kind): void => {
      visit((holder as Record<string, unknown>)[name], (holderPut as Record<string, unknown> | undefined)?.[name], [...way, name], inner, isOutside)
    }
    const stepEach = (holder: unknown, holderPut: unknown, way: readonly string[], inner: Kind): void => {
      if (typeof holder === 'object' && holder !== null) for (const name of Object.keys(holder)) step(holder, holderPut, name, way, inner)
    }
    if (kind === 'callback') stepEach(value, put, path, 'pathItem')
    for (const [name, inner] of Object.entries(one[kind] ?? {})) step(value, put, name, path, inner)
    for (const [name, inner] of Object.entries(many[kind] ?? {})) stepEach(value[name], member(put, name), [...path, name], inner)
  }
  visit(written, resolved, [], 'document', false)
  return found
}
