import { Ajv } from 'ajv'
import type { KeywordDefinition, Options, ValidateFunction } from 'ajv'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { inlineRef } from 'ajv/dist/compile/resolve.js'
import type { Contract } from '../contract.ts'
import { DocumentError } from '../document.ts'
import type { Json, JsonObject } from '../document.ts'
import { expressionOf } from './expression.ts'
import { addContractFormats } from './formats.ts'
import { exactKeywords, Steps, TooManySteps, withCount, withLookups } from './keywords.ts'
import { mapSchemas } from './schema-walk.ts'
import { declaredNames } from '../json/pointer.ts'
import { isJsonSchemaDialect, schemaBehind, toJsonSchema } from './schema.ts'
import type { Direction } from './schema.ts'

/** Compiles a schema of a contract for what is received from callers (`request`) or from the upstream (`response`); `where` is named when it cannot. Throws DocumentError. */
export type SchemaCompiler = (schema: JsonObject, direction: Direction, where: string) => ValidateFunction

/** Schemas compiled to say something else about the same values: `rewrite` changes each, once it is JSON Schema, and `keywords` are what they have more. `all` finds everything that is wrong, and says what it was held to. */
export interface SchemaVariant { readonly rewrite?: (schema: JsonObject) => JsonObject, readonly keywords?: (ajv: Ajv) => readonly KeywordDefinition[], readonly all?: boolean }

/** Up to how many keywords a schema is written out where it is referred to. */
const inlined = 20

/** Patterns are matched in time by the length of a text (Ajv asks for `code` only where it writes programs). */
const regExp = Object.assign((pattern: string) => ({ test: expressionOf(pattern).test, toString: () => pattern }), { code: 'expressionOf' })

/**
 * Makes the compiler of a contract's schemas: what they refer to is compiled once, when it is first needed, and what it makes changes nothing of what it
 * checks. However a value is made, checking it takes time by its size, or it is refused.
 */
export function schemaCompiler ({ document, file }: Contract, { rewrite = (schema) => schema, keywords, all = false }: SchemaVariant = {}): SchemaCompiler {
  // Making the programs shorter takes a third of the time of writing them, and V8 runs them no faster for it.
  const options: Options = { strict: false, strictNumbers: true, allErrors: all, verbose: all, unicodeRegExp: false, logger: false, validateFormats: true, validateSchema: false, ownProperties: hasInherited(document), inlineRefs: inlined, code: { regExp, optimize: false } }
  const steps = new Steps()
  const ajv = prepare(isJsonSchemaDialect(document) ? new Ajv2020(options) : new Ajv(options), [steps.keyword, ...exactKeywords])
  for (const keyword of keywords?.(ajv) ?? []) ajv.addKeyword(keyword)
  const added = new Map<string, readonly string[]>()
  /** Adds what a schema refers to, and what that refers to. */
  const addReferred = (schema: JsonObject): boolean => {
    const waiting = [...referencesIn(schema)]
    for (const id of waiting) {
      if (added.has(id)) continue
      const found = schemaBehind(id, document)
      if (!found) throw new Error(`a reference points to nothing: ${decodeURIComponent(id.slice(id.indexOf('/') + 1))}`)
      const ids = referencesIn(found)
      added.set(id, ids)
      waiting.push(...ids)
    }
    return waiting.length > 0
  }
  let hasCounts = false
  const finish = (schema: JsonObject): JsonObject => mapSchemas(rewrite(schema), withLookups)
  const define = (): void => {
    const news = [...added.keys()].filter((id) => !ajv.schemas[id] && !ajv.refs[id])
    for (const id of news) {
      const schema = finish(schemaBehind(id, document) ?? {})
      const isCounted = isChoice(schema) && leadsBack(id, added)
      hasCounts ||= isCounted
      ajv.addSchema(isCounted ? withCount(schema) : schema, id)
    }
    compileInTurn(ajv, news)
  }
  return (schema, direction, where) => {
    try {
      const own = toJsonSchema(schema, direction, document)
      if (addReferred(own)) define()
      const validate = ajv.compile(finish(own))
      return hasCounts ? bounded(validate, steps) : validate
    } catch (error) {
      throw new DocumentError(file, `${where}: a schema cannot be compiled: ${(error as Error).message}`)
    }
  }
}

// Every object has these names; only where a contract uses them is it worth the time to ask whether they are its own.
function hasInherited (document: JsonObject): boolean {
  const names = declaredNames(document)
  return Object.getOwnPropertyNames(Object.prototype).some((name) => names.has(name))
}

function prepare (ajv: Ajv, keywords: readonly KeywordDefinition[]): Ajv {
  addContractFormats(ajv)
  for (const definition of keywords) {
    const names = [definition.keyword].flat()
    for (const name of names) if (ajv.getKeyword(name)) ajv.removeKeyword(name)
    ajv.addKeyword(definition)
  }
  return ajv
}

function referencesIn (schema: JsonObject): readonly string[] {
  const ids: string[] = []
  mapSchemas(schema, (one) => {
    if (typeof one['$ref'] === 'string') ids.push(one['$ref'])
    return one
  })
  return ids
}

/**
 * Compiles added schemas one after the other. Ajv compiles what a schema refers to in the midst of it, and that in the midst of the next: hundreds of
 * schemas that lead to each other would not fit on the stack. What it takes to be under way it leaves for later.
 */
function compileInTurn (ajv: Ajv, ids: readonly string[]): void {
  const { _compilations: under } = ajv
  const waiting = new Map(ids.toReversed().flatMap((id) => {
    const schema = ajv.schemas[id]
    return schema && !inlineRef(schema.schema, inlined) ? [[id, schema]] : []
  }))
  for (const schema of waiting.values()) under.add(schema)
  try {
    for (const [id, schema] of waiting) {
      under.delete(schema)
      ajv.getSchema(id)
    }
  } finally {
    for (const schema of waiting.values()) under.delete(schema)
  }
}

/** Whether one value is looked at in several ways. */
function isChoice (schema: Json): boolean {
  if (typeof schema !== 'object' || schema === null) return false
  return Object.entries(schema).some(([name, member]) => ['allOf', 'anyOf', 'oneOf', 'not', 'if', 'closest'].includes(name) || isChoice(member))
}

/** Whether a schema contains itself, over however many others. */
function leadsBack (id: string, graph: ReadonlyMap<string, readonly string[]>): boolean {
  const reached = new Set(graph.get(id))
  for (const next of reached) for (const further of graph.get(next) ?? []) reached.add(further)
  return reached.has(id)
}

/** Gives up on a value that a schema which contains itself would be checked against without end. */
function bounded (validate: ValidateFunction, steps: Steps): ValidateFunction {
  const check = (value: unknown): boolean => {
    steps.start()
    try {
      const fits = validate(value)
      result.errors = validate.errors ?? null
      return fits
    } catch (error) {
      if (!(error instanceof TooManySteps)) throw error
      result.errors = [{ keyword: 'complexity', instancePath: '', schemaPath: '', params: {}, message: 'can be read in too many ways to be checked' }]
      return false
    }
  }
  const result = Object.assign(check, { schema: validate.schema, schemaEnv: validate.schemaEnv, errors: null as ValidateFunction['errors'] }) as ValidateFunction
  return result
}
