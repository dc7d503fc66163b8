/**
 * How answers of an e-service are checked against its contract. `off`: not at all. In every other mode status, media type and headers of each are, and
 * of their bodies `sample`: the first ones and then one in a hundred; `report`: each; `enforce`: each before it goes out, and a wrong one does not.
 */
export const answerModes = ['off', 'sample', 'report', 'enforce'] as const
export type AnswerMode = (typeof answerModes)[number]

/** How many answers under one declared status are checked whole at first, and then one in how many. */
const first = 10
const oneIn = 100

/** Prepares choosing, for one operation, the answers of which the body is checked, by the declared status that each comes under. */
export function prepareSampling (mode: AnswerMode): (declared: string) => boolean {
  if (mode !== 'sample') return () => true
  const counts = new Map<string, number>()
  return (declared) => {
    const count = (counts.get(declared) ?? 0) + 1
    counts.set(declared, count)
    return count <= first || count % oneIn === 0
  }
}
