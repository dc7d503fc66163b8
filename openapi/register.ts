import { OpenAPIBackend } from 'openapi-backend'
import type { Document } from 'openapi-backend'
import type { Contract } from './contract.ts'
import { DocumentError, isObject } from './document.ts'
import type { Json, JsonObject } from './document.ts'
import { toJsonSchema } from './schema.ts'

/**
 * Registers every operation of a contract with openapi-backend, which reads it independently of our own loader (and, when it is asked to
 * judge a request, compiles its schemas independently of our validators). Throws DocumentError when the two see different operations or
 * openapi-backend cannot read it: such a contract has no single meaning.
 */
export async function registerOperations (contract: Contract): Promise<OpenAPIBackend> {
  const api = new OpenAPIBackend({
    definition: inline(contract.document, contract.document, []) as unknown as Document,
    apiRoot: contract.basePath,
    quick: true,
    strict: false,
    ajvOpts: { strict: false, unicodeRegExp: false, logger: false, validateFormats: false },
    handlers: Object.fromEntries(contract.operations.map((operation) => [operation.id, () => operation.id]))
  })
  try {
    await api.init()
  } catch (error) {
    throw new DocumentError(contract.file, `openapi-backend cannot read it: ${(error as Error).message}`)
  }
  const registered = api.router.getOperations().map((operation) => `${operation.method} ${operation.path} ${operation.operationId ?? ''}`)
  const own = contract.operations.map((operation) => `${operation.method.toLowerCase()} ${operation.path} ${operation.id}`)
  const difference = [...new Set(own).symmetricDifference(new Set(registered))]
  if (difference.length > 0) throw new DocumentError(contract.file, `these operations are read differently by openapi-backend: ${difference.join(', ')}`)
  return api
}

// openapi-backend wants no references and JSON Schema draft-07; a recursive schema is cut to "anything" where it repeats.
function inline (value: Json, root: JsonObject, trail: readonly string[]): Json {
  if (Array.isArray(value)) return value.map((item) => inline(item as Json, root, trail))
  if (!isObject(value)) return value
  const reference = value['$ref']
  if (typeof reference === 'string') return trail.includes(reference) ? {} : inline(target(root, reference), root, [...trail, reference])
  return Object.fromEntries(Object.entries(value).map(([key, member]) => {
    if (key === 'schema' && isObject(member)) return [key, toJsonSchema(inline(member, root, trail) as JsonObject, 'request')]
    return [key, inline(member, root, trail)]
  }))
}

function target (root: JsonObject, reference: string): Json {
  return reference.slice(2).split('/').reduce<Json>((value, token) => isObject(value) ? value[token.replaceAll('~1', '/').replaceAll('~0', '~')] ?? {} : {}, root)
}
