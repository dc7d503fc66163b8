import { readFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'

/** Findings by rule of the reference. */
export type Counts = Readonly<Record<string, number>>

/** A rule on which two verdicts differ, with the findings of each. */
export interface RuleDifference { readonly rule: string, readonly expected: number, readonly found: number }

const expectations = 'expected-findings.json'

/** Reads what the reference finds (document -> ruleset -> rule -> count) from the folder of a contract or one above it, up to `top`; undefined where nothing is said of it. */
export async function expectedCounts (file: string, top: string): Promise<Counts | undefined> {
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    const text = await readFile(join(folder, expectations), 'utf8').catch(() => undefined)
    if (text !== undefined) return (JSON.parse(text) as Readonly<Record<string, Readonly<Record<string, Counts>>>>)[relative(folder, file)]?.['spectral']
    if (folder === top || folder === dirname(folder)) return undefined
  }
}

/** The rules on which the counts differ, by name; none where the verdicts are equal. */
export function differencesOf (expected: Counts, found: Counts): readonly RuleDifference[] {
  return [...new Set([...Object.keys(expected), ...Object.keys(found)])].toSorted()
    .map((rule) => ({ rule, expected: expected[rule] ?? 0, found: found[rule] ?? 0 }))
    .filter(({ expected, found }) => expected !== found)
}
