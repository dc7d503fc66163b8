import type { Round } from '../measure.ts'
import { markdown } from '../report/markdown.ts'
import { significant, whole } from '../report/numbers.ts'
import { stages } from './areas.ts'
import type { Area } from './areas.ts'
import type { Summary } from './cpu-profile.ts'

/** What was profiled: the scenario, the round with the profiler and the one before it, without. */
export interface Profiled { readonly scenario: string, readonly round: Round, readonly plain: Round, readonly summary: Summary }

/** A part of the busy time (0 to 1), and the µs of CPU of each call that it stands for; undefined where the system does not tell CPU time. */
interface Part { readonly share: number, readonly microsPerCall: number | undefined }

/** The figures for programs: the areas and all functions, the dearest first. */
export interface Figures {
  readonly areas: readonly (Part & { readonly area: Area })[]
  readonly functions: readonly (Part & { readonly name: string, readonly place: string, readonly area: Area })[]
}

/** Which part of a call's CPU time goes where. */
export function figuresOf ({ round, summary: { busyMicros, functions } }: Pick<Profiled, 'round' | 'summary'>): Figures {
  const partOf = (micros: number): Part => ({ share: micros / busyMicros, microsPerCall: round.cpuMicros === undefined ? undefined : round.cpuMicros * micros / busyMicros })
  const areas = [...Map.groupBy(functions, ({ area }) => area)].map(([area, all]) => ({ area, ...partOf(all.reduce((sum, { micros }) => sum + micros, 0)) }))
  return { areas: areas.toSorted((one, other) => other.share - one.share), functions: functions.map(({ micros, ...rest }) => ({ ...rest, ...partOf(micros) })) }
}

const mostFunctions = 15

/** The areas for people, our own stages first, in their order; below them the dearest functions. */
export function report (profiled: Profiled): string {
  const { scenario, round, plain, summary: { busyMicros, coveredMicros } } = profiled
  const { areas, functions } = figuresOf(profiled)
  const own = stages.flatMap((stage) => areas.filter(({ area }) => area === stage))
  const ours: Part = { share: sum(own, ({ share }) => share), microsPerCall: round.cpuMicros === undefined ? undefined : sum(own, ({ microsPerCall }) => microsPerCall ?? 0) }
  const others = areas.filter((one) => !own.includes(one))
  const rows = [...own.map((one) => row(one.area, one)), ...own.length > 0 ? [row('Varco, all stages', ours)] : [], ...others.map((one) => row(one.area, one))]
  return [
    `${scenario}: ${whole(round.calls)} calls, ${microsText(round)} µs of CPU each (without the profiler ${microsText(plain)}); the main thread was busy ${percent(busyMicros / coveredMicros)} of the time, ${significant(busyMicros / round.calls)} µs for each`,
    '',
    markdown([['self time by area', 'of the busy time', 'µs per call'], ...rows], [1, 2]),
    '',
    markdown([['function', 'where', 'area', 'of the busy time', 'µs per call'], ...functions.slice(0, mostFunctions).map((one) => {
      const [, ...figures] = row('', one)
      return [one.name, one.place, one.area, ...figures]
    })], [3, 4])
  ].join('\n')
}

function row (name: string, { share, microsPerCall }: Part): readonly string[] {
  return [name, percent(share), microsPerCall === undefined ? '' : significant(microsPerCall)]
}

function percent (share: number): string {
  return `${(100 * share).toFixed(1)} %`
}

function microsText ({ cpuMicros }: Round): string {
  return cpuMicros === undefined ? 'unknown' : significant(cpuMicros)
}

function sum<Item> (items: readonly Item[], value: (item: Item) => number): number {
  return items.reduce((total, item) => total + value(item), 0)
}
