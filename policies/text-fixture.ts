import * as fc from 'fast-check'

const surrogates = { first: 0xd800, count: 0x800 }

function toCharacter (index: number): string {
  return String.fromCodePoint(index < surrogates.first ? index : index + surrogates.count)
}

function toIndex (character: unknown): number {
  const point = typeof character === 'string' ? character.codePointAt(0) : undefined
  if (point === undefined || String.fromCodePoint(point) !== character || !character.isWellFormed()) throw new Error('not one character')
  return point < surrogates.first ? point : point - surrogates.count
}

/** Any character of Unicode. fast-check's own (`unit: 'binary'`) lists the million of them first, which takes a second. Used by tests only. */
export const anyCharacter = fc.integer({ min: 0, max: 0x10ffff - surrogates.count }).map(toCharacter, toIndex)

/** A text of any characters, with those that are known to be dangerous among them. */
export const anyText = (constraints: { readonly maxLength?: number } = {}): fc.Arbitrary<string> => fc.string({ ...constraints, unit: anyCharacter })
