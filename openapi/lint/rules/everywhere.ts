import { isObject } from '../../document.ts'
import type { Place } from './places.ts'
import type { Judged } from './rule.ts'
import { member } from './value.ts'

/**
 * Every object of a document, those inside examples, enumerations and extensions included, as a search of the whole resolved document would
 * find them, each once: what a local reference leads to is looked at where it is written, what one to another file leads to where it was put.
 */
export function objectsOf ({ resolved, written }: Judged): Place[] {
  const found: Place[] = []
  const seen = new WeakSet()
  const followed = new Set<string>()
  const walk = (value: unknown, put: unknown, path: readonly string[], isOutside: boolean): void => {
    if (typeof value !== 'object' || value === null || (isOutside && seen.has(value))) return
    if (isOutside) seen.add(value)
    const reference = member(value, '$ref')
    if (typeof reference === 'string' && !isOutside && path.length > 0) {
      if (reference.startsWith('#') || followed.has(reference)) return
      followed.add(reference)
      walk(put, put, path, true)
      return
    }
    if (isObject(value) && path.length > 0) found.push({ value, path })
    for (const [name, inner] of Object.entries(value)) walk(inner, isOutside ? inner : (put as Record<string, unknown> | undefined)?.[name], [...path, name], isOutside)
  }
  walk(written, resolved, [], false)
  return found
}
