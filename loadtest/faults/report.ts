import { execFileSync } from 'node:child_process'
import { availableParallelism, cpus } from 'node:os'
import type { Figure, Measured } from './figure.ts'

/** A figure with what was measured of it, or with why it could not be. */
export type Outcome = { readonly name: string } & (Measured | { readonly fault: string })

/** What it was measured on: a figure without that means nothing. */
export function machine (): string {
  const redis = /v=(\S+)/.exec(execFileSync('redis-server', ['--version'], { encoding: 'utf8' }))?.[1]
  return `Node ${process.versions.node}, Redis ${redis}, ${process.platform} ${process.arch}, ${availableParallelism()} cores (${cpus()[0]?.model ?? 'unknown'})`
}

/** True when what was promised was measured, and nothing came that should not. */
function isKept (outcome: Outcome): boolean {
  return 'kept' in outcome && outcome.kept && outcome.unexpected.length === 0
}

/** The exit code of a run with these outcomes. */
export function exitCodeOf (outcomes: readonly Outcome[]): 0 | 1 {
  return outcomes.every(isKept) ? 0 : 1
}

const columns = ['figure', 'promised', 'measured', 'verdict']

/** The outcomes as a table that is also one in Markdown, and below it whatever was unexpected. */
export function table (outcomes: readonly Outcome[]): string {
  const rows = [columns, columns.map(() => '-'), ...outcomes.map(rowOf)]
  const widths = columns.map((_column, index) => Math.max(...rows.map((row) => row[index]?.length ?? 0)))
  const lineOf = (row: readonly string[]): string => `| ${row.map((cell, index) => cell.padEnd(widths[index] ?? 0, cell === '-' ? '-' : ' ')).join(' | ')} |`
  return [...rows.map(lineOf), ...outcomes.flatMap(caution)].join('\n')
}

function rowOf (outcome: Outcome): readonly string[] {
  return 'fault' in outcome ? [outcome.name, '', '', 'not measured'] : [outcome.name, outcome.promised, outcome.measured, isKept(outcome) ? 'kept' : 'broken']
}

function caution (outcome: Outcome): readonly string[] {
  return 'fault' in outcome ? [`${outcome.name}: ${outcome.fault}`] : outcome.unexpected.map((what) => `${outcome.name}: unexpected: ${what}`)
}

/** The same for programs. */
export function toJson (outcomes: readonly Outcome[], quick: boolean): string {
  const figures = outcomes.map((outcome) => ({ ...outcome, verdict: 'fault' in outcome ? 'not measured' : isKept(outcome) ? 'kept' : 'broken' }))
  return `${JSON.stringify({ machine: machine(), quick, figures }, (_key, value: unknown) => typeof value === 'number' ? Math.round(value * 1000) / 1000 : value, 2)}\n`
}

/** What is measured, and how. */
export function described (figures: readonly Figure[]): string {
  return figures.map(({ name, promise, method }) => `${name}\n    ${promise}:\n    ${method}`).join('\n')
}
