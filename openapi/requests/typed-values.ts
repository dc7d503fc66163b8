import { lexers, scalarTexts } from './lexical.ts'
import type { Violation } from '../schemas/schema-judge.ts'
import type { Members, Shape } from './shape.ts'

/** A value read from text by the shape that its schema gives it, or why it is none. Integers that no double holds are bigint. */
export type Typed = { readonly value: unknown } | { readonly violation: Violation }

/** A member of an object as it was written: its name, and its texts, of which there is one unless its shape is a list. */
export type WrittenMember = readonly [name: string, texts: readonly string[]]

/** Reads one text as the narrowest type that its schema takes. */
export function readScalar ({ scalars, fits }: Shape, text: string, pointer: string): Typed {
  let read: unknown
  for (const type of scalars) {
    const value = lexers[type](text)
    if (value === undefined) continue
    if (!fits || fits(value)) return { value }
    read ??= value
  }
  if (read !== undefined) return { value: read }
  return { violation: { pointer, rule: 'type', expected: `must be ${scalars.map((type) => scalarTexts[type]).join(' or ') || 'a list or an object'}` } }
}

/** Reads the texts of a list. */
export function readList (items: Shape, texts: readonly string[], pointer: string): Typed {
  const values: unknown[] = []
  for (const text of texts) {
    const item = readScalar(items, text, pointer)
    if ('violation' in item) return { violation: { ...item.violation, pointer: `${pointer}/${values.length}` } }
    values.push(item.value)
  }
  return { value: values }
}

/** Reads the members of an object. */
export function readMembers (members: Members, written: readonly WrittenMember[], pointer: string): Typed {
  const values = Object.create(null) as Record<string, unknown>
  for (const [name, texts] of written) {
    const shape = members.shapeOf(name)
    const place = `${pointer}/${members.declared.has(name) ? escapePointer(name) : '*'}`
    if (name in values || (texts.length > 1 && !shape?.items)) return { violation: once(place) }
    const read = !shape ? { value: texts[0] } : shape.items ? readList(shape.items, texts, place) : readScalar(shape, texts[0] ?? '', place)
    if ('violation' in read) return read
    values[name] = read.value
  }
  return { value: values }
}

/** What is wrong with something that came more than once. */
export function once (pointer: string): Violation {
  return { pointer, rule: 'once', expected: 'may be given only once' }
}

/** A member name as a part of a pointer (RFC 6901, 3). */
export function escapePointer (name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1')
}

/** True for a value with an integer in it that no double holds. */
export function holdsBigint (value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return typeof value === 'bigint'
  if (Array.isArray(value)) return value.some(holdsBigint)
  for (const name in value) if (holdsBigint((value as Readonly<Record<string, unknown>>)[name])) return true
  return false
}

/** A value with doubles only, as whoever computes with it expects. */
export function withDoubles (value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value)
  if (Array.isArray(value)) return value.map(withDoubles)
  if (typeof value !== 'object' || value === null) return value
  return Object.assign(Object.create(null), Object.fromEntries(Object.entries(value).map(([name, member]) => [name, withDoubles(member)])))
}
