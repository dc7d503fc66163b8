import { outcomesOf, verdictOf } from '../promises.ts'
import type { SpeedPromise } from '../promises.ts'
import type { Measured } from '../measure.ts'
import { markdown } from './markdown.ts'
import { significant } from './numbers.ts'

/** What is promised of the speed, what this run says of it, and for the rest which command does. */
export function promisesTable (measured: readonly Measured[]): string {
  const rows = outcomesOf(measured).map((outcome) => {
    const { promise: { id, what, sense, unit, first, goal, from }, measured: value } = outcome
    const bound = (at: number | undefined): string => at === undefined ? '' : `${sense} ${at}${unit}`
    return [id, what, bound(first), bound(goal), value === undefined ? '' : significant(value) + unit, verdictOf(outcome) ?? whereMeasured(from, measured)]
  })
  return markdown([['', 'promise', 'first step', 'goal', 'measured', 'verdict'], ...rows], [4])
}

function whereMeasured (from: SpeedPromise['from'], measured: readonly Measured[]): string {
  if ('command' in from) return `measured by ${from.command}`
  return `not in this run: ${from.scenarios.filter((name) => !measured.some((one) => one.name === name)).join(', ')}`
}
