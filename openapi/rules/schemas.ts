import { isObject } from '../document.ts'

/** A schema and where it stands in the document. */
export interface Found { readonly value: unknown, readonly path: readonly string[] }

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

/** Every schema object written in an OpenAPI document, nested ones included. References are not followed: it ends. */
export function schemas (document: unknown): Found[] {
  const found: Found[] = []
  visit({ value: document, path: [] }, 'document', found)
  return found
}

function visit ({ value, path }: Found, kind: Kind, found: Found[]): void {
  if (!isObject(value) || '$ref' in value) return
  if (kind === 'schema') found.push({ value, path })
  if (kind === 'callback') visitEach({ value, path }, 'pathItem', found)
  for (const [name, inner] of Object.entries(one[kind] ?? {})) {
    visit({ value: value[name], path: [...path, name] }, inner, found)
  }
  for (const [name, inner] of Object.entries(many[kind] ?? {})) {
    visitEach({ value: value[name], path: [...path, name] }, inner, found)
  }
}

function visitEach ({ value, path }: Found, kind: Kind, found: Found[]): void {
  if (typeof value !== 'object' || value === null) return
  for (const [name, inner] of Object.entries(value)) visit({ value: inner, path: [...path, name] }, kind, found)
}
