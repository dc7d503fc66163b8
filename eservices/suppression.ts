/** The fewest that are published as a figure of their own. */
export const smallestCell = 5

/**
 * Statistical disclosure control for a table that adds up: which of its cells are not published, so that none of 1 to `smallest` - 1 can be read or computed from the others and their total, which is. That there
 * was nothing says nothing of anybody. A cell is withheld because it is small or, smallest first, because too little is withheld otherwise: always two cells or more, which hold `smallest` or more together, and so
 * many more than cells that nobody knows how that divides. Where the table does not hold so much, everything in it is withheld, and its total is to be, too.
 *
 * It is for counts of what organisations did: who knows by this rule in which order cells are withheld, or reads again after one call more, has better odds than who does not. Answers of people are in better hands
 * with `surveys/disclosure.ts`, which publishes in steps.
 */
export function withheldCells<Key> (cells: ReadonlyMap<Key, number>, smallest: number): ReadonlySet<Key> {
  const ascending = [...cells].filter(([, value]) => value > 0).toSorted(([, one], [, other]) => one - other)
  const withheld = new Set<Key>()
  let sum = 0
  for (const [key, value] of ascending) {
    const isEnough = withheld.size === 0 || (withheld.size > 1 && sum >= smallest && sum - withheld.size >= smallest - 2)
    if (value >= smallest && isEnough) break
    withheld.add(key)
    sum += value
  }
  return withheld
}
