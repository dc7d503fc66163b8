import { maxDepth } from '../json/json.ts'
import type { QueryPair } from './query.ts'
import type { Members } from './shape.ts'
import { escapePointer, once, readList, readScalar } from './typed-values.ts'
import type { Typed } from './typed-values.ts'

/** A value with the names that lead to it inside an object. */
interface Entry { readonly path: readonly string[], readonly text: string }

/** True for a query name that stands for a member of a parameter in style deepObject: `filter[name]`. */
export function isDeepName (name: string, parameter: string): boolean {
  return name.startsWith(`${parameter}[`) && name.endsWith(']')
}

/** Reads an object in style deepObject (OpenAPI 3.0.3, Style Values); members that are objects themselves are written on with brackets: `filter[owner][name]`. */
export function readDeepObject (members: Members, parameter: string, pairs: readonly QueryPair[], pointer: string): Typed {
  const entries = pairs.map(({ name, value }) => ({ path: name.slice(parameter.length + 1, -1).split(']['), text: value }))
  if (entries.some(({ path }) => path.length > maxDepth)) return { violation: { pointer, rule: 'style', expected: `may be nested ${maxDepth} levels deep` } }
  return readEntries(members, entries, pointer)
}

function readEntries (members: Members, entries: readonly Entry[], pointer: string): Typed {
  const values = Object.create(null) as Record<string, unknown>
  for (const [name = '', some] of Map.groupBy(entries, ({ path }) => path[0])) {
    const place = `${pointer}/${members.declared.has(name) ? escapePointer(name) : '*'}`
    const read = readEntry(members, name, some.map(({ path, text }) => ({ path: path.slice(1), text })), place)
    if ('violation' in read) return read
    values[name] = read.value
  }
  return { value: values }
}

function readEntry (members: Members, name: string, entries: readonly Entry[], pointer: string): Typed {
  const shape = members.shapeOf(name)
  if (entries.some(({ path }) => path.length > 0)) {
    return shape?.members && entries.every(({ path }) => path.length > 0) ? readEntries(shape.members, entries, pointer) : { violation: { pointer, rule: 'type', expected: 'has no members of its own' } }
  }
  if (shape?.items) return readList(shape.items, entries.map(({ text }) => text), pointer)
  const [first, second] = entries
  if (second) return { violation: once(pointer) }
  return shape ? readScalar(shape, first?.text ?? '', pointer) : { value: first?.text }
}
