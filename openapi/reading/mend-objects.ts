import { escapeToken, slotOf } from './anatomy.ts'
import type { Kind, Slot } from './anatomy.ts'
import { styles } from './declared-parameters.ts'
import { isObject } from '../document.ts'
import type { Json, JsonObject } from '../document.ts'
import type { Notes } from './note.ts'

/** What is read as the object that it has to be. Schemas are put right by themselves, and the rest says nothing that is served. */
const mended = new Set<Kind>(['document', 'components', 'pathItem', 'operation', 'parameter', 'header', 'requestBody', 'response', 'mediaType', 'encoding'])

/**
 * Makes everything in a document that is served the kind of object that OpenAPI has there: real contracts have answers and headers with nothing in them, and
 * parameters as Swagger 2 wrote them. What is meant beyond doubt is put right, what is not is left out, each with a note.
 */
export function mendObjects (document: JsonObject, notes: Notes): JsonObject {
  return mendMembers(document, 'document', '', notes)
}

function mendMembers (object: JsonObject, kind: Kind, pointer: string, notes: Notes): JsonObject {
  const members = Object.entries(object).map(([name, value]): [string, Json | undefined] => {
    const slot = slotOf(kind, name, value)
    return [name, slot ? mendSlot(value, slot, `${pointer}/${escapeToken(name)}`, notes) : value]
  })
  const isSame = members.every(([name, value]) => value === object[name])
  return isSame ? object : Object.fromEntries(members.filter((entry): entry is [string, Json] => entry[1] !== undefined))
}

function mendSlot (value: Json, slot: Slot, pointer: string, notes: Notes): Json | undefined {
  const { kind, many } = slot
  // Whether there are paths at all, and what stands at one, is not for mending.
  if (kind === 'pathItem') return isObject(value) ? mapValues(value, (item, name) => isObject(item) ? mendMembers(withMethods(item, `${pointer}/${escapeToken(name)}`, notes), kind, `${pointer}/${escapeToken(name)}`, notes) : item) : value
  if (kind === 'schema') return many !== 'one' || isObject(value) || typeof value === 'boolean' ? value : leaveOut(pointer, notes)
  if (!mended.has(kind)) return value
  if (many === 'map') return isObject(value) ? mapValues(value, (member, name) => kind === 'response' && name.startsWith('x-') ? member : mendOne(member, kind, `${pointer}/${escapeToken(name)}`, notes) ?? {}) : leaveOut(pointer, notes)
  if (many === 'one') return kind === 'operation' ? (isObject(value) ? mendMembers(value, kind, pointer, notes) : value) : mendOne(value, kind, pointer, notes)
  const list: readonly Json[] | undefined = Array.isArray(value) ? value : undefined
  return list ? list.map((member, index) => mendOne(member, kind, `${pointer}/${index}`, notes)).filter((member) => member !== undefined) : leaveOut(pointer, notes)
}

/** Methods are in lower case; one in upper case is meant for nothing else. */
function withMethods (item: JsonObject, pointer: string, notes: Notes): JsonObject {
  const wrong = Object.keys(item).filter((member) => slotOf('pathItem', member, null)?.kind === 'operation' && member !== member.toLowerCase() && !Object.hasOwn(item, member.toLowerCase()))
  if (wrong.length === 0) return item
  for (const member of wrong) notes.add(`${pointer}/${member}`, `the method ${member} is read as ${member.toLowerCase()}`)
  return Object.fromEntries(Object.entries(item).map(([member, value]) => [wrong.includes(member) ? member.toLowerCase() : member, value]))
}

function mapValues (object: JsonObject, change: (value: Json, name: string) => Json): JsonObject {
  const members = Object.entries(object).map(([name, value]): [string, Json] => [name, change(value, name)])
  return members.every(([name, value]) => value === object[name]) ? object : Object.fromEntries(members)
}

function mendOne (value: Json, kind: Kind, pointer: string, notes: Notes): JsonObject | undefined {
  if (!isObject(value)) return leaveOut(pointer, notes)
  if (typeof value['$ref'] === 'string') return value
  return mendMembers(kind === 'parameter' ? mendParameter(value, pointer, notes) : value, kind, pointer, notes)
}

function leaveOut (pointer: string, notes: Notes): undefined {
  notes.add(pointer, `what stands at #${pointer} is nothing that OpenAPI has there: it is left out`)
  return undefined
}

/** Members of a parameter that are those of its schema in Swagger 2. */
const ofSchemas = ['type', 'format', 'enum', 'pattern', 'items', 'minimum', 'maximum', 'minLength', 'maxLength', 'minItems', 'maxItems', 'default']

function mendParameter (parameter: JsonObject, pointer: string, notes: Notes): JsonObject {
  const { name, in: place, style, schema, content, required } = parameter
  const changed: Record<string, Json> = { ...parameter }
  if (typeof place === 'string' && Object.hasOwn(styles, place) && style !== undefined && !(styles[place as keyof typeof styles] as readonly Json[]).includes(style)) {
    delete changed['style']
    notes.add(`${pointer}/style`, `the style ${JSON.stringify(style)} is none of parameters in ${place}: it is left out`)
  }
  if (typeof place === 'string' && !Object.hasOwn(styles, place) && Object.hasOwn(styles, place.toLowerCase())) {
    changed['in'] = place.toLowerCase()
    notes.add(pointer, `the parameter ${JSON.stringify(name ?? null)} is in ${place}: that is read as ${place.toLowerCase()}`)
  }
  if (typeof required === 'string') changed['required'] = required === 'true'
  const hasContent = isObject(content) && Object.keys(content).length > 0
  if (!isObject(schema) && typeof schema !== 'boolean' && !hasContent) {
    const own = Object.entries(parameter).filter(([member]) => ofSchemas.includes(member))
    changed['schema'] = own.length > 0 ? Object.fromEntries(own) : { type: 'string' }
    notes.add(pointer, `the parameter ${JSON.stringify(name ?? null)} has no schema: it is read as ${JSON.stringify(changed['schema']).slice(0, 200)}`)
  }
  return Object.keys(changed).length === Object.keys(parameter).length && changed['style'] === style && changed['required'] === required && changed['in'] === place && changed['schema'] === schema ? parameter : changed
}
