import type { Measured } from '../measure.ts'
import { cautions } from './cautions.ts'
import { grouped, known, needs, p50, p99, ratio, requests } from './columns.ts'
import { spreadText } from './numbers.ts'

/**
 * The figures as an aligned table, in groups, medians of the rounds with the lowest and the highest of them; below it what has to be known to read them.
 * A ratio is told with what it is a ratio to.
 */
export function table (measured: readonly Measured[]): string {
  const columns = known([p50, p99, ...needs], measured)
  const heading = ['scenario', 'req/s median (min-max)', ...columns.map((column) => column.heading), 'ratio (min-max)', 'to']
  const rowOf = (one: Measured): readonly string[] => {
    const figures = columns.map(({ of, write }) => {
      const spread = of(one)
      return spread === undefined ? '' : write(spread.median)
    })
    const compared = one.ratioTo === one.name ? ['', ''] : [spreadText(one.ratio, ratio.write), one.ratioTo]
    return [`  ${one.name}`, spreadText(one.requestsPerSecond, requests.write), ...figures, ...compared]
  }
  const rows = [heading, ...[...grouped(measured)].flatMap(([group, members]) => [[group], ...members.map(rowOf)])]
  return [...align(rows), ...cautions(measured).map((caution) => `note: ${caution}`)].join('\n')
}

/** Names to the left, figures to the right; a row with one cell is a heading. */
function align (rows: readonly (readonly string[])[]): readonly string[] {
  const last = (rows[0]?.length ?? 0) - 1
  const widths = Array.from({ length: last + 1 }, (_, index) => Math.max(...rows.map((row) => row.length === 1 ? 0 : row[index]?.length ?? 0)))
  const pad = (cell: string, index: number): string => index === 0 || index === last ? cell.padEnd(widths[index] ?? 0) : cell.padStart(widths[index] ?? 0)
  return rows.map((row) => row.length === 1 ? row[0] as string : row.map(pad).join('  ').trimEnd())
}
