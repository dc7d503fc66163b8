import { relative } from 'node:path'
import type { Differential } from './differential.ts'
import type { Inventory } from './inventory.ts'
import { isOurFault } from './study.ts'
import type { Study } from './study.ts'

/** What is said of one contract as soon as it was studied: nothing where all is as it should be. */
export function linesOf (study: Study, folder: string): readonly string[] {
  const name = relative(folder, study.file)
  const { loading, fault, linting, differences = [], compared } = study
  const refusal = loading.outcome === 'refused' ? `${loading.stage}: ${loading.reason}` : undefined
  const lintFault = linting === undefined || 'counts' in linting ? undefined : linting.error
  return [
    ...(refusal === undefined ? [] : [`${fault ? 'refused' : 'REFUSED'}  ${name}: ${fault ? `${fault.kind} (${refusal.split('\n', 1)[0] ?? ''})` : refusal}`]),
    ...(lintFault === undefined ? [] : [`${fault ? 'no lint' : 'NO LINT'}  ${name}: ${lintFault}`]),
    ...(differences.length === 0 ? [] : [`VERDICT  ${name}: ${differences.map(({ rule, expected, found }) => `${rule} ${found} instead of ${expected}`).join(', ')}`]),
    ...(compared === undefined ? [] : 'error' in compared ? [`NOT COMPARED  ${name}: ${compared.error}`] : compared.unexplained.map(({ kind, count, example }) => `DIFFER  ${name}: ${count} x ${kind}, as ${example}`))
  ]
}

/** The figures over all contracts. */
export interface Summary {
  readonly contracts: number
  readonly loaded: number
  readonly refusedForFaultOfDocument: number
  readonly refusedByVarco: number
  readonly operations: number
  readonly compiled: Inventory['compiled']
  readonly patterns: { readonly all: number, readonly linear: readonly string[], readonly refused: readonly string[] }
  readonly unknownFormats: readonly string[]
  readonly notes: number
  readonly loadMs: Quantiles
  readonly registerMs: Quantiles
  readonly verdicts: { readonly equal: number, readonly different: number, readonly unknown: number }
  readonly lintMs: Quantiles
  /** Requests on which our validator and openapi-backend's agree, and on which they do not: by known mistakes of the latter, and otherwise. */
  readonly differential: { readonly accepted: number, readonly refused: number, readonly known: Readonly<Record<string, number>>, readonly unexplained: number, readonly notCompared: number }
}

interface Quantiles { readonly p50: number, readonly p95: number, readonly max: number }

/** Sums up what was found out about contracts. */
export function summaryOf (studies: readonly Study[]): Summary {
  const loaded = studies.flatMap(({ loading }) => loading.outcome === 'loaded' ? [loading] : [])
  const inventories = loaded.map(({ inventory }) => inventory)
  const sum = (count: (inventory: Inventory) => number): number => inventories.reduce((total, inventory) => total + count(inventory), 0)
  const excused = studies.filter(({ fault }) => fault !== undefined).length
  const linted = studies.flatMap(({ linting }) => linting && 'counts' in linting ? [linting.ms] : [])
  const judged = studies.flatMap(({ differences }) => differences ? [differences.length] : [])
  return {
    contracts: studies.length,
    loaded: loaded.length,
    refusedForFaultOfDocument: excused,
    refusedByVarco: studies.length - loaded.length - excused,
    operations: sum(({ operations }) => operations),
    compiled: { request: sum(({ compiled }) => compiled.request), response: sum(({ compiled }) => compiled.response) },
    patterns: { all: sum(({ patterns }) => patterns), linear: inventories.flatMap(({ linearPatterns }) => linearPatterns), refused: inventories.flatMap(({ refusedPatterns }) => refusedPatterns) },
    notes: sum(({ notes }) => notes),
    unknownFormats: [...new Set(inventories.flatMap(({ unknownFormats }) => unknownFormats))].toSorted(),
    loadMs: quantiles(loaded.map(({ ms }) => ms)),
    registerMs: quantiles(loaded.map(({ registerMs }) => registerMs)),
    verdicts: { equal: judged.filter((count) => count === 0).length, different: judged.filter((count) => count > 0).length, unknown: studies.length - judged.length },
    lintMs: quantiles(linted),
    differential: sumOf(studies.flatMap(({ compared }) => compared && 'accepted' in compared ? [compared] : []))
  }
}

function sumOf (all: readonly Differential[]): Summary['differential'] {
  const sum = (count: (one: Differential) => number): number => all.reduce((total, one) => total + count(one), 0)
  const names = [...new Set(all.flatMap(({ known }) => Object.keys(known)))]
  return {
    accepted: sum(({ accepted }) => accepted),
    refused: sum(({ refused }) => refused),
    known: Object.fromEntries(names.map((name) => [name, sum(({ known }) => known[name] ?? 0)])),
    unexplained: sum(({ unexplained }) => unexplained.reduce((total, { count }) => total + count, 0)),
    notCompared: sum(({ notCompared }) => notCompared)
  }
}

/** A summary for people, of what was asked for. */
export function summaryText (summary: Summary, asked: { readonly lint: boolean, readonly differential: boolean }): string {
  const { contracts, loaded, refusedForFaultOfDocument, refusedByVarco, operations, compiled, patterns, unknownFormats, notes, loadMs, registerMs, verdicts, lintMs, differential } = summary
  const lines = [
    `contracts   ${contracts}: ${loaded} loaded, ${refusedForFaultOfDocument} refused for a fault of their own, ${refusedByVarco} refused by Varco`,
    `operations  ${operations}`,
    `schemas     ${compiled.request} compiled for requests, ${compiled.response} for answers`,
    `patterns    ${patterns.all}: ${patterns.linear.length} on the linear-time engine, since they could explode, ${patterns.refused.length} refused${patterns.refused.map((pattern) => `\n            ${pattern}`).join('')}`,
    `formats     ${unknownFormats.length} unknown, recorded: ${unknownFormats.join(', ') || 'none'}`,
    `notes       ${notes} on what is read in another way than it is written`,
    `load        ${milliseconds(loadMs)}; openapi-backend beside it ${milliseconds(registerMs)}`,
    ...(asked.lint ? [`verdicts    profile pdnd: ${verdicts.equal} equal to the reference, ${verdicts.different} different, ${verdicts.unknown} unknown`, `lint        ${milliseconds(lintMs)}`] : []),
    ...(asked.differential ? [
      `requests    ${differential.accepted} accepted by both validators, ${differential.refused} refused by both, ${differential.unexplained} judged differently for no known reason; ${differential.notCompared} operations not compared`,
      ...Object.entries(differential.known).map(([says, count]) => `            ${count} judged differently since for openapi-backend ${says}`)
    ] : [])
  ]
  return `${lines.join('\n')}\n`
}

/** Whether any contract counts against Varco. */
export function hasFaultOfOurs (studies: readonly Study[]): boolean {
  return studies.some(isOurFault)
}

function quantiles (values: readonly number[]): Quantiles {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (share: number): number => Math.round((sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0) * 10) / 10
  return { p50: at(0.5), p95: at(0.95), max: at(1) }
}

function milliseconds ({ p50, p95, max }: Quantiles): string {
  return `p50 ${p50} ms, p95 ${p95} ms, max ${max} ms`
}
