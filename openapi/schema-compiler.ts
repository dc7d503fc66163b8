import { Ajv } from 'ajv'
import type { KeywordDefinition, ValidateFunction } from 'ajv'
import type { Contract } from './contract.ts'
import { atPointer, DocumentError, isObject } from './document.ts'
import type { JsonObject } from './document.ts'
import { addContractFormats } from './formats.ts'
import { schemaId, toJsonSchema } from './schema.ts'
import type { Direction } from './schema.ts'

/** Compiles a schema of a contract for what is received from callers (`request`) or from the upstream (`response`); `where` is named when it cannot. Throws DocumentError. */
export type SchemaCompiler = (schema: JsonObject, direction: Direction, where: string) => ValidateFunction

/** Schemas compiled to say something else about the same values: `rewrite` changes each, once it is JSON Schema, and `keywords` are what they have more. `all` finds everything that is wrong, and says what it was held to. */
export interface SchemaVariant { readonly rewrite?: (schema: JsonObject) => JsonObject, readonly keywords?: (ajv: Ajv) => readonly KeywordDefinition[], readonly all?: boolean }

/** Makes the compiler of a contract's schemas: each component is compiled once, when it is first needed, and what it makes changes nothing of what it checks. */
export function schemaCompiler ({ document, file }: Contract, { rewrite = (schema) => schema, keywords, all = false }: SchemaVariant = {}): SchemaCompiler {
  const ajv = new Ajv({ strict: false, strictNumbers: true, allErrors: all, verbose: all, unicodeRegExp: false, multipleOfPrecision: 8, logger: false, validateFormats: true })
  addContractFormats(ajv)
  for (const keyword of keywords?.(ajv) ?? []) ajv.addKeyword(keyword)
  const schemas = Object.entries(atPointer(document, '/components/schemas') ?? {})
  const added = new Set<Direction>()
  const addComponents = (direction: Direction): void => {
    if (added.has(direction)) return
    added.add(direction)
    for (const [name, schema] of schemas) if (isObject(schema)) ajv.addSchema(rewrite(toJsonSchema(schema, direction)), schemaId(`#/components/schemas/${name}`, direction))
  }
  return (schema, direction, where) => {
    addComponents(direction)
    try {
      return ajv.compile(rewrite(toJsonSchema(schema, direction)))
    } catch (error) {
      throw new DocumentError(file, `${where}: a schema cannot be compiled: ${(error as Error).message}`)
    }
  }
}
