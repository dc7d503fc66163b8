import type { Spread } from '../measure.ts'

/** A whole number as people read it. */
export function whole (value: number): string {
  return Math.round(value).toLocaleString('en')
}

/** Three figures that count, and no fewer than the whole ones: times and ratios lie far apart. */
export function significant (value: number): string {
  if (Math.abs(value) >= 100) return whole(value)
  return value.toFixed(Math.abs(value) >= 10 ? 1 : Math.abs(value) >= 1 ? 2 : 3)
}

/** A median and in brackets how far the rounds lie apart, unless they do not. */
export function spreadText ({ median, min, max }: Spread, write: (value: number) => string): string {
  return min === max ? write(median) : `${write(median)} (${write(min)}-${write(max)})`
}
