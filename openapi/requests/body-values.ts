import type { Encoding, Encodings } from '../reading/declared-body.ts'
import { isDeepName, readDeepObject } from './deep-object.ts'
import { isJsonType } from '../answers/json-answers.ts'
import { parseJsonExactly } from '../json/json.ts'
import { essence, matchMediaType } from './media-type.ts'
import type { Part } from './multipart.ts'
import { decodeComponent } from './query.ts'
import type { QueryPair } from './query.ts'
import type { Violation } from '../schemas/schema-judge.ts'
import type { Members, Shape } from './shape.ts'
import { escapePointer, once, readList, readMembers, readScalar } from './typed-values.ts'
import type { Typed } from './typed-values.ts'
import { notationOf } from './written.ts'

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** A text in UTF-8; undefined when it is none. */
export function utf8Text (bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes)
  } catch {
    return undefined
  }
}

/** Bytes as a string of as many characters: its length is what a schema can say of them. */
export function binaryText (bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
}

/** Reads the object that the pairs of an urlencoded form are (OpenAPI 3.0.3, Encoding Object), each property as it is encoded. */
export function readForm (members: Members, encodings: Encodings, pairs: readonly QueryPair[]): Typed {
  const values = Object.create(null) as Record<string, unknown>
  const left = Map.groupBy(pairs, ({ name }) => name)
  const take = (names: readonly string[]): readonly QueryPair[] => names.flatMap((name) => {
    const taken = left.get(name) ?? []
    left.delete(name)
    return taken
  })
  for (const name of members.declared) {
    const shape = members.shapeOf(name)
    if (!shape) continue
    const encoding = encodings.get(name)
    const pointer = `/${escapePointer(name)}`
    const isSpread = shape.members !== undefined && encoding?.style === 'form' && encoding.explode
    const own = encoding?.style === 'deepObject' && shape.members ? take([...left.keys()].filter((one) => isDeepName(one, name)))
      : isSpread ? take([...shape.members?.declared.keys() ?? []]) : take([name])
    if (own.length === 0) continue
    const read = isSpread && shape.members ? readMembers(shape.members, [...Map.groupBy(own, (pair) => pair.name)].map(([one, some]) => [one, some.map(({ value }) => value)]), pointer) : readProperty(name, shape, encoding, own, pointer)
    if ('violation' in read) return read
    values[name] = read.value
  }
  for (const [name, [first, second]] of left) {
    if (second) return { violation: once('/*') }
    const shape = members.shapeOf(name)
    const read = shape ? readScalar(shape, first?.value ?? '', '/*') : { value: first?.value }
    if ('violation' in read) return read
    values[name] = read.value
  }
  return { value: values }
}

function readProperty (name: string, shape: Shape, encoding: Encoding | undefined, pairs: readonly QueryPair[], pointer: string): Typed {
  const [first, second] = pairs
  const notation = notationOf({ name, in: 'query', style: encoding?.style ?? 'form', explode: encoding?.explode ?? true }, decodeComponent)
  if (encoding?.style === 'deepObject' && shape.members) return readDeepObject(shape.members, name, pairs, pointer)
  if (shape.items && (second || shape.scalars.length === 0)) {
    const texts = notation.list(pairs)
    return texts ? readList(shape.items, texts, pointer) : { violation: once(pointer) }
  }
  if (second) return { violation: once(pointer) }
  const written = encoding?.style && shape.members ? notation.members(pairs) : undefined
  if (written && shape.members) return readMembers(shape.members, written, pointer)
  // Without a style of its own an object is one JSON text (OpenAPI 3.0.3, Encoding Object, contentType).
  if (shape.members && shape.scalars.length === 0) return readJsonText(first?.value ?? '', pointer)
  return readScalar(shape, first?.value ?? '', pointer)
}

function readJsonText (text: string, pointer: string): Typed {
  return readJsonBytes(Buffer.from(text), pointer)
}

function readJsonBytes (bytes: Uint8Array, pointer: string): Typed {
  const parsed = parseJsonExactly(bytes)
  return 'fault' in parsed ? { violation: { pointer, rule: 'json', expected: `cannot be read: ${parsed.fault}` } } : { value: parsed.exact ?? parsed.value }
}

/** Reads the object that the parts of a form are, each by the property of its name. */
export function readParts (members: Members, encodings: Encodings, parts: readonly Part[]): Typed {
  const values = Object.create(null) as Record<string, unknown>
  for (const [name, some] of Map.groupBy(parts, (part) => part.name)) {
    const shape = members.shapeOf(name)
    const pointer = members.declared.has(name) ? `/${escapePointer(name)}` : '/*'
    const isList = shape?.items !== undefined && (some.length > 1 || shape.scalars.length === 0)
    if (some.length > 1 && !isList) return { violation: once(pointer) }
    const read = some.map((part, index) => readPart(isList ? shape?.items : shape, encodings.get(name), part, isList ? `${pointer}/${index}` : pointer))
    const fault = read.find((one) => 'violation' in one)
    if (fault) return fault
    const all = read.map((one) => 'value' in one ? one.value : undefined)
    values[name] = isList ? all : all[0]
  }
  return { value: values }
}

const isAny = (shape: Shape | undefined): boolean => shape?.isAny ?? true
const isText = (type: string): boolean => type === 'text/plain'

function readPart (shape: Shape | undefined, encoding: Encoding | undefined, part: Part, pointer: string): Typed {
  const wrong = (rule: string, expected: string): { readonly violation: Violation } => ({ violation: { pointer, rule, expected } })
  const missing = encoding?.requiredHeaders.find((name) => !part.headers.has(name))
  if (missing !== undefined) return wrong('required', `must have the part header ${missing}`)
  const types = encoding?.types ?? []
  if (types.length > 0 && (part.type === undefined ? part.filename !== undefined : matchMediaType(part.type, types) === undefined)) return wrong('contentType', `must be of the media type ${types.join(' or ')}`)
  const charset = part.type === undefined ? undefined : /;\s*charset\s*=\s*"?([^\s;"]*)/i.exec(part.type)?.[1]?.toLowerCase()
  const type = part.type === undefined ? types.find(isConcrete) ?? (shape?.members && shape.scalars.length === 0 ? 'application/json' : 'text/plain') : essence(part.type)
  if (shape?.isBinary || (isAny(shape) && (part.filename !== undefined || !(isText(type) || isJsonType(type))))) return { value: binaryText(part.bytes) }
  if (charset !== undefined && charset !== 'utf-8' && charset !== 'us-ascii') return wrong('charset', 'must be in UTF-8')
  if (isJsonType(type)) return readJsonBytes(part.bytes, pointer)
  if (shape?.members && shape.scalars.length === 0) return wrong('contentType', 'must be of the media type application/json')
  if (types.length === 0 && !isText(type) && !isFile(part, type)) return wrong('contentType', 'must be of the media type text/plain')
  const text = utf8Text(part.bytes)
  if (text === undefined) return wrong('encoding', 'must be in UTF-8')
  return shape ? readScalar(shape, text, pointer) : { value: text }
}

/** A file may be of any type, also where a contract says no more than that it is a text. */
function isFile ({ filename }: Part, type: string): boolean {
  return filename !== undefined || type === 'application/octet-stream'
}

function isConcrete (type: string): boolean {
  return !type.includes('*')
}
