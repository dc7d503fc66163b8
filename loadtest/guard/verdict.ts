import type { Timed } from '../bench/timing.ts'
import type { Budget, Floor, StageBudget } from './budget.ts'

/** Two scenarios of a load test that are compared. */
export interface Comparison { readonly scenario: string, readonly to: string }

/** A figure of this run, and between what it lay. */
export interface Figure { readonly value: number, readonly min: number, readonly max: number }

/** Whether a ratio is kept. */
export interface RatioVerdict { readonly floor: Floor, readonly figure: Figure, readonly kept: boolean }

/** Whether a stage takes no more than it may, in calibrations; `growth` is by how many times it takes more than when its budget was set. A stage of the budget that is gone has no figure. */
export interface StageVerdict { readonly name: string, readonly units: number | undefined, readonly budget: number | undefined, readonly ceiling: number, readonly growth: number, readonly kept: boolean }

/** What was measured: a fault is the sentence of a stage that does not do what it should. */
export interface Measurement { readonly ratios: readonly RatioVerdict[], readonly stages: readonly StageVerdict[], readonly fault: string | undefined }

/** How much better than it has to be a second measurement must be, as a share, to be believed where the first one failed. */
const clearly = 0.05

/** Judges ratios by their floors; `again` when it is the second time. */
function judgeRatios (floors: readonly Floor[], figures: readonly Figure[], again = false): readonly RatioVerdict[] {
  return floors.map((floor, index) => {
    const figure = figures[index] as Figure
    return { floor, figure, kept: figure.value >= floor.floor * (again ? 1 + clearly : 1) }
  })
}

/** Judges stages by the budget, those that grew most first; `again` when it is the second time. */
export function judgeStages ({ slack, least, unlisted, measured }: StageBudget, timed: readonly Pick<Timed, 'name' | 'units'>[], again = false): readonly StageVerdict[] {
  const ceilingOf = (budget: number | undefined): number => budget === undefined ? unlisted : Math.max(budget * (1 + slack), budget + least)
  const found = timed.map(({ name, units }): StageVerdict => {
    const budget = measured[name]
    const ceiling = ceilingOf(budget)
    return { name, units, budget, ceiling, growth: units / (budget ?? unlisted), kept: units <= ceiling * (again ? 1 - clearly : 1) }
  })
  const gone = Object.entries(measured).filter(([name]) => !timed.some((stage) => stage.name === name))
  return [
    ...found.toSorted((one, other) => other.growth - one.growth),
    ...gone.map(([name, budget]): StageVerdict => ({ name, units: undefined, budget, ceiling: ceilingOf(budget), growth: 0, kept: false }))
  ]
}

/** True when nothing fell. */
export function isKept ({ ratios, stages, fault }: Measurement): boolean {
  return fault === undefined && [...ratios, ...stages].every(({ kept }) => kept)
}

/** What measures: calls that are compared, and stages. A stage that does not do what it should is the sentence that says so. */
export interface Measures {
  /** `longer`: in rounds that are twice as long. */
  readonly calls: (comparisons: readonly Comparison[], longer: boolean) => Promise<readonly Figure[]>
  readonly stages: () => Promise<readonly Timed[] | string>
}

/**
 * Measures everything and judges it. What fails is measured once more, and passes only if it is clearly good then: on a machine that others use, too, a round can
 * be spoilt, but what has really become slower is so both times. A stage that does not do what it should is not measured again.
 */
export async function measureTwice ({ ratios: floors, stages: budget }: Budget, { calls, stages }: Measures, tell: (line: string) => void): Promise<Measurement> {
  const timed = await stages()
  const first = judgeRatios(floors, await calls(floors, false))
  const fallen = first.filter(({ kept }) => !kept)
  const again = fallen.length === 0 ? [] : await repeat(fallen, calls, tell)
  const ratios = first.map((verdict) => again[fallen.indexOf(verdict)] ?? verdict)
  if (typeof timed === 'string') return { ratios, stages: [], fault: timed }
  const once = judgeStages(budget, timed)
  const slower = once.filter(({ kept, units }) => !kept && units !== undefined)
  if (slower.length === 0) return { ratios, stages: once, fault: undefined }
  tell(`${slower.length} stages are slower than they may be: once more`)
  const twice = await stages()
  if (typeof twice === 'string') return { ratios, stages: once, fault: twice }
  const better = judgeStages(budget, twice, true)
  return { ratios, stages: once.map((verdict) => slower.includes(verdict) ? better.find(({ name }) => name === verdict.name) ?? verdict : verdict), fault: undefined }
}

async function repeat (fallen: readonly RatioVerdict[], calls: Measures['calls'], tell: (line: string) => void): Promise<readonly RatioVerdict[]> {
  tell(`${fallen.length} ratios are under their floors: once more`)
  const floors = fallen.map(({ floor }) => floor)
  return judgeRatios(floors, await calls(floors, true), true)
}
