import { levels } from './run.ts'
import type { LevelRound, OverloadRound } from './run.ts'

/** What has to be served at three times of what can be, in relation to that. */
const floor = 0.9
const judged = 'at 3 x'

/** A process that is busy for so much of the time is the bottleneck. */
const saturated = 0.9

const columns: readonly (readonly [title: string, of: (round: LevelRound) => number | undefined, digits: number])[] = [
  ['offered/s', ({ offered }) => offered, 0],
  ['served/s', ({ goodput }) => goodput, 0],
  ['of the peak', ({ goodputToPeak }) => goodputToPeak, 2],
  ['shed/s', ({ shed }) => shed, 0],
  ['refused/s', ({ refused }) => refused, 0],
  ['no connection/s', ({ heldBack }) => heldBack, 0],
  ['p50 ms', ({ p50Ms }) => p50Ms, 1],
  ['p99 ms', ({ p99Ms }) => p99Ms, 1],
  ['503 p50 ms', ({ shedP50Ms }) => shedP50Ms, 1],
  ['/status p99 ms', ({ statusP99Ms }) => statusP99Ms, 1],
  ['operations p99 ms', ({ operationsP99Ms }) => operationsP99Ms, 1],
  ['gateway busy', ({ gatewayBusy }) => gatewayBusy, 2],
  ['CPU µs/served', ({ cpuMicros }) => cpuMicros, 0],
  ['generator busy', ({ generatorBusy }) => generatorBusy, 2],
  ['RSS MiB', ({ rssBytes }) => rssBytes === undefined ? undefined : rssBytes / 1024 / 1024, 0]
]

/** Each level in a row, medians of the rounds, and how to read it. */
export function overloadTable (rounds: readonly OverloadRound[]): string {
  const rows = [['level', ...columns.map(([title]) => title)], ...levels.map(({ name }, index) => [name, ...columns.map(([, of, digits]) => {
    const value = middle(roundsOf(rounds, index).map(of))
    return value === undefined ? '-' : value.toFixed(digits)
  })])]
  const widths = rows[0]?.map((_cell, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? []
  return [
    `peak: ${Math.round(middle(rounds.map(({ peak }) => peak)) ?? 0)} calls served a second in a closed loop, where the next call waits for the answer to the last${cpuText(middle(rounds.map(({ peakCpuMicros }) => peakCpuMicros)))}`,
    ...rows.map((row) => row.map((cell, column) => column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)).join('  ')),
    'offered: calls that were due, in an open loop; latencies are from then, of calls with the right answer. no connection: calls that found none free, as all waited for answers or for',
    'their gateway to read on: a connection on which a call was shed is not read from for a moment. refused: forged vouchers, 401 or 429.',
    ...cautions(rounds)
  ].join('\n')
}

/** What is said of the run as a whole, and whether it keeps what is promised. */
export function verdictOf (rounds: readonly OverloadRound[]): { readonly sentence: string, readonly isKept: boolean } {
  const ratios = roundsOf(rounds, levels.findIndex(({ name }) => name === judged)).map(({ goodputToPeak }) => goodputToPeak)
  const ratio = middle(ratios) ?? 0
  const isKept = ratio >= floor
  return { isKept, sentence: `${isKept ? 'kept' : 'NOT KEPT'}: at 3 x what can be served, ${ratio.toFixed(2)} of it is (${Math.min(...ratios).toFixed(2)}-${Math.max(...ratios).toFixed(2)}); promised is ${floor}` }
}

function cpuText (micros: number | undefined): string {
  return micros === undefined ? '' : `; ${Math.round(micros)} µs of CPU time for each`
}

function roundsOf (rounds: readonly OverloadRound[], level: number): readonly LevelRound[] {
  return rounds.map((round) => round.levels[level] as LevelRound)
}

function cautions (rounds: readonly OverloadRound[]): readonly string[] {
  return levels.flatMap(({ name }, index) => {
    const own = roundsOf(rounds, index)
    const [gateway, generator] = [middle(own.map(({ gatewayBusy }) => gatewayBusy)), middle(own.map(({ generatorBusy }) => generatorBusy))]
    return generator !== undefined && generator > saturated && (gateway ?? 0) < saturated ? [`note: ${name} the generator was the bottleneck`] : []
  })
}

/** The median; undefined where a value is missing. */
function middle (values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined).toSorted((one, other) => one - other)
  if (known.length < values.length || known.length === 0) return undefined
  const at = (known.length - 1) / 2
  return ((known[Math.floor(at)] as number) + (known[Math.ceil(at)] as number)) / 2
}
