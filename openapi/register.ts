import { OpenAPIBackend } from 'openapi-backend'
import type { Document } from 'openapi-backend'
import type { Contract } from './contract.ts'
import { atPointer, DocumentError, isObject } from './document.ts'
import type { Json, JsonObject } from './document.ts'
import { toJsonSchema } from './schemas/schema.ts'

/**
 * Registers every operation of a contract with openapi-backend, which reads it independently of our own loader (and, when it is asked to
 * judge a request, compiles its schemas independently of our validators). Throws DocumentError when the two see different operations or
 * openapi-backend cannot read it: such a contract has no single meaning.
 */
export async function registerOperations (contract: Contract): Promise<OpenAPIBackend> {
  const api = new OpenAPIBackend({
    definition: new Inliner(contract.document).inline(contract.document) as unknown as Document,
    apiRoot: contract.basePath,
    quick: true,
    strict: false,
    ajvOpts: { strict: false, unicodeRegExp: false, logger: false, validateFormats: false }
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
  // It looks for each of them among copies of all when it is asked to register them: these are known to be there.
  for (const { id } of contract.operations) api.handlers[id] = () => id
  return api
}

/** How many values a contract may become once its references are replaced by what they lead to. */
const mostInlined = 300_000

/**
 * openapi-backend wants no references and JSON Schema draft-07; a recursive schema is cut to "anything" where it repeats, and so is what is left
 * when a contract whose schemas refer to each other in many ways has grown beyond all measure.
 */
class Inliner {
  readonly #root: JsonObject
  #values = 0
  constructor (root: JsonObject) {
    this.#root = root
  }

  inline (value: Json, trail: readonly string[] = []): Json {
    this.#values++
    if (Array.isArray(value)) return value.map((item) => this.inline(item as Json, trail))
    if (!isObject(value)) return value
    const reference = value['$ref']
    if (typeof reference === 'string') return trail.includes(reference) || this.#values > mostInlined ? {} : this.inline(atPointer(this.#root, reference.slice(1)) ?? {}, [...trail, reference])
    return Object.fromEntries(Object.entries(value).map(([key, member]) => {
      const inlined = this.inline(member, trail)
      return [key, key === 'schema' && isObject(inlined) ? toJsonSchema(inlined, 'request') : inlined]
    }))
  }
}
