/** The name among `candidates` that a reader most likely meant, or undefined when none is near enough to suggest. */
export function closestName (word: string, candidates: Iterable<string>): string | undefined {
  const limit = Math.max(1, Math.floor(word.length / 3))
  let best: { name: string, distance: number } | undefined
  for (const name of candidates) {
    if (Math.abs(name.length - word.length) > limit) continue
    const distance = editDistance(word.toLowerCase(), name.toLowerCase())
    if (distance <= limit && (best === undefined || distance < best.distance)) best = { name, distance }
  }
  return best?.name
}

/** A sentence to append to an error: ` Did you mean "x"?`, or nothing. */
export function didYouMean (word: string, candidates: Iterable<string>): string {
  const name = closestName(word, candidates)
  return name === undefined ? '' : ` Did you mean "${name}"?`
}

/** Insertions, deletions, replacements and swaps of neighbours that turn one word into the other. */
function editDistance (left: string, right: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: right.length + 1 }, (_, column) => column)
  for (let row = 1; row <= left.length; row++) {
    const current = [row]
    for (let column = 1; column <= right.length; column++) {
      const replaced = last[column - 1]! + (left[row - 1] === right[column - 1] ? 0 : 1)
      const swapped = left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1]
        ? (beforeLast[column - 2] ?? Infinity) + 1
        : Infinity
      current.push(Math.min(replaced, swapped, last[column]! + 1, current[column - 1]! + 1))
    }
    beforeLast = last
    last = current
  }
  return last[right.length]!
}
