import { isObject } from '../document.ts'
import type { Violation } from '../schemas/schema-judge.ts'

const pointerForm = /^(?:\/(?:[^~/]|~[01])*)*$/
/** What each operation needs beside its path (RFC 6902, 4). */
const needs: Readonly<Record<string, 'value' | 'from' | undefined>> = { add: 'value', remove: undefined, replace: 'value', move: 'from', copy: 'from', test: 'value' }

/** What keeps a value from being a JSON Patch (RFC 6902); undefined when it is one. */
export function findPatchFault (value: unknown): Violation | undefined {
  if (!Array.isArray(value)) return fault('', 'must be a list of operations (RFC 6902)')
  for (const [index, operation] of (value as readonly unknown[]).entries()) {
    const found = findOperationFault(operation, `/${index}`)
    if (found) return found
  }
  return undefined
}

function findOperationFault (operation: unknown, pointer: string): Violation | undefined {
  if (!isObject(operation)) return fault(pointer, 'must be an operation: an object with op and path')
  const { op, path, from } = operation
  if (typeof op !== 'string' || !Object.hasOwn(needs, op)) return fault(`${pointer}/op`, `must be one of ${Object.keys(needs).join(', ')}`)
  if (typeof path !== 'string' || !pointerForm.test(path)) return fault(`${pointer}/path`, 'must be a JSON pointer (RFC 6901)')
  if (needs[op] === 'value' && !Object.hasOwn(operation, 'value')) return fault(pointer, `must have a value, as ${op} needs one`)
  if (needs[op] === 'from' && (typeof from !== 'string' || !pointerForm.test(from))) return fault(`${pointer}/from`, 'must be a JSON pointer (RFC 6901)')
  return op === 'move' && typeof from === 'string' && path.startsWith(`${from}/`) ? fault(`${pointer}/from`, 'must not be moved into itself') : undefined
}

function fault (pointer: string, expected: string): Violation {
  return { pointer, rule: 'json-patch', expected }
}
