import { isAlias, isMap, isSeq } from 'yaml'
import type { Document } from 'yaml'

/** What a parsed text may hold once everything that is repeated in it (YAML aliases) is written out, in values; and how deep. */
export const mostValues = 500_000
const mostLevels = 256

/**
 * What keeps a parsed value from being walked through: more than half a million values (a bomb of aliases), more than 256 levels, or that it
 * contains itself; undefined when nothing does. What is repeated is looked at once, so that a bomb costs no more than its text.
 */
export function findExcess (value: unknown): string | undefined {
  const known = new Map<object, Extent | undefined>()
  const measure = (part: unknown, level: number): Extent => {
    if (typeof part !== 'object' || part === null) return leaf
    if (level > mostLevels) throw new Excess(`is nested deeper than ${mostLevels} levels`)
    const before = known.get(part)
    if (before) return before
    if (known.has(part)) throw new Excess('contains itself: an alias (*) stands inside of its own anchor (&)')
    known.set(part, undefined)
    const extent = { values: 1, levels: 1 }
    for (const member of Object.values(part)) {
      const { values, levels } = measure(member, level + 1)
      extent.values += values
      extent.levels = Math.max(extent.levels, levels + 1)
    }
    if (extent.values > mostValues) throw new Excess(`holds more than ${mostValues} values once its aliases are written out`)
    if (level + extent.levels > mostLevels) throw new Excess(`is nested deeper than ${mostLevels} levels`)
    known.set(part, extent)
    return extent
  }
  try {
    measure(value, 0)
    return undefined
  } catch (error) {
    if (error instanceof Excess) return error.message
    throw error
  }
}

/**
 * Whether a YAML text has more than may be written out, before it is: a merge key (`<<`) copies what it merges whenever it is met, so that a few lines
 * could take forever.
 */
export function growsTooLarge (document: Document): boolean {
  const anchored = new Map<string, number>()
  const measure = (node: unknown): number => {
    if (isAlias(node)) return anchored.get(node.source) ?? 1
    const parts: readonly unknown[] = isMap(node) ? node.items.flatMap(({ key, value }) => [key, value]) : isSeq(node) ? node.items : []
    const size = parts.reduce<number>((sum, part) => sum + measure(part), 1)
    const anchor = isMap(node) || isSeq(node) ? node.anchor : undefined
    if (anchor !== undefined) anchored.set(anchor, size)
    return size
  }
  return measure(document.contents) > 4 * mostValues
}

interface Extent { readonly values: number, readonly levels: number }
const leaf: Extent = { values: 1, levels: 0 }

class Excess extends Error {}
