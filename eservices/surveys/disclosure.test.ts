import * as fc from 'fast-check'
import t from 'tap'
import { releasable, smallestGroup } from './disclosure.ts'

type Pair = readonly [number, number]

const options = ['a', 'b', 'c', 'd', 'e', 'f']
const sum = (counts: Iterable<number>): number => [...counts].reduce((total, count) => total + count, 0)
const someWithheld = fc.array(fc.nat(30), { minLength: 1, maxLength: 6 })
  .map((counts) => new Map(counts.map((count, index) => [options[index] as string, count])))
const someChances = fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), { minLength: 1 })

/** A random source that plays the given numbers, then starts over. */
function tape (numbers: readonly number[]): () => number {
  let place = 0
  return () => numbers[place++ % numbers.length] as number
}

/** Chances with which `held` answers of each option are held back, in the options' own order. */
function holding (held: readonly number[]): () => number {
  return tape([...held.map((_, index) => index / held.length), ...held.map((count) => 1 - 2 ** -(count + 0.5))])
}

t.test('whatever the chances, a release is of five answers or more and leaves five or more behind', (t) => {
  t.doesNotThrow(() => fc.assert(fc.property(someWithheld, someChances, (withheld, chances) => {
    const released = releasable(withheld, tape(chances))
    const left = sum(withheld.values()) - sum(released.values())
    return (released.size === 0 || left >= smallestGroup) &&
      [...released].every(([option, count]) => count >= smallestGroup && count <= (withheld.get(option) ?? 0))
  })))
  t.end()
})

t.test('every release that keeps to the rules can happen, so none tells how much of an option is left', (t) => {
  const someWishes = fc.array(fc.nat(30), { minLength: 6, maxLength: 6 })
  t.doesNotThrow(() => fc.assert(fc.property(someWithheld, someWishes, (withheld, wishes) => {
    const counts = [...withheld.values()]
    const wanted = counts.map((count, index) => Math.min(wishes[index] as number, count))
      .map((count) => count < smallestGroup ? 0 : count)
    fc.pre(sum(wanted) > 0 && sum(counts) - sum(wanted) >= smallestGroup)
    const released = releasable(withheld, holding(counts.map((count, index) => count - (wanted[index] as number))))
    return [...withheld.keys()].every((option, index) => (released.get(option) ?? 0) === wanted[index])
  })))
  t.end()
})

t.test('with fair chances few more than five answers stay behind', async (t) => {
  const random = tape(Array.from({ length: 997 }, (_, index) => (index * 0.618034) % 1))
  const withheld = new Map([['a', 400], ['b', 300], ['c', 300]])
  const left = Array.from({ length: 200 }, () => 1000 - sum(releasable(withheld, random).values()))
  t.ok(sum(left) / left.length < 10, `${sum(left) / left.length} left on average`)
})

t.test('who counts the people and knows the rules still cannot tell how many of them chose an option', async (t) => {
  const told: string[] = []
  for (const sizes of [[5, 5], [6, 7], [10, 8], [5, 6, 6], [3, 4, 9]]) {
    const spans = sizes.flatMap((_, from) => sizes.slice(from).map((__, more) => [from, from + more + 1] as const))
    for (const [seen, histories] of Map.groupBy(everyHistory(sizes), (history) => history.seen)) {
      for (const [from, to] of spans) {
        const counts = new Set(histories.map(({ chose }) => sum(chose.slice(from, to))))
        if (counts.size === 1) told.push(`${[...counts][0]} of batches ${from} to ${to} of ${sizes.join()}: ${seen}`)
      }
    }
  }
  t.same(told, [])
})

interface History { readonly chose: readonly number[], readonly seen: string }

/** Every way in which batches of these sizes divide between two options, with all that each can make visible. */
function everyHistory (sizes: readonly number[]): readonly History[] {
  let histories = [{ chose: [] as readonly number[], seen: '', withheld: [0, 0] as Pair, fresh: 0 }]
  for (const size of sizes) {
    histories = histories.flatMap(({ chose, seen, withheld, fresh }) => upTo(size).flatMap((first) => {
      const [a, b] = [withheld[0] + first, withheld[1] + size - first]
      const next = { chose: [...chose, first], seen: `${seen}|`, withheld: [a, b] as const, fresh: fresh + size }
      if (next.fresh < smallestGroup) return [next]
      return allowed(a, b).map(([c, d]) =>
        ({ ...next, seen: `${next.seen}${c},${d}`, withheld: [a - c, b - d] as const, fresh: 0 }))
    }))
  }
  return histories
}

/** Every release that the rules allow for two options; as proved above, each of them can happen. */
function allowed (first: number, second: number): readonly Pair[] {
  const steps = (count: number): readonly number[] => upTo(count).filter((step) => step === 0 || step >= smallestGroup)
  return steps(first).flatMap((a) => steps(second).map((b) => [a, b] as const))
    .filter(([a, b]) => a + b === 0 || first + second - a - b >= smallestGroup)
}

function upTo (last: number): readonly number[] {
  return Array.from({ length: last + 1 }, (_, index) => index)
}
