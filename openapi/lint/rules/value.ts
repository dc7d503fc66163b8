import { isObject } from '../../document.ts'

/** The member `name` of `value`, or undefined when `value` is not an object or does not have it. */
export function member (value: unknown, name: string): unknown {
  return isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined
}

/** Whether `value` is a text with something in it. */
export function isText (value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== ''
}

/** Whether `value` is a text that `pattern` matches. */
export function matches (pattern: RegExp): (value: unknown) => boolean {
  return (value) => typeof value === 'string' && pattern.test(value)
}

/** Whether `value` is no text that `pattern` matches. */
export function matchesNot (pattern: RegExp): (value: unknown) => boolean {
  return (value) => typeof value !== 'string' || !pattern.test(value)
}

/** The types that a schema allows. */
export function typesOf (schema: unknown): unknown[] {
  return [member(schema, 'type') ?? []].flat()
}

/** Holds for nothing: what was found should not be there. */
export const never = (): boolean => false
