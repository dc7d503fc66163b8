/** The fewest that are published as a figure of their own. */
export const smallestCell = 5

/**
 * Statistical disclosure control for counts that are published by several keys, and in all: what is left of them when whatever belongs to a small figure, of 1 to `smallest` - 1 by any of the keys, is left out of every
 * figure, until no figure is small. The principle is that of `surveys/disclosure.ts`: totals are sums of what is published, so that subtracting parts from a total, or one table from another, finds nothing of
 * what was left out. That there was nothing is no small figure: it says nothing of anybody.
 *
 * What remains: that something small was left out can be seen where its key is known, and who reads again after one call more sees one more. It is for what organisations do; answers of people are published in steps.
 */
export function withoutSmall<Item> (items: readonly Item[], sizeOf: (item: Item) => number, keys: readonly ((item: Item) => unknown)[], smallest: number): readonly Item[] {
  let left = items
  for (let isStable = false; !isStable;) {
    isStable = true
    for (const keyOf of keys) {
      const sums = new Map<unknown, number>()
      for (const item of left) sums.set(keyOf(item), (sums.get(keyOf(item)) ?? 0) + sizeOf(item))
      const rest = left.filter((item) => sizeOf(item) === 0 || (sums.get(keyOf(item)) ?? 0) >= smallest)
      if (rest.length < left.length) [left, isStable] = [rest, false]
    }
  }
  return left
}
