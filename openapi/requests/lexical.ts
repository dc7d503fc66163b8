/** The types of JSON that a text alone may stand for. */
export type Scalar = 'integer' | 'number' | 'boolean' | 'null' | 'string'

/** In the order in which they are tried: what is narrower comes first. */
export const scalarOrder: readonly Scalar[] = ['integer', 'number', 'boolean', 'null', 'string']

/** No integer is longer that anybody means: reading one takes time by the square of its length. */
const mostDigits = 400

/** Reads a text as a value of a type; undefined when it is not written as one. Integers that no double holds are bigint. */
export const lexers: Readonly<Record<Scalar, (text: string) => unknown>> = {
  integer: (text) => /^-?(?:0|[1-9]\d*)$/.test(text) ? integerOf(text) : undefined,
  number: (text) => /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d{1,3})?$/.test(text) ? numberOf(text) : undefined,
  boolean: (text) => text === 'true' ? true : text === 'false' ? false : undefined,
  // Nothing is how the absence of a value is written where there is a place for one.
  null: (text) => text === '' ? null : undefined,
  string: (text) => text
}

/** What a text must be to be of a type. */
export const scalarTexts: Readonly<Record<Scalar, string>> = { integer: 'an integer in decimal digits', number: 'a number', boolean: 'true or false', null: 'empty', string: 'a text' }

function integerOf (text: string): number | bigint | undefined {
  if (text.length < 16) return Number(text)
  if (text.length > mostDigits) return undefined
  const value = Number(text)
  return Number.isSafeInteger(value) ? value : BigInt(text)
}

function numberOf (text: string): number | bigint | undefined {
  return text.length < 16 || /[.eE]/.test(text) ? Number(text) : integerOf(text)
}
