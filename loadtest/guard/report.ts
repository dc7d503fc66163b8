import type { Timed } from '../bench/timing.ts'
import type { Budget } from './budget.ts'
import { isKept } from './verdict.ts'
import type { Comparison, Figure, Measurement, RatioVerdict, StageVerdict } from './verdict.ts'

/** How many stages are told that grew, where a ratio fell and none of them is beyond its ceiling. */
const toldStages = 5

/** The verdicts as tables; where something fell, the stages that grew most, too. */
export function verdictTable ({ ratios, stages, fault }: Measurement): string {
  const fell = ratios.some(({ kept }) => !kept)
  const told = stages.filter(({ kept, growth }, index) => !kept || (fell && index < toldStages && growth > 1))
  return [
    ...align([['ratio', 'floor', 'measured (min-max)', 'verdict'], ...ratios.map(ratioRow)]),
    ...ratios.filter(({ kept }) => !kept).map(({ floor: { scenario, to, why } }) => `${nameOf({ scenario, to })}: ${why}`),
    ...told.length > 0 ? ['', ...align([['stage', 'ceiling', 'calibrations', 'growth', 'verdict'], ...told.map(stageRow)])] : [],
    ...fault === undefined ? [] : ['', fault],
    '',
    closing(ratios, stages, fault)
  ].join('\n')
}

function closing (ratios: readonly RatioVerdict[], stages: readonly StageVerdict[], fault: string | undefined): string {
  if (isKept({ ratios, stages, fault })) return `The budget is kept: ${ratios.length} ratios and ${stages.length} stages.`
  const fallen = [...ratios, ...stages].filter(({ kept }) => !kept).length + (fault === undefined ? 0 : 1)
  return `The budget is not kept: ${fallen} of ${ratios.length + stages.length} fell. It is changed only with a reason in the commit (loadtest/budget.json, --guard --propose).`
}

function ratioRow ({ floor, figure, kept }: RatioVerdict): string[] {
  return [nameOf(floor), floor.floor.toFixed(3), `${figure.value.toFixed(3)} (${figure.min.toFixed(3)}-${figure.max.toFixed(3)})`, kept ? 'kept' : 'FELL']
}

function stageRow ({ name, units, budget, ceiling, growth, kept }: StageVerdict): string[] {
  if (units === undefined) return [name, ceiling.toFixed(4), '-', '-', 'GONE']
  return [name, ceiling.toFixed(4), units.toFixed(4), budget === undefined ? 'not listed' : `x ${growth.toFixed(2)}`, kept ? 'kept' : 'GREW']
}

/** The name of a ratio in tables. */
export function nameOf ({ scenario, to }: Comparison): string {
  return `${scenario} / ${to}`
}

/** The budget that these figures would justify, to be put in its place by hand; of what was measured twice the first counts. */
export function proposal (budget: Budget, { figures, timed }: { readonly figures: readonly Figure[], readonly timed: readonly Timed[] }, circumstances: string): string {
  const round = (value: number, places: number): number => Number(value.toFixed(places))
  return JSON.stringify({
    $schema: './guard/budget.schema.json',
    slack: budget.slack,
    ratios: budget.ratios.map(({ scenario, to, why }, index) => {
      const measured = round((figures[index] as Figure).value, 3)
      // Never rounded up: it must leave the slack.
      return { scenario, to, floor: Math.floor(measured * (1 - budget.slack) * 1000) / 1000, measured, circumstances, why }
    }),
    stages: { ...budget.stages, circumstances, measured: Object.fromEntries(timed.map(({ name, units }) => [name, round(units, 4)])) }
  }, undefined, 2)
}

function align (rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_cell, index) => Math.max(...rows.map((row) => row[index]?.length ?? 0)))
  return rows.map((row) => row.map((cell, index) => index === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[index] ?? 0)).join('  '))
}
