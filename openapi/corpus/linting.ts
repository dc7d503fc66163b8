import { lintContract } from '../lint/lint.ts'
import type { Counts } from './verdict.ts'

/** What the linter found in one contract, as the reference counts it, and how long it took (ms); or why it gave no verdict. */
export type Linting = { readonly ms: number, readonly counts: Counts } | { readonly error: string }

/** Lints a contract with the profile `pdnd`. Never throws. */
export async function measureLinting (file: string, deadlineMs: number): Promise<Linting> {
  const since = performance.now()
  try {
    const findings = await lintContract(file, { profile: 'pdnd', deadlineMs })
    const ms = performance.now() - since
    const counts: Record<string, number> = {}
    for (const { rule, reference = rule } of findings) counts[reference] = (counts[reference] ?? 0) + 1
    return { ms, counts }
  } catch (error) {
    return { error: (error as Error).message }
  }
}
