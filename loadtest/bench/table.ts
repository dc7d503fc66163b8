import type { Timed } from './timing.ts'

const columns = ['stage', 'ns', 'of the whole', 'per second', 'calibrations']

/** The stages as an aligned table. The whole is what an admitted call without a body goes through in this process, but for the HTTP of both sides. */
export function benchTable (timed: readonly Timed[]): string {
  const whole = timed.filter(({ ofCall }) => ofCall).reduce((sum, { ns }) => sum + ns, 0)
  const rows = [columns, ...timed.map((stage) => row(stage, whole)), ['the whole', figure(whole), '100.0 %', figure(1e9 / whole), '']]
  const widths = columns.map((_column, index) => Math.max(...rows.map((cells) => cells[index]?.length ?? 0)))
  return rows.map((cells) => cells.map((cell, index) => index === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[index] ?? 0)).join('  ').trimEnd()).join('\n')
}

function row ({ name, ns, units, ofCall }: Timed, whole: number): string[] {
  return [name, figure(ns), ofCall ? `${(100 * ns / whole).toFixed(1)} %` : '-', figure(1e9 / ns), units.toFixed(4)]
}

function figure (value: number): string {
  return Math.round(value).toLocaleString('en')
}
