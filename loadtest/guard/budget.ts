import { readFileSync } from 'node:fs'
import { prepareFindings, readCheckedYaml } from '../../gateway/adapters/checked-yaml.ts'
import type { Finding } from '../../gateway/adapters/checked-yaml.ts'
import type { Comparison } from './verdict.ts'

/** The least that a ratio may be. `measured` is what the floor was set from, under these circumstances; `why` says what it stands for. */
export interface Floor extends Comparison { readonly floor: number, readonly measured: number, readonly circumstances: string, readonly why: string }

/** What stages may take, in calibrations: what was `measured` by their names, and so much more; one that is not listed `unlisted`. Growth by less than `least` is noise. */
export interface StageBudget { readonly slack: number, readonly least: number, readonly unlisted: number, readonly circumstances: string, readonly why: string, readonly measured: Readonly<Record<string, number>> }

/** What calls and their stages may cost. */
export interface Budget { readonly slack: number, readonly ratios: readonly Floor[], readonly stages: StageBudget }

const findWrong = prepareFindings(JSON.parse(readFileSync(new URL('budget.schema.json', import.meta.url), 'utf8')))

/** Reads a budget. Throws CheckedFileError with every problem of the file, each with its line. */
export async function readBudget (path: string): Promise<Budget> {
  return readCheckedYaml<Budget>(path, (content) => {
    const wrong = findWrong(content)
    return wrong.length > 0 ? wrong : findContradictions(content as Budget)
  })
}

function findContradictions ({ slack, ratios }: Budget): readonly Finding[] {
  const findings: Finding[] = []
  for (const [index, { scenario, to, floor, measured }] of ratios.entries()) {
    const path = ['ratios', index]
    // Thousandths, as they are written.
    const most = Math.round(measured * (1 - slack) * 1000) / 1000
    if (floor > most) findings.push({ path: [...path, 'floor'], message: `${floor} leaves less than the slack of ${slack * 100} % below ${measured}, which was measured: ${most} at most` })
    if (scenario === to) findings.push({ path: [...path, 'to'], message: `"${to}" is compared with itself` })
    if (ratios.findIndex((other) => other.scenario === scenario && other.to === to) < index) findings.push({ path, message: `"${scenario}" is compared with "${to}" already` })
  }
  return findings
}
