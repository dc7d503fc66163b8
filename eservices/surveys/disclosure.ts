/** The fewest answers that are ever published, or stay withheld, together. */
export const smallestGroup = 5

/**
 * Statistical disclosure control: which of the withheld answers to one question may be published now, by option.
 *
 * Every answer is counted in exactly one cell: questionnaire, administration, period, question, option. A cell has a
 * published count, which only ever grows, and a withheld one. All that anybody can read is a function of the published
 * counts. Three rules:
 *
 * 1. A published count grows by at least 5 or not at all, and every total is the sum of its published cells. So cells,
 *    margins, filters, moments, and any sums and differences of them, are made of steps of at least 5 answers: there is
 *    nothing smaller to find. This is the complementary suppression: what a suppressed cell holds is missing from every
 *    total too, so that subtracting finds nothing.
 * 2. At least 5 answers to the question stay withheld, and how many of which option is random. So who knows from
 *    elsewhere how many people answered cannot subtract either, and nobody's answer is certain even when all the
 *    published ones are the same.
 * 3. The counts are looked at only when at least 5 answers have come since the last look, so that a change, or its
 *    absence, never speaks of fewer people. Options with no answers are withheld like those with few: that nobody chose
 *    an option also says something about people.
 *
 * | threat | met by |
 * |---|---|
 * | subtracting parts from a total, one filter from another, one moment from another | rule 1 |
 * | the options of one question against a known number of respondents | rule 2 |
 * | watching which count moves when a given person answers | rules 2 and 3 |
 * | empty cells, unanimous groups | rules 2 and 3: empty looks like small, unanimous groups keep 5 back too |
 * | means and shares that give a hidden count away | computed from published counts only |
 * | joining two answers of one person | they are never stored together: only the counts of each question are |
 *
 * What remains. An administration knows the answers that it collects before it sends them; it learns nothing here about
 * those of other administrations. Whoever sends made-up answers through an administration, or gets all but one of a
 * group to tell theirs, can subtract them and reason about the rest with better odds: no threshold prevents that, only
 * added noise would, at the price of results that no longer add up. Published counts give odds: where nearly all
 * answers are alike, it is likely, though not certain, that a given person's is too. The store holds the withheld
 * counts and must be protected as such.
 */
export function releasable (withheld: ReadonlyMap<string, number>, random: () => number): ReadonlyMap<string, number> {
  let spare = [...withheld.values()].reduce((sum, count) => sum + count, 0) - smallestGroup
  const released = new Map<string, number>()
  for (const [option, count] of shuffled([...withheld], random)) {
    const share = Math.min(count - heldBack(random), spare)
    if (share < smallestGroup) continue
    released.set(option, share)
    spare -= share
  }
  return released
}

// One on average, but without an upper end: a published count must not tell how many more there are.
function heldBack (random: () => number): number {
  return Math.floor(-Math.log2(1 - random()))
}

// A fixed order would always cut the same options short.
function shuffled<T> (items: readonly T[], random: () => number): readonly T[] {
  return items.map((item) => ({ item, place: random() }))
    .toSorted((a, b) => a.place - b.place)
    .map(({ item }) => item)
}
