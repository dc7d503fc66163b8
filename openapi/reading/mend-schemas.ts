import { escapeToken, mapSchemasIn } from './anatomy.ts'
import { isObject } from '../document.ts'
import type { Json, JsonObject } from '../document.ts'
import { expressionOf, PatternFault } from '../schemas/expression.ts'
import { isKnownFormat } from '../schemas/formats.ts'
import { mendKeyword } from './mend-keyword.ts'
import type { Notes } from './note.ts'
import { isJsonSchemaDialect } from '../schemas/schema.ts'

/** What mending schemas needs: `fail` makes the error for what is at a pointer, `written` tells how a value is spelt in its file. */
export interface SchemaMender { readonly notes: Notes, readonly fail: (pointer: string, message: string) => Error, readonly written: (pointer: string) => string | undefined }

/**
 * Makes every schema of a document one that can be compiled: real contracts have wrong types of values, misspelt types, enums that no value of their type is
 * in. What is meant beyond doubt is put right, what is not is left out, each with a note; so are formats that nobody knows. Throws what `fail` makes for a
 * pattern that cannot be matched.
 */
export function mendSchemas (given: JsonObject, mender: SchemaMender): JsonObject {
  const document = withoutOthers(given, mender.notes)
  const isJsonSchema = isJsonSchemaDialect(document)
  return mapSchemasIn(document, ({ pointer, schema }) => {
    const changed = Object.entries(schema).map(([keyword, value]): [string, Json | undefined] => [keyword, mendOne(keyword, value, pointer, mender)])
    const isSame = changed.every(([keyword, value]) => value === schema[keyword])
    const mended = isSame ? schema : Object.fromEntries(changed.filter((entry): entry is [string, Json] => entry[1] !== undefined))
    checkPatterns(mended, pointer, mender)
    noteOddities(mended, pointer, isJsonSchema, mender.notes)
    return mendType(mended, pointer, mender)
  }) as JsonObject
}

/** What stands among the component schemas and is none says nothing of a value. */
function withoutOthers (document: JsonObject, notes: Notes): JsonObject {
  const { components } = document
  if (!isObject(components) || !isObject(components['schemas'])) return document
  const schemas = Object.entries(components['schemas']).map(([name, schema]): [string, Json] => {
    if (isObject(schema) || typeof schema === 'boolean') return [name, schema]
    notes.add(`/components/schemas/${escapeToken(name)}`, `schema "${name}" is none: any value is taken`)
    return [name, {}]
  })
  return { ...document, components: { ...components, schemas: Object.fromEntries(schemas) } }
}

function mendOne (keyword: string, value: Json, pointer: string, { notes }: SchemaMender): Json | undefined {
  const mended = mendKeyword(keyword, value)
  if (mended === value) return value
  notes.add(`${pointer}/${escapeToken(keyword)}`, mended === undefined ? `${keyword}: ${shown(value)} is none that can be checked: it is left out` : `${keyword}: ${shown(value)} is read as ${shown(mended)}`)
  return mended
}

function checkPatterns (schema: JsonObject, pointer: string, mender: SchemaMender): void {
  if (typeof schema['pattern'] === 'string') checkPattern(schema['pattern'], `${pointer}/pattern`, mender)
  for (const name of Object.keys(isObject(schema['patternProperties']) ? schema['patternProperties'] : {})) checkPattern(name, `${pointer}/patternProperties/${escapeToken(name)}`, mender)
}

function checkPattern (pattern: string, pointer: string, { notes, fail }: SchemaMender): void {
  try {
    const { note } = expressionOf(pattern)
    if (note !== undefined) notes.add(pointer, `the pattern ${shown(pattern)} ${note}`)
  } catch (error) {
    if (!(error instanceof PatternFault)) throw error
    throw fail(pointer, `the pattern ${shown(pattern)} ${error.message}`)
  }
}

function noteOddities (schema: JsonObject, pointer: string, isJsonSchema: boolean, notes: Notes): void {
  const { format, nullable, type, enum: values } = schema
  if (typeof format === 'string' && !isKnownFormat(format)) notes.add(`${pointer}/format`, `the format ${shown(format)} is not known: values are not checked for it`)
  if (nullable !== true) return
  if (isJsonSchema) notes.add(`${pointer}/nullable`, 'nullable is not of OpenAPI 3.1 and says nothing: add "null" to the type')
  else if (typeof type !== 'string') notes.add(`${pointer}/nullable`, 'nullable says nothing where there is no type beside it (OpenAPI 3.0.3)')
  else if (Array.isArray(values) && !values.includes(null)) notes.add(`${pointer}/nullable`, 'null is not taken: nullable does not add it to an enum that does not list it (OpenAPI 3.0.3)')
}

/** How a type is also called, and which type of JSON is meant. */
const types: Readonly<Record<string, string>> = {
  str: 'string', text: 'string', date: 'string', datetime: 'string', 'date-time': 'string', time: 'string', uuid: 'string', uri: 'string', url: 'string', email: 'string', byte: 'string', binary: 'string', file: 'string', password: 'string', char: 'string', enum: 'string',
  int: 'integer', int32: 'integer', int64: 'integer', long: 'integer', short: 'integer', bigint: 'integer', float: 'number', double: 'number', decimal: 'number', bigdecimal: 'number', numeric: 'number', bool: 'boolean', list: 'array', map: 'object', dict: 'object'
}
const known = new Set(['string', 'integer', 'number', 'boolean', 'array', 'object', 'null'])

function mendType (schema: JsonObject, pointer: string, mender: SchemaMender): JsonObject {
  const { type, ...others } = schema
  if (type === undefined) return schema
  const mended = [type].flat().map((one: Json) => typeof one === 'string' ? typeNamed(one) : one === null ? 'null' : undefined).filter((one) => one !== undefined)
  const isSame = [type].flat().every((one: Json, index) => one === mended[index]) && mended.length > 0
  const name = mended.length === 1 && !Array.isArray(type) ? mended[0] : mended
  if (!isSame) mender.notes.add(`${pointer}/type`, name === undefined || name.length === 0 ? `type: ${shown(type)} is none that is known: any value is taken` : `type: ${shown(type)} is read as ${shown(name)}`)
  if (name === undefined || name.length === 0) return others
  // A type that is the name of a format says more than the type that it is read as.
  const format = !isSame && typeof type === 'string' && others['format'] === undefined && name === 'string' && isKnownFormat(type.toLowerCase()) ? { format: type.toLowerCase() } : {}
  const withType = isSame ? schema : { ...others, type: name, ...format }
  return Array.isArray(others['enum']) ? mendEnum(withType, others['enum'], new Set(mended), pointer, mender) : withType
}

function typeNamed (name: string): string | undefined {
  const lower = name.trim().toLowerCase()
  return known.has(lower) ? lower : Object.hasOwn(types, lower) ? types[lower] : undefined
}

/** Values of an enum that are of another type than all values are, as YAML reads `01`, `1.0` and `true` where texts are meant. */
function mendEnum (schema: JsonObject, values: readonly Json[], allowed: ReadonlySet<string>, pointer: string, { notes, written }: SchemaMender): JsonObject {
  const isText = allowed.has('string') && ![...allowed].some((type) => type !== 'string' && type !== 'null')
  const isNumber = (allowed.has('integer') || allowed.has('number')) && !allowed.has('string')
  const mended = values.map((value, index): Json => {
    if (isText && (typeof value === 'number' || typeof value === 'boolean')) return written(`${pointer}/enum/${index}`) ?? String(value)
    if (isNumber && typeof value === 'string' && /^-?\d+(?:\.\d+)?$/.test(value)) return Number(value)
    return value
  })
  if (mended.every((value, index) => value === values[index])) return schema
  notes.add(`${pointer}/enum`, `enum: ${shown(values)} is read as ${shown(mended)}, because of its type`)
  return { ...schema, enum: mended }
}

function shown (value: Json): string {
  const text = JSON.stringify(value)
  return text.length > 200 ? `${text.slice(0, 200)}…` : text
}
