import { availableParallelism } from 'node:os'
import type { Round } from './fire.ts'
import type { Measured } from './measure.ts'
import type { Load } from './run.ts'
import type { Scenario } from './scenarios.ts'
import type { Targets } from './targets.ts'

/** What was measured and under which circumstances: a figure without them means nothing. */
export function header ({ seconds, rounds, connections }: Load, { urls, log }: Pick<Targets, 'urls' | 'log'>): string {
  return [
    `Node ${process.versions.node}, ${availableParallelism()} cores, ${connections} connections;`
      + ` for each scenario a warm-up and ${rounds} x ${seconds} s, interleaved`,
    `gateway        ${urls.gateway}, one process; its log, emptied after each round: ${log}`,
    `bare upstream  ${urls.upstream}, one process, a static answer`,
    'generator      autocannon, one process; every answer is checked'
  ].join('\n')
}

/** One line for a round that is over. */
export function progress ({ name }: Scenario, round: number, { requestsPerSecond }: Round): string {
  return `${round === 0 ? 'warm-up' : `round ${round}`}  ${name}  ${whole(requestsPerSecond)} req/s`
}

const columns = ['scenario', 'req/s median (min-max)', 'p50 ms', 'p99 ms', 'ratio to bare upstream']

/** The figures as an aligned table, medians of the rounds, and what has to be known to read them. */
export function table (measured: readonly Measured[]): string {
  const rows = [columns, ...measured.map((one) => [
    one.name,
    `${whole(one.requestsPerSecond.median)} (${whole(one.requestsPerSecond.min)}-${whole(one.requestsPerSecond.max)})`,
    one.p50Ms.median.toFixed(2),
    one.p99Ms.median.toFixed(2),
    one.ratio.median.toFixed(3)
  ])]
  return [...align(rows), ...measured.flatMap(caution)].join('\n')
}

/** Names to the left, figures to the right. */
function align (rows: readonly (readonly string[])[]): string[] {
  const widths = columns.map((_column, index) => Math.max(...rows.map((row) => row[index]?.length ?? 0)))
  const pad = (cell: string, index: number): string => {
    return index === 0 ? cell.padEnd(widths[index] ?? 0) : cell.padStart(widths[index] ?? 0)
  }
  return rows.map((row) => row.map(pad).join('  '))
}

/** A generator that is busy nearly all the time measures itself. */
const saturated = 0.9

function caution ({ name, generatorBusy }: Measured): string[] {
  if (generatorBusy.median < saturated) return []
  const share = whole(generatorBusy.median * 100)
  return [`note: at "${name}" the generator was busy for ${share} % of a core and may be what was measured`]
}

/** The same figures for programs. */
export function toJson (scenarios: readonly Measured[], load: Load): string {
  const content = { node: process.versions.node, cores: availableParallelism(), ...load, scenarios }
  return JSON.stringify(content, (_key, value: unknown) => typeof value === 'number' ? thousandths(value) : value, 2)
}

/** A whole number as people read it. */
export function whole (value: number): string {
  return Math.round(value).toLocaleString('en')
}

function thousandths (value: number): number {
  return Math.round(value * 1000) / 1000
}
