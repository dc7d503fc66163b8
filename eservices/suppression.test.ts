import * as fc from 'fast-check'
import t from 'tap'
import { withoutSmall } from './suppression.ts'

interface Cell { readonly a: number, readonly b: number, readonly size: number }

const keys = [({ a }: Cell) => a, ({ b }: Cell) => b]
const publishable = (cells: readonly Cell[]): readonly Cell[] => withoutSmall(cells, ({ size }) => size, keys, 5)
const someCells = fc.array(fc.record({ a: fc.nat(3), b: fc.nat(3), size: fc.nat(9) }), { maxLength: 12 })
const sum = (cells: readonly Cell[]): number => cells.reduce((all, { size }) => all + size, 0)
const sums = (cells: readonly Cell[], keyOf: (cell: Cell) => number): readonly number[] => [...Map.groupBy(cells, keyOf).values()].map(sum)

t.test('whatever is published by a key is nothing or not small, and so is what any of them leave of the total', (t) => {
  t.doesNotThrow(() => fc.assert(fc.property(someCells, fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }), (cells, taken) => {
    const left = publishable(cells)
    return keys.every((keyOf) => sums(left, keyOf).every((size) => size === 0 || size >= 5)) &&
      keys.every((keyOf) => [sum(left) - sum(left.filter((cell) => taken[keyOf(cell)]))].every((rest) => rest === 0 || rest >= 5))
  })))
  t.end()
})

t.test('what is left out is in no figure: with or without it they are the same', (t) => {
  t.doesNotThrow(() => fc.assert(fc.property(someCells, (cells) => {
    const left = publishable(cells)
    return JSON.stringify(publishable(left)) === JSON.stringify(left) && left.every((cell) => cells.includes(cell))
  })))
  t.end()
})

t.test('no more is left out than must be', (t) => {
  const big = { a: 0, b: 0, size: 100 }
  t.strictSame(publishable([big, { a: 1, b: 0, size: 5 }]), [big, { a: 1, b: 0, size: 5 }])
  t.strictSame(publishable([big, { a: 1, b: 0, size: 4 }]), [big])
  t.strictSame(publishable([big, { a: 1, b: 0, size: 4 }, { a: 1, b: 1, size: 3 }]), [big], 'what is small by one key can make what is left small by another')
  t.strictSame(publishable([big, { a: 1, b: 1, size: 0 }]), [big, { a: 1, b: 1, size: 0 }], 'nothing is nothing small')
  t.strictSame(publishable([{ a: 1, b: 1, size: 4 }]), [])
  t.end()
})
