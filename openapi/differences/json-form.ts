import { isObject } from '../document.ts'
import type { Json } from '../document.ts'

/** A JSON text that two values have in common when they are the same: members of objects in the order of their names, undefined as null. */
export function formOf (value: Json | undefined): string {
  return JSON.stringify(value ?? null, (_name, member: Json) => isObject(member) ? Object.fromEntries(Object.entries(member).toSorted(([one], [other]) => one < other ? -1 : 1)) : member)
}
