import type { Measured, Spread } from '../measure.ts'
import { significant, whole } from './numbers.ts'

/** A figure of a scenario as reports show it: its heading, where it is, and how it is written; a column that nobody has a figure for is left out. */
export interface Column {
  readonly heading: string
  readonly of: (one: Measured) => Spread | undefined
  readonly write: (value: number) => string
}

const kibibytes = (value: number): string => whole(value / 1024)
const mebibytes = (value: number): string => whole(value / 1024 ** 2)

export const requests: Column = { heading: 'req/s', of: (one) => one.requestsPerSecond, write: whole }
export const ratio: Column = { heading: 'ratio', of: (one) => one.ratio, write: significant }
export const p50: Column = { heading: 'p50 ms', of: (one) => one.latency.p50, write: significant }
export const p99: Column = { heading: 'p99 ms', of: (one) => one.latency.p99, write: significant }

/** What the process under test needed. */
export const needs: readonly Column[] = [
  { heading: 'CPU µs/call', of: (one) => one.cpuMicros, write: significant },
  { heading: 'RSS MiB', of: (one) => one.rssBytes, write: mebibytes },
  { heading: 'KiB/slow reader', of: (one) => one.bytesPerReader, write: kibibytes }
]

/** Those of the columns that have a figure. */
export function known (columns: readonly Column[], measured: readonly Measured[]): readonly Column[] {
  return columns.filter(({ of }) => measured.some((one) => of(one) !== undefined))
}

/** Scenarios by the heading under which they stand, in the order of their first. */
export function grouped (measured: readonly Measured[]): ReadonlyMap<string, readonly Measured[]> {
  return Map.groupBy(measured, ({ group }) => group)
}
