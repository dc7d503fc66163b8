import { inTime, TooLate } from '../adapters/deadline.ts'
import { problemsOf } from '../program.ts'

/** What a check found to be good: in words, with what deserves a look although it works; undefined where there is nothing to check. */
export type Finding = string | { readonly detail: string, readonly warnings: readonly string[] } | undefined

/**
 * One check of a row of them. `needs` are checks before it: it is run when they have passed (or had nothing to check), because it could not pass otherwise. `remedy` is what to do when it fails, in one
 * sentence, where what failed does not say it better. `run` throws when it fails; it is given up after its deadline.
 */
export interface Check<Patient> {
  readonly name: string
  readonly needs: readonly string[]
  readonly remedy: string
  readonly run: (patient: Patient) => Finding | Promise<Finding>
}

/** What a check failed on; `remedy` where it is known better than its row says. Neither holds a secret. */
export class Broken extends Error {
  override name = 'Broken'
  readonly remedy: string | undefined
  constructor (message: string, remedy?: string) {
    super(message)
    this.remedy = remedy
  }
}

/** What became of a check. `unreached` because of the first of its needs that is not good; `nothing` where there is nothing to check. */
export interface Result {
  readonly name: string
  readonly state: 'passed' | 'failed' | 'unreached' | 'nothing'
  readonly detail: string
  readonly warnings: readonly string[]
  readonly remedy: string | undefined
}

/** Runs checks, each as soon as its needs are known, and gives what became of them in their order. Never throws. `deadlineMs` is that of each. */
export async function examine<Patient> (checks: readonly Check<Patient>[], patient: Patient, deadlineMs: number): Promise<readonly Result[]> {
  const results = new Map<string, Promise<Result>>()
  for (const check of checks) results.set(check.name, examineOne(check, check.needs.map((need) => results.get(need) as Promise<Result>), patient, deadlineMs))
  return Promise.all(results.values())
}

async function examineOne<Patient> ({ name, remedy, run }: Check<Patient>, needs: readonly Promise<Result>[], patient: Patient, deadlineMs: number): Promise<Result> {
  const bad = (await Promise.all(needs)).find(({ state }) => state === 'failed' || state === 'unreached')
  if (bad) return { name, state: 'unreached', detail: `depends on ${bad.name}`, warnings: [], remedy: undefined }
  try {
    const found = await inTime(Promise.try(run, patient), deadlineMs)
    if (found === undefined) return { name, state: 'nothing', detail: 'nothing to check', warnings: [], remedy: undefined }
    const { detail, warnings } = typeof found === 'string' ? { detail: found, warnings: [] } : found
    return { name, state: 'passed', detail, warnings, remedy: undefined }
  } catch (error) {
    const detail = error instanceof TooLate ? `no answer within ${deadlineMs / 1000} s` : problemsOf(error).join('; ')
    return { name, state: 'failed', detail, warnings: [], remedy: error instanceof Broken ? error.remedy ?? remedy : remedy }
  }
}

/** The first that is broken, in the order of the checks: the others may be so because of it. */
export function firstBroken (results: readonly Result[]): Result | undefined {
  return results.find(({ state }) => state === 'failed')
}
