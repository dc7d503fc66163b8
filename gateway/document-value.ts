/** What stands in a parsed document at a path of keys, or undefined where the document has another shape. */
export function valueAt (document: unknown, path: readonly string[]): unknown {
  return path.reduce((holder, key) => isRecord(holder) && Object.hasOwn(holder, key) ? holder[key] : undefined, document)
}

/** The same, as text: undefined when it is none. */
export function textAt (document: unknown, path: readonly string[]): string | undefined {
  const value = valueAt(document, path)
  return typeof value === 'string' ? value : undefined
}

/** The keys of the object at a path whose values are objects too. */
export function membersOf (document: unknown, path: readonly string[]): string[] {
  const holder = valueAt(document, path)
  return isRecord(holder) ? Object.keys(holder).filter((key) => isRecord(holder[key])) : []
}

/** The entries of the list under a key; none where there is no list. */
export function itemsAt (document: unknown, key: string): readonly unknown[] {
  const items = valueAt(document, [key])
  return Array.isArray(items) ? items : []
}

function isRecord (value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
