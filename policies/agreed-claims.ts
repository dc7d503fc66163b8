import { Ajv } from 'ajv'
import type { ErrorObject } from 'ajv'
import { atPointer, isObject } from '../openapi/document.ts'
import type { JsonObject } from '../openapi/document.ts'
import { addContractFormats } from '../openapi/schemas/formats.ts'
import { findPatternFault, longestMatched } from '../openapi/schemas/pattern.ts'
import { declaredNames, shownPointer } from '../openapi/json/pointer.ts'
import { schemaId, toJsonSchema } from '../openapi/schemas/schema.ts'

/** The claims of tracking evidence that producer and consumer agreed on (userID, userLocation, LoA or others), as the contract describes them. */
export interface AgreedClaims {
  /** Their JSON Schema as the contract has it. */
  readonly schema: JsonObject
  /** The names of those that it has at its top. */
  readonly names: readonly string[]
  /** Everything that is wrong with the claims of a piece of evidence, by claim and rule; never a value, which may be personal data. Never throws, and takes some 100 ms at most. */
  findFaults (claims: Readonly<Record<string, unknown>>): readonly string[]
}

/** Claims that the patterns AUDIT_REST_01 and AUDIT_REST_02 have by themselves: a schema that closes the list need not name them. */
const ownOfThePattern = ['iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'jti', 'purposeId', 'dnonce']

const most = { entries: 200, levels: 8, faults: 20, characters: 300 }

/**
 * Prepares compiling the schemas of agreed claims of one contract; `document` is the contract, whose components they may refer to. What it
 * returns throws a sentence when a schema cannot be compiled, has what is not known, or a pattern that a text could keep busy.
 */
export function prepareAgreedClaims (document: JsonObject): (schema: JsonObject) => AgreedClaims {
  const compiled = new Map<JsonObject, AgreedClaims>()
  const shared = declaredNames(document)
  let ajv: Ajv | undefined
  return (schema) => {
    const known = compiled.get(schema)
    if (known) return known
    const claims = compile(ajv ??= prepareAjv(document), schema, { document, declared: declaredNames(schema, new Set(shared)) })
    compiled.set(schema, claims)
    return claims
  }
}

// In strict mode a rule that would never apply, as a pattern for a number, is an error: nobody would enforce it.
function prepareAjv (document: JsonObject): Ajv {
  const regExp = Object.assign(boundedExpression, { code: 'new RegExp' })
  const ajv = new Ajv({
    strict: true, strictTypes: true, strictTuples: false, strictRequired: false, allowUnionTypes: true, allErrors: true, ownProperties: true, unicodeRegExp: false, multipleOfPrecision: 8, logger: false, code: { regExp }
  })
  addContractFormats(ajv)
  // A claim beyond these was rounded when the JWT was read: nobody can say that it is what was agreed on.
  ajv.addFormat('int64', { type: 'number', validate: Number.isSafeInteger })
  const schemas = atPointer(document, '/components/schemas')
  for (const [name, schema] of Object.entries(isObject(schemas) ? schemas : {})) {
    if (isObject(schema)) ajv.addSchema(toJsonSchema(schema, 'request'), schemaId(`#/components/schemas/${name}`, 'request'))
  }
  return ajv
}

function boundedExpression (pattern: string): RegExp {
  const fault = findPatternFault(pattern)
  if (fault !== undefined) throw new Error(`the pattern ${JSON.stringify(pattern)} ${fault}`)
  return new RegExp(pattern)
}

function compile (ajv: Ajv, schema: JsonObject, { document, declared }: { readonly document: JsonObject, readonly declared: ReadonlySet<string> }): AgreedClaims {
  const { properties, required, ...rules } = toJsonSchema(followed(schema, document), 'request')
  if (![rules['type'] ?? 'object'].flat().includes('object')) throw new Error('the claims of a JWT are an object')
  const own = isObject(properties) ? properties : {}
  const open = rules['additionalProperties'] === false ? Object.fromEntries(ownOfThePattern.map((name) => [name, {}])) : {}
  const names = [...new Set([...Object.keys(own), ...Array.isArray(required) ? required.map(String) : []])]
  const validate = ajv.compile({ ...rules, type: 'object', properties: { ...open, ...own }, ...required !== undefined && { required } })
  return {
    schema,
    names,
    findFaults: (claims) => {
      const excess = findExcess(claims)
      if (excess !== undefined) return [excess]
      const misspelt = findMisspelt(names, claims)
      const errors = validate(claims) ? [] : validate.errors ?? []
      return [...new Set([...misspelt, ...errors.map((error) => tell(error, claims, declared))])].slice(0, most.faults)
    }
  }
}

// One that only names a component is that component.
function followed (schema: JsonObject, document: JsonObject): JsonObject {
  const { $ref: reference } = schema
  if (typeof reference !== 'string') return schema
  const found = atPointer(document, reference.slice(1))
  if (!isObject(found)) throw new Error(`"${reference}" points to nothing`)
  return followed(found, document)
}

// What a schema costs grows with what it is matched with; no agreed claim needs more.
function findExcess (value: unknown, level = 1): string | undefined {
  if (typeof value === 'string') return value.length > longestMatched ? `a text is longer than ${longestMatched} characters` : undefined
  if (typeof value !== 'object' || value === null) return undefined
  if (level > most.levels) return `the claims are nested deeper than ${most.levels} levels`
  const entries = Object.entries(value)
  if (entries.length > most.entries) return `a list or an object has more than ${most.entries} entries`
  for (const [name, member] of entries) {
    const excess = findExcess(name) ?? findExcess(member, level + 1)
    if (excess !== undefined) return excess
  }
  return undefined
}

// The names of claims are case-sensitive (RFC 7519, 4), and theirs are easily mistaken: LoA, userID.
function findMisspelt (names: readonly string[], claims: Readonly<Record<string, unknown>>): readonly string[] {
  return names.filter((name) => !Object.hasOwn(claims, name)).flatMap((name) =>
    Object.keys(claims).filter((received) => received.toLowerCase() === name.toLowerCase()).map((received) => `claim ${received}: did you mean ${name}`))
}

function tell ({ keyword, instancePath, params, message = keyword }: ErrorObject, claims: unknown, declared: ReadonlySet<string>): string {
  const place = shownPointer(instancePath, claims, declared).slice(1)
  if (keyword === 'required') return `claim ${[place, String(params['missingProperty'])].filter((step) => step !== '').join('/')} is missing`
  const text = place === '' ? `the claims ${message}` : `claim ${place} ${message}`
  return text.length > most.characters ? `${text.slice(0, most.characters)}…` : text
}
