import { escapeToken } from './anatomy.ts'
import { isObject } from '../document.ts'
import type { Json, JsonObject } from '../document.ts'
import type { Notes } from './note.ts'

const methods = new Set(['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'])

/**
 * Gives every operation an operationId of its own: real contracts leave it out, or say one twice, and everything here knows an operation by it. One that
 * is missing is made of method and path (`GET /users/{id}/roles` is `getUsersIdRoles`), also that of a later operation whose own is taken.
 */
export function nameOperations (paths: JsonObject, notes: Notes): JsonObject {
  const all = Object.entries(paths).flatMap(([path, item]) => isObject(item) ? operationsOf(path, item) : [])
  const taken = new Set<string>()
  const named = new Map<JsonObject, string>()
  for (const { operation } of all) {
    const id = declaredId(operation)
    if (id === undefined || taken.has(id)) continue
    taken.add(id)
    named.set(operation, id)
  }
  for (const { path, method, operation } of all) {
    if (named.has(operation)) continue
    const id = free(idOf(method, path), taken)
    const declared = declaredId(operation)
    named.set(operation, id)
    notes.add(`/paths/${escapeToken(path)}/${method}`, declared === undefined ? `has no operationId: it is called ${id}` : `operationId ${JSON.stringify(declared)} is that of another operation too: this one is called ${id}`)
  }
  return Object.fromEntries(Object.entries(paths).map(([path, item]) => [path, isObject(item) ? withIds(item, named) : item]))
}

function operationsOf (path: string, item: JsonObject) {
  return Object.entries(item).flatMap(([method, operation]) => methods.has(method) && isObject(operation) ? [{ path, method, operation }] : [])
}

function declaredId ({ operationId }: JsonObject): string | undefined {
  const id = typeof operationId === 'number' ? String(operationId) : operationId
  return typeof id === 'string' && id !== '' ? id : undefined
}

function withIds (item: JsonObject, named: ReadonlyMap<JsonObject, string>): JsonObject {
  return Object.fromEntries(Object.entries(item).map(([member, value]): [string, Json] => {
    const id = isObject(value) ? named.get(value) : undefined
    return [member, id === undefined ? value : { ...value as JsonObject, operationId: id }]
  }))
}

function free (name: string, taken: Set<string>): string {
  let id = name
  for (let count = 2; taken.has(id); count++) id = `${name}${count}`
  taken.add(id)
  return id
}

function idOf (method: string, path: string): string {
  const words = path.split(/[^A-Za-z0-9]+/).filter((word) => word !== '')
  return method + (words.length === 0 ? 'Root' : words.map((word) => word[0]?.toUpperCase() + word.slice(1)).join(''))
}
