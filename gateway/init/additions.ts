import { DocumentError, isObject, parseObject } from '../../openapi/document.ts'
import type { JsonObject } from '../../openapi/document.ts'
import { ContractText } from './contract-text.ts'
import { addAnswers, addStatus } from './missing-answers.ts'
import { addFormats } from './missing-formats.ts'
import { addInfo, addServers } from './missing-info.ts'
import { SharedParts } from './shared-parts.ts'

/** A contract to which what is missing is added: what it says, its text, and what makes an id for it. */
export interface Additions { readonly document: JsonObject, readonly text: ContractText, readonly newId: () => string }

/**
 * Adds to the text of a contract what the catalogue of the platform and the gateway want of it and can be known without its owner; what is there is
 * never changed. `newId` makes the UUID of the API where it has none. Throws DocumentError when it cannot be read, or is no OpenAPI 3 document.
 */
export function complete (source: string, file: string, newId: () => string): ContractText {
  const document = parseObject(source, file)
  if (typeof document['openapi'] !== 'string' || !document['openapi'].startsWith('3.')) throw new DocumentError(file, 'is no OpenAPI 3.0 or 3.1 document; a contract in Swagger 2.0 is converted first', 1, 1)
  const text = new ContractText(source)
  const additions = { document, text, newId }
  const parts = new SharedParts(additions)
  addInfo(additions)
  addServers(additions)
  if (!saysModi(document)) text.add(['x-modi'], { patterns: ['ID_AUTH_REST_01'] })
  addStatus(additions, parts)
  addAnswers(additions, parts)
  addFormats(additions)
  return text
}

/** Whether a contract says anywhere what it demands of its callers. */
function saysModi (document: JsonObject): boolean {
  const paths = isObject(document['paths']) ? Object.values(document['paths']) : []
  return [document, ...paths, ...paths.flatMap((item) => isObject(item) ? Object.values(item) : [])].some((one) => isObject(one) && one['x-modi'] !== undefined)
}
