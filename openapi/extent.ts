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

interface Extent { readonly values: number, readonly levels: number }
const leaf: Extent = { values: 1, levels: 0 }

class Excess extends Error {}
