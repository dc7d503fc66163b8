import { isObject } from '../document.ts'
import type { Json, JsonObject } from '../document.ts'

/** The objects of OpenAPI 3.0 and 3.1 that hold others; `extension` is one of ours (`x-modi`), whose members may be references. */
export type Kind = 'document' | 'components' | 'pathItem' | 'operation' | 'parameter' | 'header' | 'requestBody' | 'response' | 'mediaType' | 'encoding' | 'schema' | 'example' | 'link' | 'callback' | 'securityScheme' | 'plain' | 'extension'

/** What stands at a member: one object, a list of them, or several by name (`map`). */
export interface Slot { readonly kind: Kind, readonly many: 'one' | 'list' | 'map' }

const one = (kind: Kind): Slot => ({ kind, many: 'one' })
const list = (kind: Kind): Slot => ({ kind, many: 'list' })
const map = (kind: Kind): Slot => ({ kind, many: 'map' })

const named = { parameters: map('parameter'), headers: map('header'), responses: map('response'), examples: map('example'), callbacks: map('callback') }
const described = { schema: one('schema'), examples: map('example'), content: map('mediaType') }

const members: Readonly<Record<Kind, Readonly<Record<string, Slot>>>> = {
  document: { paths: map('pathItem'), webhooks: map('pathItem'), components: one('components'), info: one('plain'), servers: list('plain'), tags: list('plain'), 'x-modi': one('extension') },
  components: { ...named, schemas: map('schema'), requestBodies: map('requestBody'), links: map('link'), securitySchemes: map('securityScheme'), pathItems: map('pathItem') },
  pathItem: {
    ...Object.fromEntries(['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'].map((method) => [method, one('operation')])), parameters: list('parameter'), servers: list('plain'), 'x-modi': one('extension')
  },
  operation: { parameters: list('parameter'), requestBody: one('requestBody'), responses: map('response'), callbacks: map('callback'), servers: list('plain'), 'x-modi': one('extension') },
  parameter: described,
  header: described,
  requestBody: { content: map('mediaType') },
  response: { headers: map('header'), content: map('mediaType'), links: map('link') },
  mediaType: { schema: one('schema'), examples: map('example'), encoding: map('encoding') },
  encoding: { headers: map('header') },
  schema: {
    ...Object.fromEntries(['items', 'additionalItems', 'additionalProperties', 'not', 'contains', 'propertyNames', 'if', 'then', 'else', 'unevaluatedItems', 'unevaluatedProperties', 'contentSchema'].map((keyword) => [keyword, one('schema')])),
    ...Object.fromEntries(['allOf', 'anyOf', 'oneOf', 'prefixItems'].map((keyword) => [keyword, list('schema')])),
    ...Object.fromEntries(['properties', 'patternProperties', 'dependentSchemas', '$defs', 'definitions'].map((keyword) => [keyword, map('schema')]))
  },
  example: {},
  link: {},
  callback: {},
  securityScheme: {},
  plain: {},
  extension: {}
}

/** Where under components an object of a kind may stand; other kinds have no place there. */
export const componentsOf: Readonly<Partial<Record<Kind, string>>> = {
  schema: 'schemas', parameter: 'parameters', header: 'headers', requestBody: 'requestBodies', response: 'responses', example: 'examples', link: 'links', callback: 'callbacks', securityScheme: 'securitySchemes'
}

/** What a member of an object holds; undefined when it is data: a text, an example, an extension of somebody else. */
export function slotOf (kind: Kind, member: string, value: Json): Slot | undefined {
  if (kind === 'extension') return Array.isArray(value) ? list('extension') : one('extension')
  if (kind === 'callback') return member.startsWith('x-') ? undefined : one('pathItem')
  const slots = members[kind]
  const name = kind === 'pathItem' ? member.toLowerCase() : member
  const slot = Object.hasOwn(slots, name) ? slots[name] : undefined
  return slot?.kind === 'schema' && slot.many === 'one' && Array.isArray(value) ? list('schema') : slot
}

/** A schema of a document, and where it stands (RFC 6901). */
export interface PlacedSchema { readonly pointer: string, readonly schema: JsonObject }

/** Every schema of a document, those inside of others included, wherever OpenAPI has one; references are not followed. */
export function * schemasIn (value: Json | undefined, { kind, many }: Slot = one('document'), pointer = ''): Generator<PlacedSchema> {
  if (typeof value !== 'object' || value === null) return
  if (many !== 'one' || Array.isArray(value)) {
    for (const [name, member] of Object.entries(value)) yield * schemasIn(member, one(kind), `${pointer}/${escapeToken(name)}`)
    return
  }
  if (!isObject(value)) return
  if (kind === 'schema') yield { pointer, schema: value }
  for (const [name, member] of Object.entries(value)) {
    const slot = slotOf(kind, name, member)
    if (slot) yield * schemasIn(member, slot, `${pointer}/${escapeToken(name)}`)
  }
}

/** Changes every schema of a document where it stands, those inside of others first; what does not change is shared with the document that is given. */
export function mapSchemasIn (value: Json, change: (placed: PlacedSchema) => JsonObject, { kind, many }: Slot = one('document'), pointer = ''): Json {
  if (typeof value !== 'object' || value === null) return value
  let isSame = true
  const mapped = Object.entries(value).map(([name, member]: [string, Json]): [string, Json] => {
    const slot = many !== 'one' || Array.isArray(value) ? one(kind) : slotOf(kind, name, member)
    const inner = slot ? mapSchemasIn(member, change, slot, `${pointer}/${escapeToken(name)}`) : member
    isSame &&= inner === member
    return [name, inner]
  })
  const result = isSame ? value : Array.isArray(value) ? mapped.map(([, member]) => member) : Object.fromEntries(mapped)
  return kind === 'schema' && many === 'one' && isObject(result) ? change({ pointer, schema: result }) : result
}

/** A member's name as a part of an RFC 6901 pointer. */
export function escapeToken (name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1')
}
