import * as fc from 'fast-check'
import t from 'tap'
import { withheldCells } from './suppression.ts'

const someCells = fc.array(fc.nat(12), { minLength: 1, maxLength: 5 }).map((values) => new Map(values.map((value, index) => [index, value])))
const sum = (values: Iterable<number>): number => [...values].reduce((all, value) => all + value, 0)

/** Every way in which `total` divides among `count` cells that hold something. */
function divisions (total: number, count: number): readonly (readonly number[])[] {
  if (count === 0) return total === 0 ? [[]] : []
  return Array.from({ length: Math.max(0, total) }, (_, index) => index + 1).flatMap((value) => divisions(total - value, count - 1).map((rest) => [value, ...rest]))
}

t.test('nothing small is published, and nothing small is what the published leave of their total', (t) => {
  t.doesNotThrow(() => fc.assert(fc.property(someCells, (cells) => {
    const withheld = withheldCells(cells, 5)
    const rest = sum([...withheld].map((key) => cells.get(key) ?? 0))
    const published = [...cells].filter(([key, value]) => !withheld.has(key) && value > 0)
    return published.every(([, value]) => value >= 5) && (withheld.size === 0 || published.length === 0 || (withheld.size > 1 && rest >= 5))
  })))
  t.end()
})

t.test('who knows the total, all that is published, and that something is small, cannot tell what a withheld cell holds', (t) => {
  t.doesNotThrow(() => fc.assert(fc.property(someCells, (cells) => {
    const withheld = withheldCells(cells, 5)
    // Of a table that is too small not even the total is published.
    fc.pre(sum(cells.values()) >= 7 && withheld.size > 1)
    const possible = divisions(sum([...withheld].map((key) => cells.get(key) ?? 0)), withheld.size).filter((division) => division.some((value) => value < 5))
    return [...withheld].every((_, index) => new Set(possible.map((division) => division[index])).size > 1)
  }), { numRuns: 300 }))
  t.end()
})

t.test('no more is withheld than must be', (t) => {
  const withheld = (cells: Readonly<Record<string, number>>): string => [...withheldCells(new Map(Object.entries(cells)), 5)].toSorted().join('')
  t.equal(withheld({ a: 9, b: 5, c: 0 }), '', 'nothing is nothing small')
  t.equal(withheld({ a: 9, b: 4, c: 7 }), 'bc', 'one alone would be the rest of the total')
  t.equal(withheld({ a: 9, b: 3, c: 1 }), 'abc', 'two that hold four together would be known to hold little')
  t.equal(withheld({ a: 9, b: 4, c: 1, d: 100 }), 'bc')
  t.equal(withheld({ a: 1, b: 1, c: 1, d: 1, e: 1, f: 9, g: 10 }), 'abcdef', 'five that hold five together would be known to hold one each')
  t.equal(withheld({ a: 9 }), '', 'the only one is the total')
  t.equal(withheld({ a: 4 }), 'a')
  t.end()
})
