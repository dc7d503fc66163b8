import type { Measured } from '../measure.ts'
import { whole } from './numbers.ts'

/** A generator that is busy nearly all the time measures itself. */
const saturated = 0.9
/** Ratios that lie further apart than this share of their median say that the machine was not quiet. */
const restless = 0.3

/** What has to be known to read the figures, a sentence each. */
export function cautions (measured: readonly Measured[]): readonly string[] {
  return measured.flatMap(({ name, ratioTo, ratio, generatorBusy }) => {
    const found: string[] = []
    if (generatorBusy.median >= saturated) found.push(`at "${name}" the generator was busy for ${whole(generatorBusy.median * 100)} % of a core and may be what was measured`)
    const apart = (ratio.max - ratio.min) / ratio.median
    if (apart > restless) found.push(`the ratios of "${name}" to "${ratioTo}" lie ${whole(apart * 100)} % apart from round to round: the machine was not quiet, or the rounds were too short`)
    return found
  })
}
