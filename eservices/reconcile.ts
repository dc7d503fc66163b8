import { rowKey } from './dataset.ts'
import type { Dataset, Row } from './dataset.ts'

/** Picks rows of one dataset by exact column values; a list means "any of". */
export interface Selector { readonly dataset: string, readonly [column: string]: string | readonly string[] }

interface Base { readonly id: string, readonly tolerance?: number, readonly by?: readonly string[] }

/** An arithmetic statement that the documents imply. `by` repeats it for every distinct combination of those columns in the stated rows. */
export type Check = Base & (
  | { readonly kind: 'sum', readonly total: Selector, readonly parts: Selector }
  | { readonly kind: 'share', readonly stated: Selector, readonly part: Selector, readonly whole: Selector }
  | { readonly kind: 'change', readonly stated: Selector, readonly before: Selector, readonly after: Selector, readonly absolute?: boolean }
  | { readonly kind: 'change', readonly stated: Selector, readonly difference: Selector, readonly after: Selector }
  | { readonly kind: 'equal', readonly figures: readonly [Selector, Selector, ...Selector[]] })

/** A figure that does not reconcile: which check, which figure, what the document states and what its other figures give. */
export interface Discrepancy {
  readonly check: string
  readonly dataset: string
  readonly key: string
  readonly stated: number
  readonly computed: number
  readonly note: string
}

interface Found { readonly dataset: Dataset, readonly rows: readonly (Row & { value: number })[] }
type Group = Readonly<Record<string, string>>

/** Runs every check and lists the figures that do not hold. Throws when a selector matches nothing: such a check would prove nothing. */
export function reconcile (datasets: ReadonlyMap<string, Dataset>, checks: readonly Check[]): readonly Discrepancy[] {
  return checks.flatMap((check) => {
    const stated = check.kind === 'sum' ? check.total : check.kind === 'equal' ? check.figures[0] : check.stated
    return groups(select(datasets, stated, {}, check), check.by ?? []).flatMap((group) => compare(datasets, check, stated, group))
  })
}

function compare (datasets: ReadonlyMap<string, Dataset>, check: Check, stated: Selector, group: Group): readonly Discrepancy[] {
  const targets = select(datasets, stated, group, check)
  const total = (selector: Selector): number => select(datasets, selector, group, check).rows.reduce((sum, row) => sum + row.value, 0)
  if (check.kind === 'equal') return equality(datasets, check, group)
  const expected = compute(check, total)
  return targets.rows.flatMap((row) => differ(row.value, expected, check) ? [discrepancy(check, targets.dataset, row, expected, sentences[check.kind])] : [])
}

/** What the other figures of a check give. Where a document prints only the difference, the figure before is the one after minus it. */
function compute (check: Exclude<Check, { kind: 'equal' }>, total: (selector: Selector) => number): number {
  if (check.kind === 'sum') return total(check.parts)
  if (check.kind === 'share') return total(check.part) / total(check.whole) * 100
  if ('difference' in check) return total(check.difference) / (total(check.after) - total(check.difference)) * 100
  const change = total(check.after) - total(check.before)
  return check.absolute ? change : change / total(check.before) * 100
}

function equality (datasets: ReadonlyMap<string, Dataset>, check: Check & { kind: 'equal' }, group: Group): readonly Discrepancy[] {
  const figures = check.figures.flatMap((selector) => {
    const { dataset, rows } = select(datasets, selector, group, check)
    return rows.map((row) => ({ dataset, row }))
  })
  return figures.flatMap(({ dataset, row }) => {
    const other = figures.find((figure) => differ(row.value, figure.row.value, check))
    return other ? [discrepancy(check, dataset, row, other.row.value, sentences.equal)] : []
  })
}

const sentences = {
  sum: 'la somma delle voci è',
  share: 'il rapporto tra le cifre riportate è',
  change: 'la variazione calcolata sulle cifre riportate è',
  equal: 'altrove per la stessa grandezza si legge'
} as const

function discrepancy (check: Check, dataset: Dataset, row: Row & { value: number }, expected: number, sentence: string): Discrepancy {
  const computed = Math.round(expected * 100) / 100
  const italian = (value: number): string => value.toLocaleString('it-IT', { maximumFractionDigits: 2, useGrouping: false })
  return {
    check: check.id,
    dataset: dataset.name,
    key: rowKey(row, dataset.key),
    stated: row.value,
    computed,
    note: `Il documento riporta ${italian(row.value)}; ${sentence} ${italian(computed)}.`
  }
}

// Sums of decimals carry binary noise far below any printed digit.
function differ (stated: number, computed: number, check: Check): boolean {
  return !(Math.abs(stated - computed) <= (check.tolerance ?? 0) + 1e-9)
}

function select (datasets: ReadonlyMap<string, Dataset>, selector: Selector, group: Group, check: Check): Found {
  const dataset = datasets.get(selector.dataset)
  if (!dataset) throw new Error(`check ${check.id}: there is no dataset "${selector.dataset}"`)
  const { dataset: _name, ...fixed } = selector
  // The group fills what the selector leaves open, and narrows a list that has the group's value.
  const narrows = ([column, value]: [string, string]): boolean => dataset.key.includes(column) && (fixed[column] === undefined || (Array.isArray(fixed[column]) && fixed[column].includes(value)))
  const wanted = { ...fixed, ...Object.fromEntries(Object.entries(group).filter(narrows)) }
  const rows = dataset.rows.filter((row) => Object.entries(wanted).every(([column, value]) => [value].flat().includes(row[column] as string)))
  if (rows.length === 0) throw new Error(`check ${check.id}: no row of "${dataset.name}" matches ${JSON.stringify(wanted)}`)
  return { dataset, rows: rows.filter((row): row is Row & { value: number } => typeof row['value'] === 'number') }
}

function groups (found: Found, by: readonly string[]): readonly Group[] {
  const distinct = new Map(found.rows.map((row) => {
    const group = Object.fromEntries(by.map((column) => [column, String(row[column])]))
    return [JSON.stringify(group), group]
  }))
  return [...distinct.values()]
}
