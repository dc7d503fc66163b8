import type { Circumstances } from '../circumstances.ts'
import type { Measured } from '../measure.ts'

/** A run as programs read it, and as it is kept: its circumstances and what its scenarios came to. */
export interface Run extends Circumstances { readonly scenarios: readonly Measured[] }

/** A run as JSON, its numbers to a thousandth. */
export function toJson (measured: readonly Measured[], circumstances: Circumstances): string {
  const run: Run = { ...circumstances, scenarios: measured }
  return JSON.stringify(run, (_key, value: unknown) => typeof value === 'number' ? Math.round(value * 1000) / 1000 : value, 2)
}
