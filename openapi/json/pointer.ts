import { isObject } from '../document.ts'
import type { Json } from '../document.ts'

/** Every member name that the schemas of a document declare. */
export function declaredNames (value: Json, names = new Set<string>()): ReadonlySet<string> {
  if (typeof value !== 'object' || value === null) return names
  if (isObject(value) && isObject(value['properties'])) for (const name of Object.keys(value['properties'])) names.add(name)
  if (isObject(value) && Array.isArray(value['required'])) for (const name of value['required']) if (typeof name === 'string') names.add(name)
  for (const member of Object.values(value)) declaredNames(member, names)
  return names
}

/**
 * A pointer (RFC 6901) into a received value as it may be told: a member name that no schema declares was chosen by the sender, may be
 * personal data, and becomes `*`.
 */
export function shownPointer (pointer: string, value: unknown, declared: ReadonlySet<string>): string {
  let holder = value
  return pointer.split('/').slice(1).map((token) => {
    const name = token.replaceAll('~1', '/').replaceAll('~0', '~')
    const shown = Array.isArray(holder) || declared.has(name) ? `/${token}` : '/*'
    holder = (holder as Readonly<Record<string, unknown>> | undefined)?.[name]
    return shown
  }).join('')
}
