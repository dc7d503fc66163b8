import { isObject } from './document.ts'
import type { JsonObject } from './document.ts'

const methods = new Set(['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'])

/**
 * Gives every operation that has no operationId one made of its method and path (`GET /users/{id}/roles` is `getUsersIdRoles`): real
 * contracts leave it out, and everything here knows an operation by it. The result is a copy; declared ids stay as they are.
 */
export function nameOperations (document: JsonObject): JsonObject {
  const { paths } = document
  if (!isObject(paths)) return document
  const named = Object.entries(paths).map(([path, item]) => [path, isObject(item) ? nameItem(path, item) : item] as const)
  return { ...document, paths: Object.fromEntries(named) }
}

function nameItem (path: string, item: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(item).map(([method, operation]) => {
    const nameless = methods.has(method) && isObject(operation) && (operation['operationId'] === undefined || operation['operationId'] === '')
    return [method, nameless ? { ...operation, operationId: idOf(method, path) } : operation]
  }))
}

function idOf (method: string, path: string): string {
  const words = path.split(/[^A-Za-z0-9]+/).filter((word) => word !== '')
  return method + (words.length === 0 ? 'Root' : words.map((word) => word[0]?.toUpperCase() + word.slice(1)).join(''))
}
