import type { Measured } from '../measure.ts'
import { whole } from './numbers.ts'

/** A generator that is busy nearly all the time measures itself. */
const saturated = 0.9
/** Ratios that lie further apart than this share of their median say that the machine was not quiet. */
const restless = 0.3

/** What has to be known to read the figures, a sentence each. */
export function cautions (measured: readonly Measured[]): readonly string[] {
  const busy = measured.filter(({ generatorBusy }) => generatorBusy.median >= saturated)
  const apart = measured.filter((one) => apartOf(one) > restless).toSorted((a, b) => apartOf(b) - apartOf(a))
  const [worst] = apart
  return [
    ...busy.map(({ name, generatorBusy }) => `at "${name}" the generator was busy for ${whole(generatorBusy.median * 100)} % of a core and may be what was measured`),
    ...worst ? [`the ratios of ${apart.length} of ${measured.length} scenarios lie more than ${restless * 100} % apart from round to round, those of "${worst.name}" ${whole(apartOf(worst) * 100)} %: the machine was not quiet, or the rounds were too short`] : []
  ]
}

function apartOf ({ ratio: { median, min, max } }: Measured): number {
  return (max - min) / median
}
